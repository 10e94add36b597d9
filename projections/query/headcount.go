package query

import (
	"slices"
	"strconv"
	"strings"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/headcount"
	"github.com/muster-works/muster/projections/view"
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
var columns = func() (names [byReason]string) {
	for d := range names {
		names[d] = view.Axis(d).String()
	}
	return names
}()

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

func headcountRow(g *grouping, group, n int) HeadcountRow {
	r := HeadcountRow{Headcount: n}
	cells := r.cells()
	for i := range g.scales {
		*cells[g.scales[i].dimension] = g.label(group, i)
	}
	return r
}

// Headcount answers how many people are in place on as_of. Rows are in the order
// of what they are broken down by, and come in pages.
type Headcount struct {
	Origin
	Rows  []HeadcountRow `json:"rows"`
	Total int            `json:"total"`         // people, on all pages
	Next  string         `json:"next,omitzero"` // cursor of the next page

	by []axis
}

func (h *Headcount) next() string { return h.Next }

func (a *API) headcount(q *question) (answer, error) {
	by, err := q.axes()
	if err != nil {
		return nil, err
	}
	f, err := a.read(q, headcount.ViewName)
	if err != nil {
		return nil, err
	}
	g := a.cubeOf(q).group(&f, f.cells, &extent{q.division, by})
	h := &Headcount{Rows: []HeadcountRow{}, by: by}
	seen := 0
	for group, n := range g.sums(q.known, q.AsOf) {
		if n == 0 && len(by) > 0 {
			continue
		}
		if q.page.shows(seen) {
			h.Rows = append(h.Rows, headcountRow(g, group, n))
		}
		h.Total += n
		seen++
	}
	h.Next = q.paged(len(h.Rows), seen).Next
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
