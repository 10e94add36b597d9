package readmodel

import (
	"context"
	"fmt"
)

// What it takes to hold the spans of a view in memory, up to date. Read the rows
// that are new, and then those that ended.

func spanRowsQuery(view string) string {
	return `SELECT id, post, seat, cell, since, until, filled, ord_from, ord_until FROM ` + view + ` WHERE id > ? ORDER BY id`
}

func endedQuery(view string) string {
	return `SELECT id, ord_until FROM ` + view + ` WHERE node <> 0 AND ord_until > ?`
}

// SpanRows calls yield with the spans of a view after an ID, ascending, whether
// they hold or not. OrdFrom grows with ID. A row never names a cell that is not
// there yet.
func (r *Reader) SpanRows(ctx context.Context, view string, after int64, yield func(SpanRow)) error {
	if _, ok := r.views[view]; !ok {
		return fmt.Errorf("view %q: %w", view, ErrUnknown)
	}
	return r.each(ctx, func(rows Rows) error {
		var s SpanRow
		if err := rows.Scan(&s.ID, &s.Post, &s.Seat, &s.Cell, &s.Since, &s.Until, &s.Filled, &s.OrdFrom, &s.OrdUntil); err != nil {
			return err
		}
		yield(s)
		return nil
	}, spanRowsQuery(view), after)
}

// Ended calls yield with the spans of a view that ended with a commit after an
// ordinal, and with that commit. Spans end in the order of commits.
func (r *Reader) Ended(ctx context.Context, view string, after uint64, yield func(id int64, ord uint64)) error {
	if _, ok := r.views[view]; !ok {
		return fmt.Errorf("view %q: %w", view, ErrUnknown)
	}
	return r.each(ctx, func(rows Rows) error {
		var id int64
		var ord uint64
		if err := rows.Scan(&id, &ord); err != nil {
			return err
		}
		yield(id, ord)
		return nil
	}, endedQuery(view), int64(after))
}
