package money

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/payroll"
	"github.com/muster-works/muster/projections/query/cube"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/table"
	"github.com/muster-works/muster/projections/timeline"
)

func (s *Source) payroll() question.Question {
	return question.Question{
		ID: "payroll", Path: "payroll", Summary: "What a month was worth to each person, and what was paid", Answers: "A row for each person on each post.",
		Takes:  []question.Parameter{question.AsOf, question.KnownAt, question.Division, question.Month.Needed(), changedSince, question.Limit, question.Cursor},
		Answer: new(Payroll), Ask: s.askPayroll,
	}
}

var changedSince = question.Parameter{Name: "changed_since", About: "only the lines that say another thing of money than was known at this instant (RFC 3339) or at the end of this date; was says what stood there"}

// Payroll answers what a month was worth to everyone who was in place on a post
// of the division in that month or was paid for it, and what was paid by as_of;
// see payroll.Roll.
type Payroll struct {
	question.Origin
	Month  civil.Month    `json:"month"`
	Rows   []payroll.Row  `json:"rows"`
	Totals payroll.Totals `json:"totals"` // of all pages
	question.Paged
}

func (s *Source) askPayroll(r *question.Request) (question.Answer, error) {
	month, err := civil.ParseMonth(r.Get("month"))
	if err != nil {
		return nil, question.InvalidParameter("month", events.Say(
			"is required: a month that exists, as YYYY-MM, in the years 1900 to 2199",
			"为必填项：存在的月份，格式为YYYY-MM，在1900至2199年之间"))
	}
	r.MadeFrom("payroll", payroll.Version)
	of := payroll.Selection{Division: r.Division, Month: month, AsOf: r.AsOf, Known: r.Known}
	since, given, err := r.Instant(changedSince.Name)
	if err != nil {
		return nil, err
	}
	if given {
		return s.changes(r, of, since)
	}
	page, err := s.page(r, of)
	if err != nil {
		return nil, err
	}
	p := &Payroll{Month: month, Rows: payroll.Rows(page.Lines), Totals: page.Totals, Paged: r.Paged(len(page.Lines), page.Total)}
	return p, addPersonIDs(r, p.Rows)
}

// changes answers what has changed since an instant.
func (s *Source) changes(r *question.Request, of payroll.Selection, since time.Time) (question.Answer, error) {
	var before []payroll.Line
	if !since.Before(r.KnownAt) {
		since = r.KnownAt
	}
	then, err := r.Model.ResolveKnown(r.Context(), since)
	if err != nil {
		return nil, err
	}
	if then.Ord > 0 {
		earlier := of
		earlier.Known = then.Ord
		if before, err = s.whole(r, earlier, then.Position); err != nil {
			return nil, err
		}
	}
	now, err := s.whole(r, of, r.Position)
	if err != nil {
		return nil, err
	}
	rows := payroll.Changes(before, now)
	p := &Payroll{Month: of.Month, Rows: question.Cut(r.Page, rows), Totals: payroll.Sum(rows)}
	p.Paged = r.Paged(len(p.Rows), len(rows))
	return p, addPersonIDs(r, p.Rows)
}

// whole makes all lines of a roll, as known at a position of the log.
func (s *Source) whole(r *question.Request, of payroll.Selection, at log.Position) ([]payroll.Line, error) {
	rules, failed, err := s.rules(r, at, of.Month)
	if err != nil {
		return nil, err
	}
	if !cube.AboveCounty(of.Division) {
		roll, err := payroll.Make(r.Context(), r.Model, of, rules)
		if err := cmp.Or(err, failed()); err != nil {
			return nil, err
		}
		return roll.Lines, nil
	}
	register := s.registers.of(r.Generation, of.Month)
	if err := register.Read(r.Context(), r.Model, of.Known, r.Head.Ord); err != nil {
		return nil, err
	}
	return register.Page(of, rules, 0, math.MaxInt32).Lines, failed()
}

// addPersonIDs puts the pseudonyms of the persons into rows.
func addPersonIDs(r *question.Request, lines []payroll.Row) error {
	numbers := make([]timeline.Number, len(lines))
	for i := range lines {
		numbers[i] = lines[i].No
	}
	ids, err := r.Model.PersonIDs(r.Context(), numbers)
	for i, id := range ids {
		lines[i].Person = id
	}
	return err
}

// page makes the page that is asked for. A roll of more than a county comes from a
// register of everyone; any other comes from the timelines, and is kept for its next
// pages.
func (s *Source) page(r *question.Request, of payroll.Selection) (*payroll.Page, error) {
	key := rollKey{r.Generation, of}
	if roll := s.rolls.get(key); roll != nil {
		return pageOf(r, roll), nil
	}
	rules, failed, err := s.rules(r, r.Position, of.Month)
	if err != nil {
		return nil, err
	}
	if cube.AboveCounty(of.Division) {
		register := s.registers.of(r.Generation, of.Month)
		if err := register.Read(r.Context(), r.Model, r.Known, r.Head.Ord); err != nil {
			return nil, err
		}
		return register.Page(of, rules, r.Page.Skip, r.Page.Limit), failed()
	}
	roll, err := payroll.Make(r.Context(), r.Model, of, rules)
	if err := cmp.Or(err, failed()); err != nil {
		return nil, err
	}
	s.rolls.put(key, roll)
	return pageOf(r, roll), nil
}

// pageOf cuts the page of the request out of a roll.
func pageOf(r *question.Request, roll *payroll.Roll) *payroll.Page {
	return &payroll.Page{Lines: slices.Clone(question.Cut(r.Page, roll.Lines)), Total: len(roll.Lines), Totals: roll.Totals}
}

// Table returns the rows, with amounts in fen.
func (p *Payroll) Table() table.Table {
	t := table.Table{Columns: slices.Concat(table.Text("person", "post", "division"),
		table.Numbers("entitled", "instructed", "settled", "returned", "difference", "disputed", "disputed_days", "late_days"), table.Text("policyversion"),
		table.Numbers("rejected", "late_amount", "other", "was_entitled", "was_settled"))}
	for _, r := range p.Rows {
		row := append([]string{r.Person.String(), r.Post, string(r.Division)}, fen(r.Entitled, r.Instructed, r.Settled, r.Returned, r.Difference, r.Disputed)...)
		row = append(append(row, strconv.Itoa(r.DisputedDays), strconv.Itoa(r.Late), r.Policy), fen(r.Rejected, r.LateAmount, r.Other)...)
		if r.Was == nil {
			row = append(row, "", "")
		} else {
			row = append(row, fen(r.Was.Entitled, r.Was.Settled)...)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// fen returns amounts as cells.
func fen(amounts ...events.Fen) (cells []string) {
	for _, n := range amounts {
		cells = append(cells, strconv.FormatInt(int64(n), 10))
	}
	return cells
}
