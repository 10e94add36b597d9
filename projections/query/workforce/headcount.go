package workforce

import (
	"slices"
	"strconv"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/projections/headcount"
	"github.com/muster-works/muster/projections/view"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/query/cube"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/table"
)

// placementAxes are the axes by which people in place are broken down.
var placementAxes = []view.Axis{view.Division, view.Category, view.Kind, view.Group, view.Area, view.Sex, view.Standing}

// by is the parameter that lists axes.
var by = question.Parameter{Name: "by", About: "a comma list of " + cube.Choices(placementAxes)}

// axes reads the parameter by.
func axes(r *question.Request) ([]cube.By, error) {
	list, err := cube.ParseBy(r.Get(by.Name), placementAxes)
	if err != nil {
		return nil, question.InvalidParameter(by.Name, events.Sentence{EN: err.Error(), ZH: "须为下列维度的列表，以逗号分隔，每个一次：" + cube.Choices(placementAxes)})
	}
	return list, nil
}

func (s *Source) headcount() question.Question {
	return question.Question{
		ID: "headcount", Path: "headcount", Summary: "People in place", Answers: "Counts by what was asked for.",
		Takes:  []question.Parameter{question.AsOf, question.KnownAt, question.Division, by, question.FigureLimit, question.Cursor},
		Answer: new(Headcount), Ask: s.askHeadcount,
	}
}

// HeadcountRow counts the people in place in one cell. What was not asked by is
// left out.
type HeadcountRow struct {
	Day civil.Date `json:"date,omitzero"` // in a series
	Labels
	Headcount int `json:"headcount"`
}

// Labels say what a row counts. A label is left out if it was not asked by.
type Labels struct {
	Division *string `json:"division,omitzero"`
	Category *string `json:"category,omitzero"`
	Kind     *string `json:"kind,omitzero"`
	Group    *string `json:"group,omitzero"`
	Area     *string `json:"area,omitzero"`
	Sex      *string `json:"sex,omitzero"`
	Standing *string `json:"standing,omitzero"`
}

// labels returns the labels as an answer shows them.
func labels(l cube.Labels) Labels {
	return Labels{l[view.Division], l[view.Category], l[view.Kind], l[view.Group], l[view.Area], l[view.Sex], l[view.Standing]}
}

// on returns the label on an axis.
func (l *Labels) on(axis view.Axis) *string {
	return cube.Labels{
		view.Division: l.Division, view.Category: l.Category, view.Kind: l.Kind, view.Group: l.Group, view.Area: l.Area, view.Sex: l.Sex,
		view.Standing: l.Standing,
	}[axis]
}

// Headcount answers how many people are in place on as_of. Rows are in the order
// of what they are broken down by, and come in pages.
type Headcount struct {
	question.Origin
	Rows  []HeadcountRow `json:"rows"`
	Total int            `json:"total"` // people, on all pages
	// Estimated counts the exits in the month or year of as_of whose day nobody knows:
	// so many people more or less may have been in place on as_of.
	Estimated int    `json:"estimated"`
	Next      string `json:"next,omitzero"` // cursor of the next page

	by []cube.By
}

// NextPage returns the cursor of the next page, empty on the last one.
func (h *Headcount) NextPage() string { return h.Next }

func (s *Source) askHeadcount(r *question.Request) (question.Answer, error) {
	by, err := axes(r)
	if err != nil {
		return nil, err
	}
	f, err := s.figures(r, headcount.ViewName)
	if err != nil {
		return nil, err
	}
	g := f.Group(r.Division, by)
	h := &Headcount{Rows: []HeadcountRow{}, by: by}
	rows := 0
	for group, n := range g.Sums(r.Known, r.AsOf) {
		if n == 0 && len(by) > 0 {
			continue
		}
		if r.Page.Shows(rows) {
			h.Rows = append(h.Rows, HeadcountRow{Labels: labels(g.Labels(group)), Headcount: n})
		}
		h.Total += n
		rows++
	}
	h.Next = r.Next(len(h.Rows), rows)
	h.Estimated, err = s.estimated(r)
	return h, err
}

// estimated counts the exits on a day of as_of's month or year that nobody knows.
func (s *Source) estimated(r *question.Request) (n int, err error) {
	f, err := s.figures(r, headcount.EstimatedViewName)
	if err != nil {
		return 0, err
	}
	for _, of := range f.Group(r.Division, nil).Sums(r.Known, r.AsOf) {
		n += of
	}
	return n, nil
}

// Table returns the rows with a column for each axis.
func (h *Headcount) Table() table.Table { return headcountTable(nil, h.by, h.Rows) }

// headcountTable returns rows with a column for each axis behind those before, which is
// the date or nothing.
func headcountTable(before []table.Column, by []cube.By, rows []HeadcountRow) (t table.Table) {
	t.Columns = before
	for _, b := range by {
		t.Columns = append(t.Columns, table.Column{Name: b.Axis.String()})
	}
	t.Columns = append(t.Columns, table.Numbers("headcount")...)
	for i := range rows {
		r := &rows[i]
		row := slices.Grow([]string(nil), len(t.Columns))
		if before != nil {
			row = append(row, r.Day.String())
		}
		for _, b := range by {
			row = append(row, *r.on(b.Axis))
		}
		t.Rows = append(t.Rows, append(row, strconv.Itoa(r.Headcount)))
	}
	return t
}
