package comparison

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// A record is what lies under one key, as bytes: one row, or all that a folio or
// a commit has. If records of both sides have the same bytes, they say the same.
// A record is good until the next one is asked for.
type record struct{ key, value []byte }

// A describedRow is one row of a record in words.
type describedRow struct {
	key, value string
	// events finds the events behind the row; nil if the row does not tell them.
	events func() ([]timeline.Ref, error)
}

// A recordCursor walks the records of a table on one side, in the order of their
// keys.
type recordCursor struct {
	*side
	recordSource
	rows readmodel.Rows
	// queue holds the record that the cursor stands at and those behind it. The
	// last one may go on with the next row of the store, unless exhausted is set.
	queue     []record
	at        int
	exhausted bool
	ahead     bool // of the other side at some moment of the walk
}

// open returns a cursor before the first record of a table.
func (s *side) open(t readmodel.Table) (*recordCursor, error) {
	newSource, ok := sources[t.Contents]
	if !ok {
		return nil, fmt.Errorf("no source of records for contents %d", t.Contents)
	}
	from := newSource(s, t)
	rows, err := s.Query(s.ctx, from.query)
	return &recordCursor{side: s, recordSource: from, rows: rows, at: -1}, err
}

// next returns the next record, and nil at the end.
func (c *recordCursor) next() (*record, error) {
	c.at++
	if c.at+1 >= len(c.queue) && !c.exhausted {
		rest := c.queue[min(c.at, len(c.queue)):]
		if len(rest) > 0 {
			c.queue[0], rest[0] = rest[0], c.queue[0]
		}
		c.queue, c.at = c.queue[:len(rest)], 0
		for len(c.queue) < 2 && c.rows.Next() {
			if err := c.read(c); err != nil {
				return nil, fmt.Errorf("readmodel: %w", err)
			}
		}
		if err := c.rows.Err(); err != nil {
			return nil, err
		}
		c.exhausted = len(c.queue) < 2
	}
	if c.at >= len(c.queue) {
		return nil, nil
	}
	return &c.queue[c.at], nil
}

// recordFor returns the record with a key, to add to: the last one if it has the
// key, else a new one. Keys must not fall.
func (c *recordCursor) recordFor(key []byte) *record {
	n := len(c.queue)
	if n > 0 && bytes.Equal(c.queue[n-1].key, key) {
		return &c.queue[n-1]
	}
	if n < cap(c.queue) {
		c.queue = c.queue[:n+1] // with the memory of an earlier record
	} else {
		c.queue = append(c.queue, record{})
	}
	r := &c.queue[n]
	r.key, r.value = append(r.key[:0], key...), r.value[:0]
	return r
}

// recordForNumber is recordFor with a number as the key.
func (c *recordCursor) recordForNumber(n uint64) *record {
	var key [8]byte
	binary.BigEndian.PutUint64(key[:], n)
	return c.recordFor(key[:])
}
