package query

import (
	"context"
	"sort"
	"sync"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/readmodel"
)

// A cube holds the difference rows of the views of one generation in memory.
// Rows are only ever added, so a reader works on them as they were when it
// asked.
type cube struct {
	generation string
	cells      cellBook
	vacancies  spanSheet
	mu         sync.Mutex
	views      map[string]*sheet
}

// A sheet holds the rows of one view.
type sheet struct {
	mu   sync.Mutex
	last int64
	rows rows
}

// rows are those of one view in log order, 20 bytes each. Any sum is one pass
// over them up to the commit known: at 1.2 M persons that is some 2.6 M rows.
type rows struct {
	ord     []uint32
	date    []civil.Date
	cell    []int32 // number − 1
	n       []int32
	measure []int32
}

// cubeOf returns the cube of the generation asked.
func (a *API) cubeOf(q *question) *cube {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cube == nil || a.cube.generation != q.meta.Generation {
		a.cube = &cube{generation: q.meta.Generation, views: map[string]*sheet{}}
	}
	return a.cube
}

// read returns the rows of views, up to date, and the cells that they lie in.
// It notes in the answer what it was made from.
func (a *API) read(q *question, views ...string) ([]rows, *cells, error) {
	c := a.cubeOf(q)
	all := make([]rows, len(views))
	for i, view := range views {
		if err := q.uses(view); err != nil {
			return nil, nil, err
		}
		var err error
		if all[i], err = c.sheet(view).refresh(q.ctx, q.model, view); err != nil {
			return nil, nil, err
		}
	}
	// Rows first: none of them names a cell that is not there yet.
	cells, err := c.cells.refresh(q.ctx, q.model)
	return all, &cells, err
}

func (c *cube) sheet(view string) *sheet {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.views[view]
	if s == nil {
		s = new(sheet)
		c.views[view] = s
	}
	return s
}

// refresh reads the rows that are new.
func (s *sheet) refresh(ctx context.Context, model *readmodel.Reader, view string) (rows, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.rows
	err := model.Differences(ctx, view, s.last, func(d readmodel.Difference) {
		if d.ID <= s.last {
			return // of a row that could not be read
		}
		s.last = d.ID
		r.ord = append(r.ord, uint32(d.Ord))
		r.date = append(r.date, d.Date)
		r.cell = append(r.cell, int32(d.Cell-1))
		r.n = append(r.n, int32(d.N))
		r.measure = append(r.measure, int32(d.Measure))
	})
	return *r, err
}

// upTo returns how many rows were known at an ordinal.
func (r *rows) upTo(known uint64) int {
	return sort.Search(len(r.ord), func(i int) bool { return uint64(r.ord[i]) > known })
}

// sums adds up the rows by group: those known, of business dates up to asOf.
func (r *rows) sums(g *grouping, known uint64, asOf civil.Date) []int {
	sums := make([]int, g.n+1) // the last takes what is left out
	n := r.upTo(known)
	dates, cells, counts := r.date[:n], r.cell[:n], r.n[:n]
	for i, date := range dates {
		if date <= asOf {
			sums[g.of[cells[i]]] += int(counts[i])
		}
	}
	return sums[:g.n]
}

// groups returns the groups that the rows known, of dates up to last, lie in.
func (r *rows) groups(g *grouping, known uint64, last civil.Date) (groups []int) {
	there := make([]bool, g.n+1)
	for i := range r.upTo(known) {
		if r.date[i] <= last {
			there[g.of[r.cell[i]]] = true
		}
	}
	for n, ok := range there[:g.n] {
		if ok {
			groups = append(groups, n)
		}
	}
	return groups
}

// series adds up the rows of some groups, which hold all rows of dates up to
// last, for each day from first to last: series[group][day].
func (r *rows) series(g *grouping, groups []int, known uint64, first, last civil.Date) [][]int {
	days := int(last-first) + 1
	series := make([][]int, g.n+1)
	for _, n := range groups {
		series[n] = make([]int, days)
	}
	for i := range r.upTo(known) {
		if r.date[i] <= last {
			if s := series[g.of[r.cell[i]]]; s != nil {
				s[max(0, int(r.date[i]-first))] += int(r.n[i])
			}
		}
	}
	for _, s := range series {
		for d := 1; d < len(s); d++ {
			s[d] += s[d-1]
		}
	}
	return series
}
