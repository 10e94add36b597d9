package readmodel

import (
	"iter"
	"slices"

	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// An Insert is the new rows of a table. Row appends the values of one to a
// slice, in the order of the columns: int64, string, []byte and nil.
type Insert struct {
	Table Table
	Len   int
	Row   func(to []any, i int) []any
}

// Inserts yields what a batch inserts. In a bulk load no key comes twice but that
// of an event which is voided, so only there a table's Again has a use.
func (b *Batch) Inserts(views []view.View, bulk bool) iter.Seq[Insert] {
	return func(yield func(Insert) bool) {
		for _, t := range Tables(views) {
			if bulk && t.Name != "void" {
				t.Again = ""
			}
			if i := b.insert(t); i.Len > 0 {
				if i.Table = t; !yield(i) {
					return
				}
			}
		}
	}
}

// insert returns the rows of one table.
func (b *Batch) insert(t Table) Insert {
	switch t.Name {
	case "meta", "progress":
		return Insert{}
	case "commits":
		return rowsOf(b.Commits, func(to []any, c *CommitRow) []any {
			return append(to, int64(c.Ord), c.Position.String(), c.ID, c.Recorded.UnixNano(), c.State[:], c.Keys, c.Subjects)
		})
	case "void":
		return rowsOf(b.Voids, func(to []any, v *VoidRow) []any {
			return append(to, v.Key[:], int64(v.By), nullable(v.Target))
		})
	case "set_aside":
		return rowsOf(b.SetAside, func(to []any, s *SetAside) []any {
			return append(to, int64(s.Event), s.Position.String(), s.Why)
		})
	case "checkpoint":
		i := Insert{Len: len(b.Checkpoint)}
		i.Row = func(to []any, n int) []any { return append(to, int64(n), b.Checkpoint[n]) }
		return i
	case "post":
		return rowsOf(b.Posts, func(to []any, p *PostRow) []any {
			return append(to, int64(p.No), p.Name, string(p.Division), p.Facts)
		})
	case "plan_line":
		return rowsOf(b.Plans, func(to []any, p *PlanRow) []any {
			return append(to, p.No, string(p.Key.Division), int64(p.Key.Year), p.Key.Area, p.Facts)
		})
	case "run":
		return names(b.Runs)
	case "folio":
		return names(b.Folios)
	case "agency":
		return names(b.Agencies)
	}
	of, _, _ := t.leafColumns()
	return rowsOf(b.Leaves[t.Name], func(to []any, l *LeafRow) []any {
		if of != "" {
			to = append(to, l.Of)
		}
		return append(to, int64(l.Last), l.Bytes)
	})
}

func rowsOf[T any](all []T, row func([]any, *T) []any) Insert {
	return Insert{Len: len(all), Row: func(to []any, i int) []any { return row(to, &all[i]) }}
}

func names(all []NameRow) Insert {
	return rowsOf(all, func(to []any, r *NameRow) []any { return append(to, r.No, r.Name) })
}

// Statements yields what a batch changes in rows that are there: statements
// with their arguments, in SQL that all stores understand.
func (b *Batch) Statements(views []view.View) iter.Seq2[string, []any] {
	return func(yield func(string, []any) bool) {
		for _, t := range Tables(views) {
			if !b.joined(t, yield) {
				return
			}
		}
		if len(b.Checkpoint) > 0 && !yield(`DELETE FROM checkpoint`, nil) {
			return
		}
		if b.Stopped != nil {
			yield(`UPDATE progress SET stopped = ?`, []any{nullableText(*b.Stopped)})
		}
	}
}

// joined yields what removes the leaves of a table that new ones begin with.
func (b *Batch) joined(t Table, yield func(string, []any) bool) bool {
	query, where := "DELETE FROM "+t.Name+" WHERE last = ?", []any{nil}
	if of, _, _ := t.leafColumns(); of != "" {
		query, where = query+" AND "+of+" = ?", []any{nil, nil}
	}
	for _, row := range b.Leaves[t.Name] {
		for _, last := range row.Joined {
			where[0] = int64(last)
			if len(where) > 1 {
				where[1] = row.Of
			}
			if !yield(query, slices.Clone(where)) {
				return false
			}
		}
	}
	return true
}

func nullable(r timeline.Ref) any {
	if r == 0 {
		return nil
	}
	return int64(r)
}

func nullableText(s string) any {
	if s == "" {
		return nil
	}
	return s
}
