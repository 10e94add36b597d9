package readmodel

import (
	"fmt"
	"iter"
	"slices"

	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// Statements that drivers have in common, in SQL that all stores understand.
const (
	// LoadStateQuery asks for the state of a generation: building or ready.
	LoadStateQuery = `SELECT value FROM meta WHERE name = 'state'`
	// RaiseEpoch takes a generation over. It returns the new epoch and the ordinal
	// of the last commit written.
	RaiseEpoch = `UPDATE progress SET epoch = epoch + 1, beat = 1 RETURNING epoch, ord`
	// Advance moves the position to the first argument if the epoch is the second
	// and the position is the third. If it changes no row, the writer is fenced.
	Advance = `UPDATE progress SET ord = ? WHERE epoch = ? AND ord = ?`
	// ReleaseHold tells whoever stands by that the writer of an epoch let go.
	ReleaseHold = `UPDATE progress SET beat = 0 WHERE epoch = ?`

	clearCheckpoint = `DELETE FROM checkpoint`
)

// FirstRows yields the statements, with their arguments, that fill the tables of
// a new generation.
func FirstRows(views []view.View) iter.Seq2[string, []any] {
	return func(yield func(string, []any) bool) {
		for name, value := range metaRows(views) {
			if !yield(`INSERT INTO meta (name, value) VALUES (?, ?)`, []any{name, value}) {
				return
			}
		}
		yield(`INSERT INTO progress (one, epoch, ord, beat) VALUES (1, 0, 0, 0)`, nil)
	}
}

// metaRows returns the rows of the table meta of a generation while it is built.
func metaRows(views []view.View) map[string]string {
	m := map[string]string{"schema": fmt.Sprint(SchemaVersion), "timeline": fmt.Sprint(timeline.Version), "state": "building"}
	for _, v := range views {
		m["view:"+v.Name] = fmt.Sprint(v.Version)
	}
	return m
}

// LastRows are the statements that end a bulk load, once the tables have their
// indexes.
var LastRows = []string{clearCheckpoint, `UPDATE meta SET value = 'ready' WHERE name = 'state'`}

// An Insert is the new rows of a table. Row appends the values of one row to a
// slice, in the order of the columns: int64, string, []byte and nil.
type Insert struct {
	Table Table
	Len   int
	Row   func(to []any, i int) []any
}

// Inserts yields what a batch inserts, table by table. In a bulk load OnConflict
// is left out for tables in which no key comes twice during a load.
func (b *Batch) Inserts(views []view.View, bulk bool) iter.Seq[Insert] {
	return func(yield func(Insert) bool) {
		for _, t := range Tables(views) {
			if bulk && !t.KeyedInLoad {
				t.OnConflict = ""
			}
			i := t.rowsOf(b)
			if i.Table = t; i.Len > 0 && !yield(i) {
				return
			}
		}
	}
}

// rowsOf returns the rows that a batch has for a table.
func (t *Table) rowsOf(b *Batch) Insert {
	owner, _, leaves := t.LeafColumns()
	switch {
	case t.insert != nil:
		return t.insert(b)
	case !leaves:
		return Insert{}
	}
	return insertRows(b.Leaves[t.Name], func(to []any, l *LeafRow) []any {
		if owner != "" {
			to = append(to, l.Owner)
		}
		return append(to, int64(l.Last), l.Bytes)
	})
}

func insertCommits(b *Batch) Insert {
	return insertRows(b.Commits, func(to []any, c *CommitRow) []any {
		return append(to, int64(c.Ord), c.Position.String(), c.ID, c.Recorded.UnixNano(), c.State[:], c.Keys, c.Subjects)
	})
}

func insertSetAside(b *Batch) Insert {
	return insertRows(b.SetAside, func(to []any, s *SetAside) []any {
		return append(to, int64(s.Event), s.Position.String(), s.Why)
	})
}

func insertRetractions(b *Batch) Insert {
	return insertRows(b.Retractions, func(to []any, v *RetractionRow) []any {
		var target any
		if v.Target != 0 {
			target = int64(v.Target)
		}
		return append(to, v.Key[:], int64(v.By), target)
	})
}

func insertPosts(b *Batch) Insert {
	return insertRows(b.Posts, func(to []any, p *PostRow) []any {
		return append(to, int64(p.No), p.Name, string(p.Division), p.Facts)
	})
}

func insertPlans(b *Batch) Insert {
	return insertRows(b.Plans, func(to []any, p *PlanRow) []any {
		return append(to, p.No, string(p.Key.Division), int64(p.Key.Year), p.Key.Area, p.Facts)
	})
}

func insertNames(all []NameRow) Insert {
	return insertRows(all, func(to []any, r *NameRow) []any { return append(to, r.No, r.Name) })
}

func insertCheckpoint(b *Batch) Insert {
	return Insert{Len: len(b.Checkpoint), Row: func(to []any, i int) []any { return append(to, int64(i), b.Checkpoint[i]) }}
}

func insertRows[T any](all []T, row func([]any, *T) []any) Insert {
	return Insert{Len: len(all), Row: func(to []any, i int) []any { return row(to, &all[i]) }}
}

// Statements yields what a batch changes in rows that are there: statements
// with their arguments, in SQL that all stores understand. They go before the
// inserts of the batch.
func (b *Batch) Statements(views []view.View) iter.Seq2[string, []any] {
	return func(yield func(string, []any) bool) {
		for _, t := range Tables(views) {
			if !b.deleteJoined(t, yield) {
				return
			}
		}
		if len(b.Checkpoint) > 0 && !yield(clearCheckpoint, nil) {
			return
		}
		if b.Stopped != nil {
			var why any
			if *b.Stopped != "" {
				why = *b.Stopped
			}
			yield(`UPDATE progress SET stopped = ?`, []any{why})
		}
	}
}

// deleteJoined yields what removes the leaves of a table that new leaves begin
// with.
func (b *Batch) deleteJoined(t Table, yield func(string, []any) bool) bool {
	query, where := "DELETE FROM "+t.Name+" WHERE last = ?", []any{nil}
	if owner, _, _ := t.LeafColumns(); owner != "" {
		query, where = query+" AND "+owner+" = ?", []any{nil, nil}
	}
	for _, row := range b.Leaves[t.Name] {
		for _, last := range row.Joined {
			where[0] = int64(last)
			if len(where) > 1 {
				where[1] = row.Owner
			}
			if !yield(query, slices.Clone(where)) {
				return false
			}
		}
	}
	return true
}
