package query

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/readmodel"
)

// maxDays bounds a series: ten years.
const maxDays = 3660

// A dimension is one thing that figures can be broken down by.
type dimension struct {
	name  string // of its column
	value func(*readmodel.Cell) string
}

// dimensions reads the parameter by.
func (q *question) dimensions() ([]dimension, error) {
	const want = "want a comma list of division:prefecture, division:county, division:township, category, kind, group, area, sex"
	s := q.params.Get("by")
	if s == "" {
		return nil, nil
	}
	var list []dimension
	for _, name := range strings.Split(s, ",") {
		d := dimension{name: name}
		switch name {
		case "category":
			d.value = func(c *readmodel.Cell) string { return c.Category }
		case "kind":
			d.value = func(c *readmodel.Cell) string { return c.Kind }
		case "group":
			d.value = func(c *readmodel.Cell) string { return c.Group }
		case "area":
			d.value = func(c *readmodel.Cell) string { return c.Area }
		case "sex":
			d.value = func(c *readmodel.Cell) string { return c.Sex }
		default:
			level, ok := strings.CutPrefix(name, "division:")
			l, err := division.ParseLevel(level)
			if !ok || err != nil {
				return nil, bad("by", want)
			}
			d.name = "division"
			d.value = func(c *readmodel.Cell) string { return string(c.Division.At(l)) }
		}
		for _, other := range list {
			if other.name == d.name {
				return nil, bad("by", d.name+" stands twice")
			}
		}
		list = append(list, d)
	}
	return list, nil
}

// label labels cells under the asked division by the dimensions.
func (q *question) label(by []dimension) func(*readmodel.Cell) []string {
	return func(c *readmodel.Cell) []string {
		if !c.Division.Under(q.division) {
			return nil
		}
		l := make([]string, len(by))
		for i, d := range by {
			l[i] = d.value(c)
		}
		return l
	}
}

// HeadcountRow counts the people in place in one cell.
type HeadcountRow struct {
	Day       civil.Date `json:"date,omitzero"` // in a series
	Division  string     `json:"division,omitzero"`
	Category  string     `json:"category,omitzero"`
	Kind      string     `json:"kind,omitzero"`
	Group     string     `json:"group,omitzero"`
	Area      string     `json:"area,omitzero"`
	Sex       string     `json:"sex,omitzero"`
	Headcount int        `json:"headcount"`
}

func headcountRow(by []dimension, labels []string, n int) HeadcountRow {
	r := HeadcountRow{Headcount: n}
	for i, d := range by {
		switch d.name {
		case "division":
			r.Division = labels[i]
		case "category":
			r.Category = labels[i]
		case "kind":
			r.Kind = labels[i]
		case "group":
			r.Group = labels[i]
		case "area":
			r.Area = labels[i]
		case "sex":
			r.Sex = labels[i]
		}
	}
	return r
}

// Headcount answers how many people are in place on as_of.
type Headcount struct {
	Origin
	Rows  []HeadcountRow `json:"rows"`
	Total int            `json:"total"`

	by []dimension
}

func (a *API) headcount(q *question) (any, error) {
	by, err := q.dimensions()
	if err != nil {
		return nil, err
	}
	rows, err := a.columns(q, "headcount")
	if err != nil {
		return nil, err
	}
	g := rows.group(q.label(by))
	sums := rows.sums(g, 0, q.known, q.AsOf)
	h := &Headcount{Origin: q.Origin, Rows: []HeadcountRow{}, by: by}
	for _, i := range g.order() {
		if sums[i] != 0 || len(by) == 0 {
			h.Rows = append(h.Rows, headcountRow(by, g.labels[i], sums[i]))
			h.Total += sums[i]
		}
	}
	return h, nil
}

func (h *Headcount) table() ([]string, [][]string) { return headcountTable(h.by, h.Rows, false) }

func headcountTable(by []dimension, list []HeadcountRow, series bool) (header []string, rows [][]string) {
	if series {
		header = append(header, "date")
	}
	for _, d := range by {
		header = append(header, d.name)
	}
	header = append(header, "headcount")
	for _, r := range list {
		var row []string
		if series {
			row = append(row, r.Day.String())
		}
		cells := map[string]string{"division": r.Division, "category": r.Category, "kind": r.Kind, "group": r.Group, "area": r.Area, "sex": r.Sex}
		for _, d := range by {
			row = append(row, cells[d.name])
		}
		rows = append(rows, append(row, strconv.Itoa(r.Headcount)))
	}
	return header, rows
}

// Series answers the headcount of each day.
type Series struct {
	Origin
	From civil.Date     `json:"from"`
	To   civil.Date     `json:"to"`
	Rows []HeadcountRow `json:"rows"` // by cell, then by date

	by []dimension
}

func (a *API) series(q *question) (any, error) {
	by, err := q.dimensions()
	if err != nil {
		return nil, err
	}
	from, err := q.date("from")
	if err != nil {
		return nil, err
	}
	to, err := q.date("to")
	switch {
	case err != nil:
		return nil, err
	case from == 0:
		return nil, bad("from", "is required: the first day, as YYYY-MM-DD")
	case to == 0:
		return nil, bad("to", "is required: the last day, as YYYY-MM-DD")
	case to < from || int(to-from) >= maxDays:
		return nil, bad("to", fmt.Sprintf("must be from 0 to %d days after from", maxDays-1))
	}
	q.AsOf = to
	rows, err := a.columns(q, "headcount")
	if err != nil {
		return nil, err
	}
	g := rows.group(q.label(by))
	series := rows.series(g, 0, q.known, from, to)
	s := &Series{Origin: q.Origin, From: from, To: to, Rows: []HeadcountRow{}, by: by}
	for _, i := range g.order() {
		for d, n := range series[i] {
			r := headcountRow(by, g.labels[i], n)
			r.Day = from + civil.Date(d)
			s.Rows = append(s.Rows, r)
		}
	}
	return s, nil
}

func (s *Series) table() ([]string, [][]string) { return headcountTable(s.by, s.Rows, true) }
