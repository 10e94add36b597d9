package readmodel

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/timeline"
)

// A TableDifference says how the rows of a table differ between two
// generations.
type TableDifference struct {
	Table                string
	Rows                 int // compared, in the first generation
	Added, Gone, Changed int // in the second one
	Examples             []RowDifference
}

// Same says whether there is no difference.
func (d TableDifference) Same() bool { return d.Added+d.Gone+d.Changed == 0 }

// A RowDifference is one example.
type RowDifference struct {
	Key    string
	Before string // empty when the row was added
	After  string // empty when it is gone
	// Events are the positions of the events behind the row, as far as they can
	// be told from it.
	Events []log.Position
}

// Compare compares two generations row by row as they were at an ordinal that
// both have reached, and gives up to some examples a table. Tables of numbers
// and names are compared as far as both have rows, since one generation may
// have read further; views, if both generations have them, in whatever version.
func Compare(ctx context.Context, first, second *Reader, ord uint64, examples int) ([]TableDifference, error) {
	a, err := newSide(ctx, first, ord)
	if err != nil {
		return nil, err
	}
	b, err := newSide(ctx, second, ord)
	if err != nil {
		return nil, err
	}
	var all []TableDifference
	for _, t := range tablesCompared(first.views, second.views) {
		d, err := compareTable(ctx, t, a, b, examples)
		if err != nil {
			return nil, fmt.Errorf("compare %s: %w", t.name, err)
		}
		all = append(all, d)
	}
	return all, nil
}

// A row is one row of a table in words; keys grow as they come.
type row struct {
	key, value string
	// events finds the events behind the row; nil when there is no telling.
	events func() ([]timeline.Ref, error)
}

// A table is how the rows of one table are read.
type table struct {
	name string
	rows func(*side) iter.Seq2[row, error]
	// names says that rows which only the generation that is ahead has do not
	// count.
	names bool
}

func tablesCompared(first, second map[string]int) []table {
	all := []table{
		{name: "commits", rows: (*side).commits},
		{name: "void", rows: (*side).voids},
		{name: "post", rows: (*side).posts},
		{name: "plan_line", rows: (*side).plans},
		{name: "leaf", rows: (*side).folioLeaves},
		{name: "agency_leaf", rows: (*side).agencyLeaves},
		{name: "person", rows: (*side).persons, names: true},
		{name: "run", rows: named("run", "name"), names: true},
		{name: "agency", rows: named("agency", "name"), names: true},
		{name: "folio", rows: named("folio", "county"), names: true},
	}
	for _, v := range slices.Sorted(maps.Keys(first)) {
		if _, both := second[v]; both {
			all = append(all, table{name: v, rows: func(s *side) iter.Seq2[row, error] { return s.view(v) }})
		}
	}
	return all
}

// compareTable walks both tables in the order of their keys.
func compareTable(ctx context.Context, t table, a, b *side, examples int) (TableDifference, error) {
	d := TableDifference{Table: t.name}
	nextA, stopA := iter.Pull2(t.rows(a))
	defer stopA()
	nextB, stopB := iter.Pull2(t.rows(b))
	defer stopB()
	x, errX, moreX := nextA()
	y, errY, moreY := nextB()
	for moreX || moreY {
		switch {
		case errX != nil || errY != nil:
			return d, cmp.Or(errX, errY)
		case !moreY || moreX && x.key < y.key:
			d.Rows++
			excused, err := t.excused(ctx, a, b)
			if err != nil {
				return d, err
			}
			if !excused {
				d.Gone++
				if err := d.example(ctx, a, x, row{}, examples); err != nil {
					return d, err
				}
			}
			x, errX, moreX = nextA()
		case !moreX || y.key < x.key:
			excused, err := t.excused(ctx, b, a)
			if err != nil {
				return d, err
			}
			if !excused {
				d.Added++
				if err := d.example(ctx, b, row{}, y, examples); err != nil {
					return d, err
				}
			}
			y, errY, moreY = nextB()
		default:
			d.Rows++
			if x.value != y.value {
				d.Changed++
				if err := d.example(ctx, b, x, y, examples); err != nil {
					return d, err
				}
			}
			x, errX, moreX = nextA()
			y, errY, moreY = nextB()
		}
	}
	return d, nil
}

// excused says whether a row that one side alone has is no difference, since
// that side is ahead. Where it is now is what counts: a living generation goes
// on while it is compared.
func (t table) excused(ctx context.Context, has, lacks *side) (bool, error) {
	if !t.names {
		return false, nil
	}
	other, err := lacks.Meta(ctx)
	if err != nil {
		return false, err
	}
	m, err := has.Meta(ctx)
	return m.Ord > other.Ord, err
}

// example keeps a difference, unless there are enough of them.
func (d *TableDifference) example(ctx context.Context, s *side, before, after row, most int) error {
	if len(d.Examples) >= most {
		return nil
	}
	e := RowDifference{Key: before.key, Before: before.value, After: after.value}
	find := before.events
	if after.key != "" {
		e.Key, find = after.key, after.events
	}
	if find != nil {
		refs, err := find()
		if err != nil {
			return err
		}
		for _, ref := range refs {
			c, err := s.Commit(ctx, ref.Ord())
			if err != nil {
				return err
			}
			e.Events = append(e.Events, c.Position.Event(ref.Index()))
		}
	}
	d.Examples = append(d.Examples, e)
	return nil
}
