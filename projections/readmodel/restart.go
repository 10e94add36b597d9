package readmodel

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/google/uuid"
	"github.com/muster-works/muster/projections/timeline"
)

// The methods below read what a projector keeps in memory, when it starts on a
// generation that has rows. Each sequence is in the order of the numbers, and yields
// at most one error, last.

// CountEvents returns how many events the generation has read.
func (w *Writer) CountEvents(ctx context.Context) (n int, err error) {
	err = queryValue(ctx, w.generation, &n, `SELECT CAST(coalesce(sum(length(keys)), 0) AS bigint) FROM commits`)
	return n / 16, err
}

// Commits yields the ordinal and the key hashes of every commit; the other fields
// are empty.
func (w *Writer) Commits(ctx context.Context) iter.Seq2[CommitRow, error] {
	return allRows(ctx, w.generation, `SELECT ord, keys FROM commits ORDER BY ord`, func(rows Rows, c *CommitRow) error {
		return rows.Scan(&c.Ord, &c.Keys)
	})
}

// PendingRetractions yields the retractions whose target has not come.
func (w *Writer) PendingRetractions(ctx context.Context) iter.Seq2[RetractionRow, error] {
	return allRows(ctx, w.generation, `SELECT key, by FROM void WHERE target IS NULL`, func(rows Rows, v *RetractionRow) error {
		var key sql.RawBytes
		return errors.Join(rows.Scan(&key, &v.By), copyExactly(v.Key[:], key))
	})
}

// Posts yields the timeline of every post.
func (w *Writer) Posts(ctx context.Context) iter.Seq2[PostRow, error] {
	return allRows(ctx, w.generation, `SELECT no, name, division, facts FROM post ORDER BY no`, func(rows Rows, p *PostRow) error {
		return rows.Scan(&p.No, &p.Name, &p.Division, &p.Facts)
	})
}

// PlanLines yields the timeline of every plan line.
func (w *Writer) PlanLines(ctx context.Context) iter.Seq2[PlanRow, error] {
	return allRows(ctx, w.generation, `SELECT no, division, year, area, facts FROM plan_line ORDER BY no`, func(rows Rows, p *PlanRow) error {
		return rows.Scan(&p.No, &p.Key.Division, &p.Key.Year, &p.Key.Area, &p.Facts)
	})
}

// Persons calls yield with the pseudonym of every person, by folio and in it by
// number.
func (w *Writer) Persons(ctx context.Context, yield func(folio int, id uuid.UUID)) error {
	var folio int
	var ids sql.RawBytes
	return eachRow(ctx, w.generation, func(rows Rows) error {
		if err := rows.Scan(&folio, &ids); err != nil {
			return err
		}
		return timeline.ReadPseudonyms(ids, func(_ timeline.Ref, id [16]byte) { yield(folio, id) })
	}, `SELECT folio, ids FROM person ORDER BY folio, last`)
}

// Runs yields the number and name of every pay run.
func (w *Writer) Runs(ctx context.Context) iter.Seq2[NameRow, error] {
	return allRows(ctx, w.generation, `SELECT no, name FROM run ORDER BY no`, scanName)
}

// Agencies yields the number and name of every agency.
func (w *Writer) Agencies(ctx context.Context) iter.Seq2[NameRow, error] {
	return allRows(ctx, w.generation, `SELECT no, name FROM agency ORDER BY no`, scanName)
}

// Folios yields the number and county of every folio.
func (w *Writer) Folios(ctx context.Context) iter.Seq2[NameRow, error] {
	return allRows(ctx, w.generation, `SELECT no, county FROM folio ORDER BY no`, scanName)
}

// A LeafSize is the size of a leaf in bytes, with its owner and its last event.
type LeafSize struct {
	Owner int64
	Last  timeline.Ref
	Size  int
}

// LeafSizes yields the size of every leaf of a table, by owner and last event.
func (w *Writer) LeafSizes(ctx context.Context, table string) iter.Seq2[LeafSize, error] {
	of, body := w.leafColumns(table)
	return allRows(ctx, w.generation, fmt.Sprintf(`SELECT %s, last, length(%s) FROM %s ORDER BY 1, 2`, cmp.Or(of, "0"), body, table), scanLeafSize)
}

// leafColumns returns the columns of a table of leaves, see Table.LeafColumns.
func (w *Writer) leafColumns(table string) (of, body string) {
	for _, t := range Tables(w.views) {
		if t.Name == table {
			of, body, _ = t.LeafColumns()
		}
	}
	return of, body
}

// Stopped returns why the projector before read no further, empty if it did.
func (w *Writer) Stopped(ctx context.Context) (why string, err error) {
	err = queryValue(ctx, w.generation, &why, stoppedQuery)
	return why, err
}

// Checkpoint returns the parts of the last checkpoint of a bulk load, in order.
func (w *Writer) Checkpoint(ctx context.Context) (parts [][]byte, err error) {
	err = eachRow(ctx, w.generation, func(rows Rows) error {
		var body []byte
		err := rows.Scan(&body)
		parts = append(parts, body)
		return err
	}, `SELECT body FROM checkpoint ORDER BY no`)
	return parts, err
}

func scanName(rows Rows, n *NameRow) error { return rows.Scan(&n.No, &n.Name) }

func scanLeafSize(rows Rows, l *LeafSize) error { return rows.Scan(&l.Owner, &l.Last, &l.Size) }

// copyExactly copies a key hash, which has as many bytes as to.
func copyExactly(to, from []byte) error {
	if len(from) != len(to) {
		return fmt.Errorf("%w: a key has %d bytes", ErrUnusable, len(from))
	}
	copy(to, from)
	return nil
}

// allRows yields the rows of a query.
func allRows[T any](ctx context.Context, g Generation, query string, scan func(Rows, *T) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		rows, err := g.Query(ctx, query)
		if err != nil {
			yield(none, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var row T
			if err := scan(rows, &row); err != nil {
				yield(none, fmt.Errorf("readmodel: %w", err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(none, err)
		}
	}
}

// Commit returns the commit with an ordinal; ErrUnknown if there is none.
func (w *Writer) Commit(ctx context.Context, ord uint64) (c CommitRow, err error) {
	c.Commit, err = queryCommit(ctx, w.generation, []any{&c.Keys, &c.Subjects}, `SELECT `+commitColumns+`, keys, subjects FROM commits WHERE ord = ?`, int64(ord))
	return c, err
}

// ReadLeaf returns the leaf of a table with an owner, 0 in a table without owners,
// and a last event; ErrUnusable if there is none.
func (w *Writer) ReadLeaf(ctx context.Context, table string, of int64, last timeline.Ref) (b []byte, err error) {
	owner, body := w.leafColumns(table)
	query, args := `SELECT `+body+` FROM `+table+` WHERE last = ?`, []any{int64(last)}
	if owner != "" {
		query, args = query+` AND `+owner+` = ?`, append(args, of)
	}
	if err := queryValue(ctx, w.generation, &b, query, args...); err != nil {
		if errors.Is(err, ErrUnknown) {
			err = fmt.Errorf("%w: no leaf %v of %d in %s", ErrUnusable, last, of, table)
		}
		return nil, err
	}
	return b, nil
}
