package readmodel

import (
	"encoding/binary"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// Rows of views and cells lie in leaves, packed by commit: what a commit brought
// is one entry, see timeline.Leaf.AddRows. A row takes five to nine bytes that
// way, and some thousand of them one row of a store. Numbers are varints, of the
// distance from the row before where that is mostly small; the first row of a
// commit has zeros before it, so that entries mean the same wherever a leaf
// begins.

// A Difference is one row of a view: N more in a cell from Date on, known since
// the commit Ord.
type Difference struct {
	Ord     uint64
	Cell    int64
	Date    civil.Date
	Measure int
	N       int
}

// AppendDifferences packs the rows that one commit brought: of each row cell,
// date, measure and n.
func AppendDifferences(b []byte, rows []Difference) []byte {
	var last Difference
	for i := range rows {
		d := &rows[i]
		b = binary.AppendVarint(b, d.Cell-last.Cell)
		b = binary.AppendVarint(b, int64(d.Date-last.Date))
		b = binary.AppendVarint(b, int64(d.Measure))
		b = binary.AppendVarint(b, int64(d.N))
		last = *d
	}
	return b
}

// ReadDifferences appends what AppendDifferences packed for a commit. It fails
// with timeline.ErrDamaged.
func ReadDifferences(b []byte, ord uint64, to []Difference) ([]Difference, error) {
	u := unpacker{b: b}
	var last Difference
	for len(u.b) > 0 {
		last = Difference{Ord: ord, Cell: last.Cell + u.number(), Date: last.Date + civil.Date(u.number()), Measure: int(u.number()), N: int(u.number())}
		to = append(to, last)
	}
	return to, u.err()
}

// OpenEnd is the Until of a span that is open.
const OpenEnd = 1<<31 - 1

// A SpanChange is a span that begins with a commit, or one that ends: Ends is its
// number then, and nothing else is set. Spans are numbered from 1 in the order in
// which they begin.
type SpanChange struct {
	Ends   int64
	Post   timeline.Number
	Seat   int
	Cell   int64
	Since  civil.Date
	Until  civil.Date // OpenEnd where it is open
	Filled bool
}

// AppendSpans packs what one commit changed. The first number of a change says
// what it is in its lowest bit. Of a span that ends there follows the number; of
// one that begins the seat, twice, and one more where it is filled, is in the
// first, and post, cell, since and its length follow, which is 0 where it is open.
func AppendSpans(b []byte, changes []SpanChange) []byte {
	var last SpanChange
	for i := range changes {
		c := &changes[i]
		if c.Ends != 0 {
			b = binary.AppendVarint(binary.AppendUvarint(b, 1), c.Ends-last.Ends)
			last.Ends = c.Ends
			continue
		}
		head := uint64(c.Seat) << 2
		if c.Filled {
			head |= 2
		}
		b = binary.AppendUvarint(b, head)
		b = binary.AppendVarint(b, int64(c.Post)-int64(last.Post))
		b = binary.AppendVarint(b, c.Cell-last.Cell)
		b = binary.AppendVarint(b, int64(c.Since-last.Since))
		if c.Until == OpenEnd {
			b = append(b, 0)
		} else {
			b = binary.AppendVarint(b, int64(c.Until-c.Since))
		}
		last.Post, last.Cell, last.Since = c.Post, c.Cell, c.Since
	}
	return b
}

// ReadSpans appends what AppendSpans packed. It fails with timeline.ErrDamaged.
func ReadSpans(b []byte, to []SpanChange) ([]SpanChange, error) {
	u := unpacker{b: b}
	var last SpanChange
	for len(u.b) > 0 {
		head := u.unsigned()
		if head&1 != 0 {
			last.Ends += u.number()
			to = append(to, SpanChange{Ends: last.Ends})
			continue
		}
		last.Post = timeline.Number(int64(last.Post) + u.number())
		last.Cell += u.number()
		last.Since += civil.Date(u.number())
		c := SpanChange{Post: last.Post, Seat: int(head >> 2), Cell: last.Cell, Since: last.Since, Until: OpenEnd, Filled: head&2 != 0}
		if n := u.number(); n != 0 {
			c.Until = c.Since + civil.Date(n)
		}
		to = append(to, c)
	}
	return to, u.err()
}

// AppendCells packs the cells that one commit named for the first time: of each
// cell the values of all axes in their order, each with its length before it.
func AppendCells(b []byte, cells []view.Cell) []byte {
	for i := range cells {
		for _, value := range &cells[i] {
			b = append(binary.AppendUvarint(b, uint64(len(value))), value...)
		}
	}
	return b
}

// ReadCells appends what AppendCells packed. It fails with timeline.ErrDamaged.
func ReadCells(b []byte, to []view.Cell) ([]view.Cell, error) {
	u := unpacker{b: b}
	for len(u.b) > 0 {
		var c view.Cell
		for axis := range c {
			c[axis] = u.text()
		}
		to = append(to, c)
	}
	return to, u.err()
}

// An unpacker takes packed rows apart. After the first damage what it returns is
// zero, nothing is left, and bad is set.
type unpacker struct {
	b   []byte
	bad bool
}

func (u *unpacker) taken(n int) {
	if n <= 0 || n > len(u.b) {
		u.b, u.bad = nil, true
		return
	}
	u.b = u.b[n:]
}

func (u *unpacker) number() int64 {
	v, n := binary.Varint(u.b)
	if u.taken(n); u.bad {
		return 0
	}
	return v
}

func (u *unpacker) unsigned() uint64 {
	v, n := binary.Uvarint(u.b)
	if u.taken(n); u.bad {
		return 0
	}
	return v
}

func (u *unpacker) text() string {
	size := u.unsigned()
	if size == 0 {
		return ""
	}
	b := u.b
	if u.taken(int(min(size, uint64(len(b))+1))); u.bad {
		return ""
	}
	return string(b[:size])
}

func (u *unpacker) err() error {
	if u.bad {
		return timeline.ErrDamaged
	}
	return nil
}
