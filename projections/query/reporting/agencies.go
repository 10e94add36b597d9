// Package reporting answers how agencies keep their duties as publishers: how late and
// how complete they report, and what of theirs is refused.
package reporting

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/agency"
	"github.com/muster-works/muster/projections/query/cube"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/rulebook"
	"github.com/muster-works/muster/projections/table"
)

// A Source is what the questions of the package are answered from.
type Source struct {
	Policies *rulebook.History

	counts countCache
}

// Questions lists the questions of the package.
func (s *Source) Questions() []question.Question {
	return []question.Question{s.agencies()}
}

func (s *Source) agencies() question.Question {
	return question.Question{
		ID: "agencies", Path: "agencies", Summary: "How late, how complete and how refused publishers report",
		Answers: "A row for each agency.", Remark: "Of one month: the one asked for, or the one before as_of.",
		Takes:  []question.Parameter{question.AsOf, question.KnownAt, question.Division, question.Month},
		Answer: new(Agencies), Ask: s.askAgencies,
	}
}

// AgencyRow says how an agency kept its duties in the month.
type AgencyRow struct {
	Agency      string           `json:"agency"`
	InPlace     int              `json:"in_place"` // on posts that the agency answers for, and not suspended all month
	Reported    int              `json:"reported"` // of them, with attendance reported
	ReportedPct question.Percent `json:"reported_pct"`

	Sheets          int     `json:"sheets"` // of the month
	SheetsLate      int     `json:"sheets_late"`
	SheetsLateDays  float64 `json:"sheets_late_days"` // mean, of those late
	SheetsCorrected int     `json:"sheets_corrected"`
	Exits           int     `json:"exits"` // on days of the month
	ExitsLate       int     `json:"exits_late"`
	ExitsLateDays   float64 `json:"exits_late_days"` // mean, of those late
	ExitsCorrected  int     `json:"exits_corrected"`

	Accepted  int            `json:"accepted"` // submitted in the month
	Duplicate int            `json:"duplicate"`
	Rejected  int            `json:"rejected"`
	Refusals  map[string]int `json:"refusals"` // by code
}

// Agencies answers how late and how complete publishers reported in a month, and
// what of theirs was refused: by name. Lateness is that of first reports, by the
// pack in force in the county on the business date, and packs of townships are not
// looked at. Under a division: of agencies that reported something of it or answer
// for posts in it.
type Agencies struct {
	question.Origin
	Month civil.Month `json:"month"`
	Rows  []AgencyRow `json:"rows"`
}

func (s *Source) askAgencies(r *question.Request) (question.Answer, error) {
	month, err := month(r)
	if err != nil {
		return nil, err
	}
	if cube.BelowCounty(r.Division) {
		return nil, question.InvalidParameter("division", events.Say("want a county at most: events are counted by county", "最细到县级：事件按县统计"))
	}
	if err := r.UseView(agency.ViewName); err != nil {
		return nil, err
	}
	book, err := s.Policies.Book(r.Context(), r.Position, r.AllSetAside()...)
	if err != nil {
		return nil, err
	}
	reports, err := agency.CountReports(r.Context(), r.Model, r.Division, month, r.Known)
	if err != nil {
		return nil, err
	}
	counts, err := s.counts.refresh(r.Context(), r.Model, r.Head.Generation)
	if err != nil {
		return nil, err
	}
	t := tally{book: book, first: month.First(), end: min((month + 1).First(), r.AsOf+1), rows: map[string]*tallyRow{}}
	t.addReports(reports)
	t.addCounts(counts, r.Known, r.Division)
	return &Agencies{Month: month, Rows: t.list()}, nil
}

// month reads the parameter month. If it is left out, the month is the last one that is
// over on as_of.
func month(r *question.Request) (civil.Month, error) {
	s := r.Get("month")
	if s == "" {
		return (r.AsOf.Month().First() - 1).Month(), nil
	}
	m, err := civil.ParseMonth(s)
	if err != nil {
		return 0, question.InvalidParameter("month", events.Say(
			"want a month that exists, as YYYY-MM, in the years 1900 to 2199; left out, it is the one before as_of",
			"须为存在的月份，格式为YYYY-MM，在1900至2199年之间；不填则为as_of的上一个月"))
	}
	return m, nil
}

// Table returns the rows.
func (a *Agencies) Table() table.Table {
	t := table.Table{Columns: slices.Concat(table.Text("agency"),
		table.Numbers("in_place", "reported", "reported_pct", "sheets", "sheets_late", "sheets_late_days", "sheets_corrected",
			"exits", "exits_late", "exits_late_days", "exits_corrected", "accepted", "duplicate", "rejected"), table.Text("refusals"))}
	n, days := strconv.Itoa, func(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }
	for _, r := range a.Rows {
		var refusals []string
		for _, code := range slices.Sorted(maps.Keys(r.Refusals)) {
			refusals = append(refusals, fmt.Sprintf("%s:%d", code, r.Refusals[code]))
		}
		t.Rows = append(t.Rows, []string{r.Agency, n(r.InPlace), n(r.Reported), r.ReportedPct.String(), n(r.Sheets), n(r.SheetsLate), days(r.SheetsLateDays), n(r.SheetsCorrected),
			n(r.Exits), n(r.ExitsLate), days(r.ExitsLateDays), n(r.ExitsCorrected), n(r.Accepted), n(r.Duplicate), n(r.Rejected), strings.Join(refusals, " ")})
	}
	return t
}
