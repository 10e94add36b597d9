package runner

import (
	"math/bits"
	"strconv"
	"strings"

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
	fresh  []view.Cell // named by the commit under way for the first time

	last struct { // what was asked for last
		cell  view.Cell
		id    int64
		place uint32
	}
}

type place struct {
	division             uint64
	category, kind, area uint32
}

type cell struct {
	place                      uint32
	group, sex, reason, agency uint32
}

func (p place) hash() uint64 {
	return mixed(p.division, uint64(p.category)<<40|uint64(p.kind)<<8|uint64(p.area))
}

func (c cell) hash() uint64 {
	return mixed(uint64(c.place)<<32|uint64(c.reason), uint64(c.group)<<40|uint64(c.sex)<<32|uint64(c.agency))
}

// mixed spreads two numbers over all bits of one.
func mixed(a, b uint64) uint64 {
	high, low := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xd1b54a32d192ed03)
	return high ^ low
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
	if l := &c.last.cell; c.last.place != 0 && l.Division == v.Division && l.Category == v.Category && l.Kind == v.Kind && l.Area == v.Area {
		return c.last.place
	}
	d, err := strconv.ParseUint(string(v.Division), 10, 63)
	if err != nil || len(v.Division) != 12 {
		// Not a code of 12 digits: the log is trusted, but not to that point.
		d = 1<<63 | uint64(c.text(string(v.Division)))
	}
	no, _ := c.places.number(place{d, c.text(v.Category), c.text(v.Kind), c.text(v.Area)})
	return no
}

func (c *cells) key(v *view.Cell) cell {
	return cell{c.place(v), c.text(v.Group), c.text(v.Sex), c.text(v.Reason), c.text(v.Agency)}
}

// id returns the number of a cell and gives it one where it has none.
func (c *cells) id(v *view.Cell) int64 {
	if c.last.id != 0 && c.last.cell == *v {
		return c.last.id
	}
	key := c.key(v)
	no, isNew := c.cells.number(key)
	if isNew {
		c.fresh = append(c.fresh, *v)
	}
	c.last.cell, c.last.id, c.last.place = *v, int64(no), key.place
	return int64(no)
}

// forget forgets what was asked for last, whose texts may be parts of a commit.
func (c *cells) forget() {
	c.last.cell, c.last.id, c.last.place = view.Cell{}, 0, 0
}

// know takes up a stored cell with the next number, and says whether it is new.
func (c *cells) know(v *view.Cell) bool {
	_, isNew := c.cells.number(c.key(v))
	return isNew
}

// numbered gives numbers to values, from 1 on in the order in which they come.
type numbered[T value] struct {
	index index
	all   []T
}

type value interface {
	comparable
	hash() uint64
}

func (n *numbered[T]) number(v T) (no uint32, isNew bool) {
	h := v.hash()
	at, no := n.index.first(h)
	for no != 0 && n.all[no-1] != v {
		at, no = n.index.next(at, h)
	}
	if no != 0 {
		return no, false
	}
	n.all = append(n.all, v)
	no = uint32(len(n.all))
	n.index.add(h, no, func(no uint32) uint64 { return n.all[no-1].hash() })
	return no, true
}
