package readmodel

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// Cells calls yield with the cells that each commit after an ordinal named for the
// first time, in log order. Cells are numbered from 1 in that order, and rows of
// views name a cell by its number. The slice is good until yield returns; the texts
// may be kept.
func (r *Reader) Cells(ctx context.Context, after uint64, yield func(ord uint64, cells []view.Cell)) error {
	return readCells(ctx, r.generation, after, yield)
}

// Deltas calls yield with the deltas of a view that each commit after an ordinal
// brought, in log order. The slice is good until yield returns. If cells are read
// after the deltas, the cell of every delta is among them. Deltas fails with
// ErrUnknown if the generation has no such view.
func (r *Reader) Deltas(ctx context.Context, view string, after uint64, yield func(ord uint64, rows []packing.Delta)) error {
	if _, ok := r.views[view]; !ok {
		return fmt.Errorf("view %q: %w", view, ErrUnknown)
	}
	var room []packing.Delta
	return readPacked(ctx, r.generation, view, deltasColumn, after, func(ord uint64, packed []byte) (err error) {
		if room, err = packing.ReadDeltas(packed, ord, room[:0]); err == nil {
			yield(ord, room)
		}
		return err
	})
}

// Spans calls yield with what each commit after an ordinal changed in a view of
// spans, as Deltas does.
func (r *Reader) Spans(ctx context.Context, view string, after uint64, yield func(ord uint64, changes []packing.SpanChange)) error {
	if _, ok := r.views[view]; !ok {
		return fmt.Errorf("view %q: %w", view, ErrUnknown)
	}
	return readSpans(ctx, r.generation, view, after, yield)
}

// Cells does what Reader.Cells does, from the first commit on.
func (w *Writer) Cells(ctx context.Context, yield func(ord uint64, cells []view.Cell)) error {
	return readCells(ctx, w.generation, 0, yield)
}

// Spans does what Reader.Spans does, from the first commit on.
func (w *Writer) Spans(ctx context.Context, view string, yield func(ord uint64, changes []packing.SpanChange)) error {
	return readSpans(ctx, w.generation, view, 0, yield)
}

func readCells(ctx context.Context, g Generation, after uint64, yield func(uint64, []view.Cell)) error {
	var room []view.Cell
	return readPacked(ctx, g, CellTable, "cells", after, func(ord uint64, packed []byte) (err error) {
		if room, err = packing.ReadCells(packed, room[:0]); err == nil {
			yield(ord, room)
		}
		return err
	})
}

func readSpans(ctx context.Context, g Generation, view string, after uint64, yield func(uint64, []packing.SpanChange)) error {
	var room []packing.SpanChange
	return readPacked(ctx, g, view, spansColumn, after, func(ord uint64, packed []byte) (err error) {
		if room, err = packing.ReadSpans(packed, room[:0]); err == nil {
			yield(ord, room)
		}
		return err
	})
}

// readPacked calls yield with the packed bytes that each commit after an ordinal
// added to a table of leaves, in log order.
func readPacked(ctx context.Context, g Generation, table, body string, after uint64, yield func(ord uint64, packed []byte) error) error {
	return eachRow(ctx, g, func(rows Rows) error {
		var leaf sql.RawBytes
		if err := rows.Scan(&leaf); err != nil {
			return err
		}
		err := timeline.ReadRows(leaf, func(ord uint64, packed []byte) error {
			if ord <= after {
				return nil
			}
			return yield(ord, packed)
		})
		if err != nil {
			return fmt.Errorf("%w: table %s: %w", ErrUnusable, table, err)
		}
		return nil
	}, leavesAfterQuery(table, body, after))
}

// leavesAfterQuery returns the query for the leaves of a table that hold commits
// after an ordinal.
func leavesAfterQuery(table, body string, after uint64) string {
	return fmt.Sprintf(`SELECT %s FROM %s WHERE last >= %d ORDER BY last`, body, table, timeline.MakeRef(after+1, 0))
}
