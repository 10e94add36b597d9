package readmodel

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// A Keeper takes what a projector keeps in memory of a generation. Rows come
// in the order of their numbers.
type Keeper interface {
	Commit(CommitRow)
	Pending(key [16]byte, by timeline.Ref) // void whose target has not come
	Cell(Cell)
	Post(PostRow)
	Plan(PlanRow)
	Run(NameRow)
	Person(PersonRow)
	Folio(NameRow)
	Agency(NameRow)
	Leaf(of int64, last timeline.Ref, size int)
	AgencyLeaf(of int64, last timeline.Ref, size int)
	Span(view string, s SpanRow) // that holds
	Last(view string, id int64)  // the last row of a view
}

// Load gives the keeper everything that the generation holds.
func (w *Writer) Load(ctx context.Context, k Keeper) error {
	var err error
	load := func(query string, scan func(*sql.Rows) error) {
		if err == nil {
			err = each(ctx, w.db, scan, query)
		}
	}
	load(`SELECT ord, keys FROM commits ORDER BY ord`, func(rows *sql.Rows) error {
		var c CommitRow
		err := rows.Scan(&c.Ord, &c.Keys)
		k.Commit(c)
		return err
	})
	load(`SELECT key, by FROM void WHERE target IS NULL`, func(rows *sql.Rows) error {
		var key []byte
		var by timeline.Ref
		if err := rows.Scan(&key, &by); err != nil {
			return err
		}
		if len(key) != 16 {
			return fmt.Errorf("%w: key of %d bytes", ErrUnusable, len(key))
		}
		k.Pending([16]byte(key), by)
		return nil
	})
	load(selectCells+` ORDER BY id`, func(rows *sql.Rows) error {
		c, err := scanCell(rows)
		k.Cell(c)
		return err
	})
	load(`SELECT no, name, facts FROM post ORDER BY no`, func(rows *sql.Rows) error {
		var p PostRow
		err := rows.Scan(&p.No, &p.Name, &p.Facts)
		k.Post(p)
		return err
	})
	load(`SELECT no, division, year, area, facts FROM plan_line ORDER BY no`, func(rows *sql.Rows) error {
		var p PlanRow
		var d string
		err := rows.Scan(&p.No, &d, &p.Key.Year, &p.Key.Area, &p.Facts)
		p.Key.Division = division.Code(d)
		k.Plan(p)
		return err
	})
	load(`SELECT no, id FROM person ORDER BY no`, func(rows *sql.Rows) error {
		var p PersonRow
		var id sql.RawBytes
		if err := rows.Scan(&p.No, &id); err != nil {
			return err
		}
		if copy(p.ID[:], id) != len(p.ID) {
			return fmt.Errorf("%w: pseudonym of %d bytes", ErrUnusable, len(id))
		}
		k.Person(p)
		return nil
	})
	for table, take := range map[string]func(NameRow){"run": k.Run, "agency": k.Agency} {
		load(`SELECT no, name FROM `+table+` ORDER BY no`, scanName(take))
	}
	load(`SELECT no, county FROM folio ORDER BY no`, scanName(k.Folio))
	load(`SELECT folio, last, length(facts) FROM leaf ORDER BY folio, last`, scanLeaf(k.Leaf))
	load(`SELECT agency, last, length(events) FROM agency_leaf ORDER BY agency, last`, scanLeaf(k.AgencyLeaf))
	for _, v := range w.views {
		if v.Spans != nil {
			load(`SELECT id, post, seat, cell, since, until, filled, ord_from, ord_until FROM `+v.Name+` WHERE node = 0`, scanSpan(k, v))
		}
		load(`SELECT coalesce(max(id), 0) FROM `+v.Name, func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			k.Last(v.Name, id)
			return err
		})
	}
	return err
}

func scanName(take func(NameRow)) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var n NameRow
		err := rows.Scan(&n.No, &n.Name)
		take(n)
		return err
	}
}

func scanLeaf(take func(of int64, last timeline.Ref, size int)) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var of int64
		var last timeline.Ref
		var size int
		err := rows.Scan(&of, &last, &size)
		take(of, last, size)
		return err
	}
}

func scanSpan(k Keeper, v view.View) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var s SpanRow
		err := rows.Scan(&s.ID, &s.Post, &s.Seat, &s.Cell, &s.Since, &s.Until, &s.Filled, &s.OrdFrom, &s.OrdUntil)
		k.Span(v.Name, s)
		return err
	}
}

const selectCells = `SELECT id, division, category, kind, area, grp, sex, reason FROM cell`

func scanCell(rows *sql.Rows) (c Cell, err error) {
	var d string
	err = rows.Scan(&c.ID, &d, &c.Category, &c.Kind, &c.Area, &c.Group, &c.Sex, &c.Reason)
	c.Division = division.Code(d)
	return c, err
}

// Commit returns the commit with an ordinal and the key hashes of its events.
func (w *Writer) Commit(ctx context.Context, ord uint64) (Commit, []byte, error) {
	c, err := scanCommit(w.db.QueryRowContext(ctx, `SELECT ord, position, id, recorded FROM commits WHERE ord = ?`, int64(ord)))
	if err != nil {
		return c, nil, err
	}
	var keys []byte
	err = w.db.QueryRowContext(ctx, `SELECT keys FROM commits WHERE ord = ?`, int64(ord)).Scan(&keys)
	return c, keys, err
}

// Leaf returns a leaf of a folio.
func (w *Writer) Leaf(ctx context.Context, folio int64, last timeline.Ref) ([]byte, error) {
	return w.leaf(ctx, `SELECT facts FROM leaf WHERE folio = ? AND last = ?`, folio, last)
}

// AgencyLeaf returns a leaf of an agency.
func (w *Writer) AgencyLeaf(ctx context.Context, agency int64, last timeline.Ref) ([]byte, error) {
	return w.leaf(ctx, `SELECT events FROM agency_leaf WHERE agency = ? AND last = ?`, agency, last)
}

func (w *Writer) leaf(ctx context.Context, query string, of int64, last timeline.Ref) (b []byte, err error) {
	if err := w.db.QueryRowContext(ctx, query, of, int64(last)).Scan(&b); err != nil {
		return nil, fmt.Errorf("%w: leaf %d of %d: %w", ErrUnusable, last, of, err)
	}
	return b, nil
}
