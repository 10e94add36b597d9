package readmodel

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/muster-works/muster/events/log"
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
	places := newPlaces()
	a, err := newSide(ctx, first, ord, places)
	if err != nil {
		return nil, err
	}
	b, err := newSide(ctx, second, ord, places)
	if err != nil {
		return nil, err
	}
	var all []TableDifference
	for _, t := range tablesCompared(first.views, second.views) {
		d, err := compareTable(t, a, b, examples)
		if err != nil {
			return nil, fmt.Errorf("compare %s: %w", t.name, err)
		}
		all = append(all, d)
	}
	return all, nil
}

// A comparison is one of two tables. Nearly all records are equal, so they are
// compared as bytes, and put in words only where those differ.
type comparison struct {
	a, b     *cursor
	names    bool // see table
	examples int  // at most
	TableDifference
}

func compareTable(t table, a, b *side, examples int) (d TableDifference, err error) {
	c := comparison{names: t.names, examples: examples, TableDifference: TableDifference{Table: t.name}}
	if c.a, err = t.open(a); err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, c.a.rows.Close()) }()
	if c.b, err = t.open(b); err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, c.b.rows.Close()) }()
	err = c.walk()
	return c.TableDifference, err
}

// walk walks both tables in the order of their keys.
func (c *comparison) walk() error {
	a, err := c.a.next()
	if err != nil {
		return err
	}
	b, err := c.b.next()
	for err == nil && (a != nil || b != nil) {
		one, other := a, b
		switch order := first(a != nil, b != nil, func() int { return bytes.Compare(a.key, b.key) }); {
		case order < 0:
			other = nil
		case order > 0:
			one = nil
		}
		err = c.meet(one, other)
		if err == nil && one != nil {
			a, err = c.a.next()
		}
		if err == nil && other != nil {
			b, err = c.b.next()
		}
	}
	return err
}

// first says which of two comes first: below 0 the one, above 0 the other, 0
// both. What is not there comes last; order is asked only if both are.
func first(one, other bool, order func() int) int {
	switch {
	case !other:
		return -1
	case !one:
		return 1
	}
	return order()
}

// meet compares two records with one key; one of them may be nil.
func (c *comparison) meet(a, b *record) error {
	if a != nil && b != nil && bytes.Equal(a.value, b.value) {
		c.Rows += c.a.size(a)
		return nil
	}
	before, err := c.a.tell(a)
	if err != nil {
		return err
	}
	after, err := c.b.tell(b)
	for err == nil && len(before)+len(after) > 0 {
		order := first(len(before) > 0, len(after) > 0, func() int { return strings.Compare(before[0].key, after[0].key) })
		switch {
		case order < 0:
			c.Rows++
			err = c.alone(&c.Gone, c.a, c.b, before[0], row{})
			before = before[1:]
		case order > 0:
			err = c.alone(&c.Added, c.b, c.a, row{}, after[0])
			after = after[1:]
		default:
			c.Rows++
			if before[0].value != after[0].value {
				c.Changed++
				err = c.example(c.b, before[0], after[0])
			}
			before, after = before[1:], after[1:]
		}
	}
	return err
}

// alone counts a row that one side alone has. It is no difference in a table of
// names while that side is ahead. Where it is now is what counts: a living
// generation goes on while it is compared.
func (c *comparison) alone(n *int, has, lacks *cursor, before, after row) error {
	if c.names && !has.ahead {
		other, err := lacks.Meta(lacks.ctx)
		if err != nil {
			return err
		}
		m, err := has.Meta(has.ctx)
		if err != nil {
			return err
		}
		has.ahead = m.Ord > other.Ord
	}
	if has.ahead {
		return nil
	}
	*n++
	return c.example(has, before, after)
}

// example keeps a difference, unless there are enough of them.
func (c *comparison) example(of *cursor, before, after row) error {
	if len(c.Examples) >= c.examples {
		return nil
	}
	e := RowDifference{Key: cmp.Or(after.key, before.key), Before: before.value, After: after.value}
	find := before.events
	if after.key != "" {
		find = after.events
	}
	if find != nil {
		refs, err := find()
		if err != nil {
			return err
		}
		for _, ref := range refs {
			commit, err := of.Commit(of.ctx, ref.Ord())
			if err != nil {
				return err
			}
			e.Events = append(e.Events, commit.Position.Event(ref.Index()))
		}
	}
	c.Examples = append(c.Examples, e)
	return nil
}
