// Package cube holds the figures of views in memory and breaks them down by any
// axes, for any business date, as known at any commit.
//
// A [Cube] belongs to one generation of the read model. It reads the rows of a view
// when the view is asked for first, and from then on only the rows that are new.
// What it returns is a snapshot: it stays as it is when the cube reads on.
//
//   - [Figures] are counts by cell, such as people in place.
//   - [Durations] are counts by a measure, such as the days that a vacancy lasted.
//   - [Spans] are what holds from a date to a date, such as vacant seats.
//
// Known is the ordinal of a commit everywhere. A prefix is the beginning of a
// division code.
package cube

import (
	"context"
	"sync"

	"github.com/muster-works/muster/projections/readmodel"
)

// CompactAfter is how many new rows of a view a cube gathers at least before it
// computes prefix sums and indexes again.
const CompactAfter = 1024

// A Cube holds the figures of one generation. It is safe for concurrent use.
type Cube struct {
	generation   string
	compactAfter int
	cells        dictionary
	scales       scaleCache
	mu           sync.Mutex
	views        map[string]*viewSums
	spans        map[string]*spanTable
}

// New makes an empty cube of a generation. compactAfter is CompactAfter but in
// tests.
func New(generation string, compactAfter int) *Cube {
	return &Cube{generation: generation, compactAfter: compactAfter, views: map[string]*viewSums{}, spans: map[string]*spanTable{}}
}

// Figures returns the figures of a view of counts, up to date with the model. It fails
// as the model does, and with readmodel.ErrUnusable if the rows contradict each other.
func (c *Cube) Figures(ctx context.Context, model *readmodel.Reader, view string) (*Figures, error) {
	return c.view(view, false).refresh(ctx, model, &c.cells)
}

// Durations returns the figures of a view of durations. It fails as Figures does.
func (c *Cube) Durations(ctx context.Context, model *readmodel.Reader, view string) (*Durations, error) {
	f, err := c.view(view, true).refresh(ctx, model, &c.cells)
	return (*Durations)(f), err
}

// Spans returns the spans of a view, up to date with the model. It fails as Figures
// does.
func (c *Cube) Spans(ctx context.Context, model *readmodel.Reader, view string) (*Spans, error) {
	return c.spanTable(view).refresh(ctx, model, &c.cells)
}

// view returns what is kept of a view. A view is asked for as the same kind always.
func (c *Cube) view(name string, measured bool) *viewSums {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.views[name]
	if v == nil {
		v = newViewSums(name, measured, c.compactAfter, &c.scales)
		c.views[name] = v
	}
	return v
}

func (c *Cube) spanTable(view string) *spanTable {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.spans[view]
	if t == nil {
		t = &spanTable{view: view, compactAfter: c.compactAfter}
		c.spans[view] = t
	}
	return t
}

// A Latest keeps the cube of the generation that was asked for last. The zero Latest
// is ready to use, and safe for concurrent use.
type Latest struct {
	mu           sync.Mutex
	cube         *Cube
	compactAfter int // 0 is CompactAfter
}

// Of returns the cube of a generation.
func (l *Latest) Of(generation string) *Cube {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cube == nil || l.cube.generation != generation {
		after := l.compactAfter
		if after == 0 {
			after = CompactAfter
		}
		l.cube = New(generation, after)
	}
	return l.cube
}

// CompactAfter sets after how many rows the cubes made from now on compute prefix sums
// and indexes again, so that tests reach all paths with few rows.
func (l *Latest) CompactAfter(rows int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.compactAfter = rows
}

// Rows returns how many rows of a view are in memory.
func (l *Latest) Rows(view string) int {
	l.mu.Lock()
	c := l.cube
	l.mu.Unlock()
	if c == nil {
		return 0
	}
	return c.view(view, false).rows()
}
