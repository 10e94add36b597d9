package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

const (
	// maxDays bounds a series: ten years.
	maxDays = 3660
	// maxSeries is the most rows of a series.
	maxSeries = 300_000
)

// axes reads the parameter by.
func (q *question) axes() ([]axis, error) {
	s := q.params.Get("by")
	if s == "" {
		return nil, nil
	}
	var axes []axis
	for _, name := range strings.Split(s, ",") {
		var a axis
		if level, ok := strings.CutPrefix(name, "division:"); ok {
			l, err := division.ParseLevel(level)
			if err != nil {
				return nil, badBy
			}
			a.level = l
		} else if a.dimension = slices.Index(columns[:], name); a.dimension <= byDivision {
			return nil, badBy
		}
		if slices.ContainsFunc(axes, func(o axis) bool { return o.dimension == a.dimension }) {
			return nil, bad("by", columns[a.dimension]+" stands twice")
		}
		axes = append(axes, a)
	}
	return axes, nil
}

var badBy = bad("by", "want a comma list of division:prefecture, division:county, division:township, category, kind, group, area, sex")

// columns are the names of the dimensions in answers.
var columns = [byReason]string{
	byDivision: "division", byCategory: "category", byKind: "kind", byGroup: "group", byArea: "area", bySex: "sex",
}

// HeadcountRow counts the people in place in one cell. What was not asked by is
// left out.
type HeadcountRow struct {
	Day       civil.Date `json:"date,omitzero"` // in a series
	Division  *string    `json:"division,omitzero"`
	Category  *string    `json:"category,omitzero"`
	Kind      *string    `json:"kind,omitzero"`
	Group     *string    `json:"group,omitzero"`
	Area      *string    `json:"area,omitzero"`
	Sex       *string    `json:"sex,omitzero"`
	Headcount int        `json:"headcount"`
}

// cells returns the members of a row, by dimension.
func (r *HeadcountRow) cells() [byReason]**string {
	return [byReason]**string{
		byDivision: &r.Division, byCategory: &r.Category, byKind: &r.Kind, byGroup: &r.Group, byArea: &r.Area, bySex: &r.Sex,
	}
}

func headcountRow(by []axis, g *grouping, group, n int) HeadcountRow {
	r := HeadcountRow{Headcount: n}
	cells := r.cells()
	for i, a := range by {
		*cells[a.dimension] = g.label(group, i)
	}
	return r
}

// Headcount answers how many people are in place on as_of.
type Headcount struct {
	Origin
	Rows  []HeadcountRow `json:"rows"`
	Total int            `json:"total"`

	by []axis
}

func (a *API) headcount(q *question) (answer, error) {
	by, err := q.axes()
	if err != nil {
		return nil, err
	}
	views, cells, err := a.read(q, "headcount")
	if err != nil {
		return nil, err
	}
	g := cells.group(q.division, by)
	sums := views[0].sums(g, q.known, q.AsOf)
	n := 0
	for _, sum := range sums {
		if sum != 0 {
			n++
		}
	}
	h := &Headcount{Rows: make([]HeadcountRow, 0, n), by: by}
	for i, sum := range sums {
		if sum != 0 || len(by) == 0 {
			h.Rows = append(h.Rows, headcountRow(by, g, i, sum))
			h.Total += sum
		}
	}
	return h, nil
}

func (h *Headcount) table() ([]string, [][]string) { return headcountTable(h.by, h.Rows, false) }

func headcountTable(by []axis, list []HeadcountRow, series bool) (header []string, rows [][]string) {
	if series {
		header = append(header, "date")
	}
	for _, a := range by {
		header = append(header, columns[a.dimension])
	}
	header = append(header, "headcount")
	for i := range list {
		r := &list[i]
		row := make([]string, 0, len(header))
		if series {
			row = append(row, r.Day.String())
		}
		cells := r.cells()
		for _, a := range by {
			row = append(row, **cells[a.dimension])
		}
		rows = append(rows, append(row, strconv.Itoa(r.Headcount)))
	}
	return header, rows
}

// Series answers the headcount of each day, of whatever has people in place on
// one of the days.
type Series struct {
	Origin
	From civil.Date     `json:"from"`
	To   civil.Date     `json:"to"`
	Rows []HeadcountRow `json:"rows"` // by cell, then by date

	by []axis
}

func (a *API) series(q *question) (answer, error) {
	by, err := q.axes()
	if err != nil {
		return nil, err
	}
	from, to, err := q.days()
	if err != nil {
		return nil, err
	}
	views, cells, err := a.read(q, "headcount")
	if err != nil {
		return nil, err
	}
	g := cells.group(q.division, by)
	r, days := views[0], int(to-from)+1
	groups := r.groups(g, q.known, to)
	if len(by) == 0 {
		groups = []int{0}
	}
	if len(groups)*days > maxSeries {
		return nil, bad("by", fmt.Sprintf("makes up to %d rows on each of %d days, and %d are the most of an answer; ask for fewer days, dimensions or divisions", len(groups), days, maxSeries))
	}
	s := &Series{From: from, To: to, Rows: []HeadcountRow{}, by: by}
	series := r.series(g, groups, q.known, from, to)
	for _, group := range groups {
		counts := series[group]
		if len(by) > 0 && !slices.ContainsFunc(counts, func(n int) bool { return n != 0 }) {
			continue
		}
		for d, n := range counts {
			r := headcountRow(by, g, group, n)
			r.Day = from + civil.Date(d)
			s.Rows = append(s.Rows, r)
		}
	}
	return s, nil
}

// days reads the parameters from and to.
func (q *question) days() (from, to civil.Date, err error) {
	if from, err = q.date("from"); err != nil {
		return 0, 0, err
	}
	if to, err = q.date("to"); err != nil {
		return 0, 0, err
	}
	switch {
	case from == 0:
		return 0, 0, bad("from", "is required: the first day, as YYYY-MM-DD")
	case to == 0:
		return 0, 0, bad("to", "is required: the last day, as YYYY-MM-DD")
	case to < from || int(to-from) >= maxDays:
		return 0, 0, bad("to", fmt.Sprintf("must be from 0 to %d days after from", maxDays-1))
	}
	return from, to, nil
}

func (s *Series) table() ([]string, [][]string) { return headcountTable(s.by, s.Rows, true) }
