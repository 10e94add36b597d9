package comparison

import (
	"bytes"
	"cmp"
	"strings"
)

// A tableComparison compares the records of two tables.
type tableComparison struct {
	a, b *recordCursor
	// names is set for a table of names: rows that only the generation has which
	// has read further do not count.
	names       bool
	maxExamples int
	TableDifference
}

// walk walks both tables in the order of their keys.
func (c *tableComparison) walk() error {
	a, err := c.a.next()
	if err != nil {
		return err
	}
	b, err := c.b.next()
	for err == nil && (a != nil || b != nil) {
		one, other := a, b
		switch order := mergeOrder(a != nil, b != nil, func() int { return bytes.Compare(a.key, b.key) }); {
		case order < 0:
			other = nil
		case order > 0:
			one = nil
		}
		err = c.compareRecords(one, other)
		if err == nil && one != nil {
			a, err = c.a.next()
		}
		if err == nil && other != nil {
			b, err = c.b.next()
		}
	}
	return err
}

// mergeOrder says which of two comes first in a merge: below 0 the first, above 0
// the second, 0 both. One that is not there comes last; order is asked only if
// both are there.
func mergeOrder(first, second bool, order func() int) int {
	switch {
	case !second:
		return -1
	case !first:
		return 1
	}
	return order()
}

// compareRecords compares two records with one key; one of them may be nil.
func (c *tableComparison) compareRecords(a, b *record) error {
	if a != nil && b != nil && bytes.Equal(a.value, b.value) {
		c.Rows += c.a.rowCount(a)
		return nil
	}
	before, err := c.a.describe(a)
	if err != nil {
		return err
	}
	after, err := c.b.describe(b)
	for err == nil && len(before)+len(after) > 0 {
		order := mergeOrder(len(before) > 0, len(after) > 0, func() int { return strings.Compare(before[0].key, after[0].key) })
		switch {
		case order < 0:
			c.Rows++
			err = c.countUnmatched(&c.Gone, c.a, c.b, before[0], describedRow{})
			before = before[1:]
		case order > 0:
			err = c.countUnmatched(&c.Added, c.b, c.a, describedRow{}, after[0])
			after = after[1:]
		default:
			c.Rows++
			if before[0].value != after[0].value {
				c.Changed++
				err = c.addExample(c.b, before[0], after[0])
			}
			before, after = before[1:], after[1:]
		}
	}
	return err
}

// countUnmatched counts a row that only one generation has, in n. In a table of
// names it does not count while that generation is ahead of the other. Where both
// are now decides: a living generation goes on while it is compared.
func (c *tableComparison) countUnmatched(n *int, has, lacks *recordCursor, before, after describedRow) error {
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
	return c.addExample(has, before, after)
}

// addExample keeps a difference, unless there are enough of them. The events
// behind it are found in the generation of a cursor.
func (c *tableComparison) addExample(in *recordCursor, before, after describedRow) error {
	if len(c.Examples) >= c.maxExamples {
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
			commit, err := in.Commit(in.ctx, ref.Ord())
			if err != nil {
				return err
			}
			e.Events = append(e.Events, commit.Position.Event(ref.Index()))
		}
	}
	c.Examples = append(c.Examples, e)
	return nil
}
