package readmodel

import (
	"context"
	"fmt"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// Cells calls yield with the cells after a number, ascending. Views number the
// places of their rows by them.
func (r *Reader) Cells(ctx context.Context, after int64, yield func(Cell)) error {
	return r.each(ctx, func(rows Rows) error {
		var c Cell
		err := scanCell(rows, &c)
		yield(c)
		return err
	}, selectCells+` WHERE id > ? ORDER BY id`, after)
}

// A Difference is one row of a view: N more in a cell from Date on, known
// since the commit Ord. ID grows with Ord.
type Difference struct {
	ID      int64
	Ord     uint64
	Cell    int64
	Date    civil.Date
	Measure int
	N       int
}

// Differences calls yield with the rows of a view after an ID, ascending. Read
// the cells after them: a row never names a cell that is not there yet.
func (r *Reader) Differences(ctx context.Context, view string, after int64, yield func(Difference)) error {
	if _, ok := r.views[view]; !ok {
		return fmt.Errorf("view %q: %w", view, ErrUnknown)
	}
	return r.each(ctx, func(rows Rows) error {
		var d Difference
		err := rows.Scan(&d.ID, &d.Ord, &d.Cell, &d.Date, &d.Measure, &d.N)
		yield(d)
		return err
	}, `SELECT id, ord, cell, date, measure, n FROM `+view+` WHERE id > ? ORDER BY id`, after)
}

// A Span is a row of a view of spans.
type Span struct {
	ID     int64
	Post   string
	Cell   Cell
	Seat   int
	Since  civil.Date
	Until  civil.Date // OpenEnd where it is open
	Filled bool
}

// Spans calls yield with the spans of a view that hold on a business date as
// known at an ordinal, in the divisions under a prefix, by Since and ID.
func (r *Reader) Spans(ctx context.Context, view string, asOf civil.Date, known uint64, prefix string, yield func(Span)) error {
	if _, ok := r.views[view]; !ok {
		return fmt.Errorf("view %q: %w", view, ErrUnknown)
	}
	prefix = division.Trim(prefix)
	nodes := ancestors(known)
	args := make([]any, 0, len(nodes)+6)
	for _, n := range nodes {
		args = append(args, n)
	}
	args = append(args, int64(asOf), int64(asOf), int64(known), int64(known), prefix, prefix+":")
	return r.each(ctx, func(rows Rows) error {
		var s Span
		c := &s.Cell
		err := rows.Scan(&s.ID, &s.Post, &s.Seat, &s.Since, &s.Until, &s.Filled,
			&c.ID, &c.Division, &c.Category, &c.Kind, &c.Area, &c.Group, &c.Sex, &c.Reason)
		yield(s)
		return err
	}, spansQuery(view, len(nodes)), args...)
}
