package workforce

import (
	"cmp"
	"strconv"

	"github.com/muster-works/muster/projections/vacancy"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/query/cube"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/table"
)

func (s *Source) vacancies() question.Question {
	return question.Question{
		ID: "vacancies", Path: "vacancies", Summary: "Seats with nobody on them", Answers: "The vacant seats, the longest vacant first.",
		Takes:  []question.Parameter{question.AsOf, question.KnownAt, question.Division, question.Limit, question.Cursor},
		Answer: new(Vacancies), Ask: s.askVacancies,
	}
}

// VacancyRow is a seat with nobody on it.
type VacancyRow struct {
	Post     string        `json:"post"`
	Seat     int           `json:"seat"`
	Division division.Code `json:"division"`
	Category string        `json:"category"`
	Since    civil.Date    `json:"vacant_since"`
	Age      int           `json:"age_days"`
	Over     bool          `json:"over_limit"` // of the backfill days of the pack in force
	Reason   string        `json:"reason"`     // exit code, or never_filled
}

// neverFilled is the reason of a seat that nobody has had.
const neverFilled = "never_filled"

// TimeToFill says how many days vacancies lasted that were filled by as_of.
type TimeToFill struct {
	Mean   float64 `json:"mean"`
	Median float64 `json:"median"`
}

// Vacancies answers the seats vacant on as_of, the longest vacant first.
type Vacancies struct {
	question.Origin
	Rows []VacancyRow `json:"rows"`
	question.Paged
	TimeToFill TimeToFill `json:"time_to_fill_days"`
}

func (s *Source) askVacancies(r *question.Request) (question.Answer, error) {
	if err := r.UseView(vacancy.ViewName); err != nil {
		return nil, err
	}
	spans, err := s.cube(r).Spans(r.Context(), r.Model, vacancy.ViewName)
	if err != nil {
		return nil, err
	}
	if err := r.UseView(vacancy.FilledViewName); err != nil {
		return nil, err
	}
	filled, err := s.cube(r).Durations(r.Context(), r.Model, vacancy.FilledViewName)
	if err != nil {
		return nil, err
	}
	vacant := spans.Holding(r.Division, r.Known, r.AsOf)
	page := cube.Window(vacant, r.Page.Skip, r.Page.Limit)
	v := &Vacancies{Paged: r.Paged(len(page), len(vacant)), TimeToFill: timeToFill(filled, r)}
	v.Rows, err = s.vacancyRows(r, spans, page)
	return v, err
}

// vacancyRows returns the rows of a page.
func (s *Source) vacancyRows(r *question.Request, spans *cube.Spans, page []cube.SpanKey) ([]VacancyRow, error) {
	book, err := s.Policies.Book(r.Context(), r.Position, r.AllSetAside()...)
	if err != nil {
		return nil, err
	}
	rows := make([]VacancyRow, len(page))
	for i, key := range page {
		span := spans.At(key)
		name, err := r.Model.PostName(r.Context(), span.Post)
		if err != nil {
			return nil, err
		}
		row := VacancyRow{Post: name, Seat: span.Seat, Division: span.Division, Category: span.Category, Since: span.Since, Age: int(r.AsOf - span.Since)}
		row.Reason = cmp.Or(span.Reason, neverFilled)
		if pack := book.InForce(row.Division, r.AsOf); pack != nil {
			row.Over = row.Age > pack.Backfill.Days
		}
		rows[i] = row
	}
	return rows, nil
}

// timeToFill looks at all vacancies filled by as_of.
func timeToFill(filled *cube.Durations, r *question.Request) (t TimeToFill) {
	var byDays histogram
	filled.Each(r.Division, r.Known, r.AsOf, byDays.add)
	total, sum := byDays.total()
	if total == 0 {
		return t
	}
	t.Mean = question.Mean(sum, total)
	t.Median = float64(byDays.at((total-1)/2)+byDays.at(total/2)) / 2
	return t
}

// A histogram counts vacancies by the days that they lasted.
type histogram []int

func (h *histogram) add(days, n int) {
	if days >= len(*h) {
		*h = append(*h, make([]int, days+1-len(*h))...)
	}
	(*h)[days] += n
}

// total returns how many vacancies there are, and their days together.
func (h histogram) total() (n, days int) {
	for d, of := range h {
		n += of
		days += of * d
	}
	return n, days
}

// at returns the days of vacancy i, in the order of days.
func (h histogram) at(i int) int {
	for days, n := range h {
		if i -= n; i < 0 {
			return days
		}
	}
	return 0
}

// Table returns the rows.
func (v *Vacancies) Table() table.Table {
	t := table.Table{Columns: []table.Column{{Name: "post"}, {Name: "seat", Number: true}, {Name: "division"}, {Name: "category"},
		{Name: "vacant_since"}, {Name: "age_days", Number: true}, {Name: "over_limit"}, {Name: "reason"}}}
	for _, r := range v.Rows {
		t.Rows = append(t.Rows, []string{r.Post, strconv.Itoa(r.Seat), string(r.Division), r.Category, r.Since.String(), strconv.Itoa(r.Age), strconv.FormatBool(r.Over), r.Reason})
	}
	return t
}
