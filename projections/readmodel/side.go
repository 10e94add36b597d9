package readmodel

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// A side is one of two generations that are compared, as it was at an ordinal.
type side struct {
	*Reader
	ctx context.Context
	ord uint64
	*places
	at     []int64           // places by the numbers of this side's cells
	bodies map[string]string // see bodyOf, by view
}

func newSide(ctx context.Context, r *Reader, ord uint64, p *places) (*side, error) {
	s := &side{Reader: r, ctx: ctx, ord: ord, places: p, at: make([]int64, 1), bodies: map[string]string{}}
	m, err := r.Meta(ctx)
	if err != nil {
		return nil, err
	}
	if m.Ord < ord {
		return nil, fmt.Errorf("%s has reached commit %d, not %d: %w", r.name, m.Ord, ord, ErrUnknown)
	}
	for view := range r.views {
		if s.bodies[view], err = r.bodyOf(ctx, view); err != nil {
			return nil, err
		}
	}
	return s, r.Cells(ctx, 0, func(_ uint64, cells []view.Cell) {
		for _, c := range cells {
			s.at = append(s.at, p.number(int64(len(s.at)), c))
		}
	})
}

// placeOf returns the place of a cell.
func (s *side) placeOf(cell int64) int64 {
	if cell < 0 || cell >= int64(len(s.at)) {
		return 0
	}
	return s.at[cell]
}

// places number cells by what they say, for both sides: a cell has another
// number in a generation with other views. Place 0 is none.
type places struct {
	cells   []view.Cell
	numbers map[view.Cell]int64 // nil as long as the sides number alike
}

func newPlaces() *places { return &places{cells: make([]view.Cell, 1)} }

// number returns the place of a cell that its side numbers own.
func (p *places) number(own int64, c view.Cell) int64 {
	if own < int64(len(p.cells)) && p.cells[own] == c {
		return own
	}
	if own != int64(len(p.cells)) && p.numbers == nil {
		p.numbers = map[view.Cell]int64{}
		for n, c := range p.cells[1:] {
			p.numbers[c] = int64(n) + 1
		}
	}
	n, ok := p.numbers[c]
	if !ok {
		n = int64(len(p.cells))
		p.cells = append(p.cells, c)
		if p.numbers != nil {
			p.numbers[c] = n
		}
	}
	return n
}

// place says what a number stands for.
func (p *places) place(n int64) string {
	if n == 0 {
		return ""
	}
	return p.cells[n].String()
}

// A table is one that is compared.
type table struct {
	name   string
	source func(*side) source
	// names says that rows which only the generation that is ahead has do not
	// count.
	names bool
}

// A source is how one side's records of a table are read. It is for one walk,
// and remembers what it scans into.
type source struct {
	// query asks for the rows of the store in the order of the keys of records.
	query string
	// read adds the row that the cursor's rows stand at to its records, by under.
	read func(*cursor) error
	// count returns how many rows a record stands for; 1 where it is nil.
	count func(*record) int
	// words tells them apart, by key.
	words func(*record) ([]row, error)
}

// size returns how many rows a record stands for.
func (s *source) size(r *record) int {
	if s.count == nil {
		return 1
	}
	return s.count(r)
}

// tell puts a record in words, none for nil.
func (s *source) tell(r *record) ([]row, error) {
	if r == nil {
		return nil, nil
	}
	return s.words(r)
}

// A record is what lies under one key, as bytes: one row, or all of a folio or
// of a commit. Records of both sides with the same bytes say the same. It is good
// until the next is asked for.
type record struct{ key, value []byte }

// A row is one of a record in words; keys grow as they come.
type row struct {
	key, value string
	// events finds the events behind the row; nil when there is no telling.
	events func() ([]timeline.Ref, error)
}

// A cursor walks the records of one side.
type cursor struct {
	*side
	source
	rows Rows
	// queue holds the record that it stands at and those behind it. The last may
	// go on with the next row of the store, unless there is none.
	queue []record
	at    int
	ended bool
	ahead bool // of the other side at some moment of the walk
}

func (t table) open(s *side) (*cursor, error) {
	from := t.source(s)
	rows, err := s.generation.Query(s.ctx, from.query)
	return &cursor{side: s, source: from, rows: rows, at: -1}, err
}

// next returns the next record, and nil at the end.
func (c *cursor) next() (*record, error) {
	c.at++
	if c.at+1 >= len(c.queue) && !c.ended {
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
		c.ended = len(c.queue) < 2
	}
	if c.at >= len(c.queue) {
		return nil, nil
	}
	return &c.queue[c.at], nil
}

// under returns the record to add to: the last one if it has the key, else a new
// one. Keys must not fall.
func (c *cursor) under(key []byte) *record {
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

// numbered is under for a number.
func (c *cursor) numbered(n uint64) *record {
	var key [8]byte
	binary.BigEndian.PutUint64(key[:], n)
	return c.under(key[:])
}
