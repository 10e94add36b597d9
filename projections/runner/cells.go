package runner

import (
	"hash/maphash"
	"strconv"
	"strings"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/view"
)

// cells gives numbers to cells, in the order in which they come. There may be a
// million, so keys hold numbers in place of texts. A cell is the place of a
// post with something that varies: places are numbered, too, and the last one
// is remembered, since a post's cells come together.
type cells struct {
	texts  map[string]uint32
	places numbered[place]
	cells  numbered[cell]
	fresh  []readmodel.Cell

	last   view.Cell
	lastNo uint32
}

type place struct {
	division             uint64
	category, kind, area uint32
}

type cell struct {
	place                      uint32
	group, sex, reason, agency uint32
}

func newCells() cells { return cells{texts: map[string]uint32{"": 0}} }

func (c *cells) text(s string) uint32 {
	if s == "" {
		return 0
	}
	n, ok := c.texts[s]
	if !ok {
		n = uint32(len(c.texts))
		c.texts[strings.Clone(s)] = n
	}
	return n
}

// place returns the number of a cell's place.
func (c *cells) place(v *view.Cell) uint32 {
	if l := &c.last; c.lastNo != 0 && l.Division == v.Division && l.Category == v.Category && l.Kind == v.Kind && l.Area == v.Area {
		return c.lastNo
	}
	d, err := strconv.ParseUint(string(v.Division), 10, 63)
	if err != nil || len(v.Division) != 12 {
		// Not a code of 12 digits: the log is trusted, but not to that point.
		d = 1<<63 | uint64(c.text(string(v.Division)))
	}
	no, _ := c.places.number(place{d, c.text(v.Category), c.text(v.Kind), c.text(v.Area)})
	c.last, c.lastNo = *v, no
	return no
}

func (c *cells) key(v *view.Cell) cell {
	return cell{c.place(v), c.text(v.Group), c.text(v.Sex), c.text(v.Reason), c.text(v.Agency)}
}

// id returns the number of a cell and gives it one where it has none.
func (c *cells) id(v *view.Cell) int64 {
	no, isNew := c.cells.number(c.key(v))
	if isNew {
		c.fresh = append(c.fresh, readmodel.Cell{ID: int64(no), Cell: lasting(*v)})
	}
	return int64(no)
}

// lasting returns a cell whose division does not keep other bytes in memory;
// the other texts are few.
func lasting(v view.Cell) view.Cell {
	v.Division = division.Code(strings.Clone(string(v.Division)))
	return v
}

// know takes up a stored cell, and says whether its number is the next one.
func (c *cells) know(s readmodel.Cell) bool {
	no, isNew := c.cells.number(c.key(&s.Cell))
	return isNew && int64(no) == s.ID
}

// numbered gives numbers to values, from 1 on in the order in which they come.
type numbered[T comparable] struct {
	index index
	all   []T
}

func (n *numbered[T]) number(v T) (no uint32, isNew bool) {
	h := maphash.Comparable(seed, v)
	at, no := n.index.first(h)
	for no != 0 && n.all[no-1] != v {
		at, no = n.index.next(at, h)
	}
	if no != 0 {
		return no, false
	}
	n.all = append(n.all, v)
	no = uint32(len(n.all))
	n.index.add(h, no, func(no uint32) uint64 { return maphash.Comparable(seed, n.all[no-1]) })
	return no, true
}
