package query

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"sync"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/readmodel"
)

// A cube holds the difference rows of one view in memory, 24 bytes a row, in
// log order. Any sum is one pass over the rows up to the commit known: at
// 1.2 M persons that is some 2.6 M rows. Rows are only ever added, so a reader
// works on the slices as they were when it asked.
type cube struct {
	mu   sync.Mutex
	view string
	last int64
	rows columns
}

type columns struct {
	cells   []readmodel.Cell // by number − 1
	ord     []uint64
	date    []civil.Date
	cell    []int32
	n       []int32
	measure []int32
}

// columns returns the rows of a view, up to date.
func (a *API) columns(q *question, view string) (columns, error) {
	version, ok := q.meta.Views[view]
	if !ok {
		return columns{}, fmt.Errorf("view %s: %w", view, readmodel.ErrUnknown)
	}
	q.View, q.Version = view, version
	a.mu.Lock()
	if a.of != q.meta.Generation {
		a.of, a.cubes = q.meta.Generation, map[string]*cube{}
	}
	c := a.cubes[view]
	if c == nil {
		c = &cube{view: view}
		a.cubes[view] = c
	}
	a.mu.Unlock()
	return c.refresh(q.ctx, q.model)
}

func (c *cube) refresh(ctx context.Context, model *readmodel.Reader) (columns, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &c.rows
	err := model.Differences(ctx, c.view, c.last, func(d readmodel.Difference) {
		r.ord = append(r.ord, d.Ord)
		r.date = append(r.date, d.Date)
		r.cell = append(r.cell, int32(d.Cell))
		r.n = append(r.n, int32(d.N))
		r.measure = append(r.measure, int32(d.Measure))
		c.last = d.ID
	})
	if err != nil {
		return columns{}, err
	}
	err = model.Cells(ctx, int64(len(r.cells)), func(cell readmodel.Cell) { r.cells = append(r.cells, cell) })
	if err != nil {
		return columns{}, err
	}
	if n := len(r.cells); n > 0 && r.cells[n-1].ID != int64(n) {
		return columns{}, fmt.Errorf("%w: cells are not numbered from 1 on", readmodel.ErrUnusable)
	}
	return *r, nil
}

// group is how rows are put together: the group of each cell by number, −1 for
// cells that are left out.
type group struct {
	of     []int32
	labels [][]string // of each group, one a dimension
}

// group puts cells together that have the same labels. label returns nil for a
// cell to leave out.
func (c *columns) group(label func(*readmodel.Cell) []string) group {
	g := group{of: make([]int32, len(c.cells)+1)}
	known := map[string]int32{}
	for i := range c.cells {
		l := label(&c.cells[i])
		if l == nil {
			g.of[i+1] = -1
			continue
		}
		key := fmt.Sprintf("%q", l)
		n, ok := known[key]
		if !ok {
			n = int32(len(g.labels))
			known[key] = n
			g.labels = append(g.labels, l)
		}
		g.of[i+1] = n
	}
	return g
}

// sums adds up the rows of a measure by group: those known, of business dates
// up to asOf.
func (c *columns) sums(g group, measure int32, known uint64, asOf civil.Date) []int {
	sums := make([]int, len(g.labels))
	for i := range c.upTo(known) {
		if c.date[i] <= asOf && c.measure[i] == measure {
			if n := g.of[c.cell[i]]; n >= 0 {
				sums[n] += int(c.n[i])
			}
		}
	}
	return sums
}

// series adds up the rows of a measure by group for each day from first to
// last: series[group][day].
func (c *columns) series(g group, measure int32, known uint64, first, last civil.Date) [][]int {
	days := int(last-first) + 1
	series := make([][]int, len(g.labels))
	for i := range series {
		series[i] = make([]int, days)
	}
	for i := range c.upTo(known) {
		if c.date[i] <= last && c.measure[i] == measure {
			if n := g.of[c.cell[i]]; n >= 0 {
				series[n][max(0, int(c.date[i]-first))] += int(c.n[i])
			}
		}
	}
	for _, s := range series {
		for d := 1; d < days; d++ {
			s[d] += s[d-1]
		}
	}
	return series
}

// upTo returns how many rows were known at an ordinal.
func (c *columns) upTo(known uint64) int {
	return sort.Search(len(c.ord), func(i int) bool { return c.ord[i] > known })
}

// order returns the groups by their labels.
func (g group) order() []int {
	order := make([]int, len(g.labels))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return slices.Compare(g.labels[a], g.labels[b]) })
	return order
}
