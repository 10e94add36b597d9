package readmodel

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/muster-works/muster/projections/timeline"
)

// rows writes the rows of a batch.
func (w *Writer) rows(ctx context.Context, tx *sql.Tx, b *Batch) error {
	into := inserter{ctx: ctx, tx: tx}
	into.start("INSERT INTO commits", 6, "")
	for _, c := range b.Commits {
		into.add(int64(c.Ord), c.Position.String(), c.ID, c.Recorded.UnixNano(), c.Keys, c.Subjects)
	}
	into.start("INSERT INTO void", 3, " ON CONFLICT (key) DO UPDATE SET target = coalesce(target, excluded.target)")
	for _, v := range b.Voids {
		into.add(v.Key[:], v.By, nullable(v.Target))
	}
	into.start("INSERT INTO cell", 8, "")
	for _, c := range b.Cells {
		into.add(c.ID, string(c.Division), c.Category, c.Kind, c.Area, c.Group, c.Sex, c.Reason)
	}
	into.start("INSERT INTO post", 4, " ON CONFLICT (no) DO UPDATE SET division = excluded.division, facts = excluded.facts")
	for _, p := range b.Posts {
		into.add(p.No, p.Name, string(p.Division), p.Facts)
	}
	into.start("INSERT INTO plan_line", 5, " ON CONFLICT (no) DO UPDATE SET facts = excluded.facts")
	for _, p := range b.Plans {
		into.add(p.No, string(p.Key.Division), p.Key.Year, p.Key.Area, p.Facts)
	}
	for _, names := range []struct {
		table string
		rows  []NameRow
	}{{"run", b.Runs}, {"folio", b.Folios}, {"agency", b.Agencies}} {
		into.start("INSERT INTO "+names.table, 2, "")
		for _, r := range names.rows {
			into.add(r.No, r.Name)
		}
	}
	into.start("INSERT INTO person", 2, "")
	for _, p := range b.Persons {
		into.add(p.No, p.ID[:])
	}
	into.leaves("leaf", "folio", b.Leaves)
	into.leaves("agency_leaf", "agency", b.AgencyLeaves)
	for _, name := range slices.Sorted(maps.Keys(b.Differences)) {
		into.start("INSERT INTO "+name, 6, "")
		for _, d := range b.Differences[name] {
			into.add(d.ID, int64(d.Ord), d.Cell, int64(d.Date), d.Measure, d.N)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.Opened)) {
		into.start("INSERT INTO "+name, 10, "")
		for _, s := range b.Opened[name] {
			into.add(s.ID, s.Post, s.Seat, s.Cell, int64(s.Since), int64(s.Until), s.Filled, int64(s.OrdFrom), int64(s.OrdUntil), s.node())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.Closed)) {
		for _, s := range b.Closed[name] {
			into.exec("UPDATE "+name+" SET ord_until = ?, node = ? WHERE id = ?", int64(s.OrdUntil), s.node(), s.ID)
		}
	}
	return into.close()
}

func nullable(r timeline.Ref) any {
	if r == 0 {
		return nil
	}
	return int64(r)
}

// An inserter runs statements of many rows. Its first error sticks.
type inserter struct {
	ctx  context.Context
	tx   *sql.Tx
	err  error
	done map[string]*sql.Stmt

	head, tail string
	columns    int
	args       []any
}

// rowsAtOnce is how many rows one statement inserts.
const rowsAtOnce = 50

// start begins inserting into a table with a number of columns.
func (i *inserter) start(head string, columns int, tail string) {
	i.flush()
	i.head, i.columns, i.tail = head, columns, tail
}

func (i *inserter) add(args ...any) {
	if i.args = append(i.args, args...); len(i.args) == rowsAtOnce*i.columns {
		i.flush()
	}
}

func (i *inserter) flush() {
	rows := len(i.args) / max(i.columns, 1)
	if rows == 0 {
		return
	}
	one := ",(?" + strings.Repeat(",?", i.columns-1) + ")"
	i.exec(i.head+" VALUES "+strings.Repeat(one, rows)[1:]+i.tail, i.args...)
	i.args = i.args[:0]
}

func (i *inserter) leaves(table, of string, rows []LeafRow) {
	i.start("INSERT INTO "+table, 3, "")
	for _, l := range rows {
		for _, last := range l.Joined {
			i.exec("DELETE FROM "+table+" WHERE "+of+" = ? AND last = ?", l.Of, int64(last))
		}
		i.add(l.Of, int64(l.Last), l.Bytes)
	}
}

// exec runs a statement, prepared once.
func (i *inserter) exec(query string, args ...any) {
	if i.err != nil {
		return
	}
	stmt := i.done[query]
	if stmt == nil {
		if stmt, i.err = i.tx.PrepareContext(i.ctx, query); i.err != nil {
			return
		}
		if i.done == nil {
			i.done = map[string]*sql.Stmt{}
		}
		i.done[query] = stmt
	}
	_, i.err = stmt.ExecContext(i.ctx, args...)
}

func (i *inserter) close() error {
	i.flush()
	for _, stmt := range i.done {
		i.err = errors.Join(i.err, stmt.Close())
	}
	return i.err
}
