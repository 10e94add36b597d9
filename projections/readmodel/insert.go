package readmodel

import (
	"iter"
	"maps"
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

// Inserts yields what a batch inserts.
func (b *Batch) Inserts(views []view.View) iter.Seq[Insert] {
	return func(yield func(Insert) bool) {
		for _, t := range Tables(views) {
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
	case "cell":
		return rowsOf(b.Cells, func(to []any, c *Cell) []any {
			return append(to, c.ID, string(c.Division), c.Category, c.Kind, c.Area, c.Group, c.Sex, c.Reason, c.Agency)
		})
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
	case "person":
		return rowsOf(b.Persons, func(to []any, p *PersonRow) []any { return append(to, int64(p.No), p.ID[:]) })
	case "leaf":
		return leaves(b.Leaves)
	case "agency_leaf":
		return leaves(b.AgencyLeaves)
	}
	if opened := b.Opened[t.Name]; opened != nil {
		return rowsOf(opened, func(to []any, s *SpanRow) []any {
			return append(to, s.ID, int64(s.Post), int64(s.Seat), s.Cell, int64(s.Since), int64(s.Until), integer(s.Filled),
				int64(s.OrdFrom), int64(s.OrdUntil), s.node())
		})
	}
	return rowsOf(b.Differences[t.Name], func(to []any, d *Difference) []any {
		return append(to, d.ID, int64(d.Ord), d.Cell, int64(d.Date), int64(d.Measure), int64(d.N))
	})
}

func rowsOf[T any](all []T, row func([]any, *T) []any) Insert {
	return Insert{Len: len(all), Row: func(to []any, i int) []any { return row(to, &all[i]) }}
}

func names(all []NameRow) Insert {
	return rowsOf(all, func(to []any, r *NameRow) []any { return append(to, r.No, r.Name) })
}

func leaves(all []LeafRow) Insert {
	return rowsOf(all, func(to []any, l *LeafRow) []any { return append(to, l.Of, int64(l.Last), l.Bytes) })
}

// Statements yields what a batch changes in rows that are there: statements
// with their arguments, in SQL that all stores understand.
func (b *Batch) Statements() iter.Seq2[string, []any] {
	return func(yield func(string, []any) bool) {
		for _, l := range []struct {
			query string
			rows  []LeafRow
		}{
			{`DELETE FROM leaf WHERE folio = ? AND last = ?`, b.Leaves},
			{`DELETE FROM agency_leaf WHERE agency = ? AND last = ?`, b.AgencyLeaves},
		} {
			for _, row := range l.rows {
				for _, last := range row.Joined {
					if !yield(l.query, []any{row.Of, int64(last)}) {
						return
					}
				}
			}
		}
		if len(b.Checkpoint) > 0 && !yield(`DELETE FROM checkpoint`, nil) {
			return
		}
		if b.Stopped != nil && !yield(`UPDATE progress SET stopped = ?`, []any{nullableText(*b.Stopped)}) {
			return
		}
		for _, name := range slices.Sorted(maps.Keys(b.Closed)) {
			for _, s := range b.Closed[name] {
				if !yield(`UPDATE `+name+` SET ord_until = ?, node = ? WHERE id = ?`, []any{int64(s.OrdUntil), s.node(), s.ID}) {
					return
				}
			}
		}
	}
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

func integer(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
