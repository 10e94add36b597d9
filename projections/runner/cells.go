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

// A place is what the axes of a post say: the division as a number, and the
// numbers of the texts of the others.
type place struct {
	division uint64
	others   [view.PostAxes - 1]uint32
}

// A cell is a place with the numbers of the texts of the axes that vary there.
type cell struct {
	place  uint32
	varied [int(view.AxisCount) - view.PostAxes]uint32
}

func (p place) hash() uint64 {
	h := p.division
	for _, text := range p.others {
		h = mixed(h, uint64(text))
	}
	return h
}

func (c cell) hash() uint64 {
	h := uint64(c.place)
	for _, text := range c.varied {
		h = mixed(h, uint64(text))
	}
	return h
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
	if c.last.place != 0 && [view.PostAxes]string(c.last.cell[:view.PostAxes]) == [view.PostAxes]string(v[:view.PostAxes]) {
		return c.last.place
	}
	code := v[view.Division]
	d, err := strconv.ParseUint(code, 10, 63)
	if err != nil || len(code) != 12 {
		// Not a code of 12 digits: the log is trusted, but not to that point.
		d = 1<<63 | uint64(c.text(code))
	}
	key := place{division: d}
	for i := range key.others {
		key.others[i] = c.text(v[1+i])
	}
	no, _ := c.places.number(key)
	return no
}

func (c *cells) key(v *view.Cell) cell {
	key := cell{place: c.place(v)}
	for i := range key.varied {
		key.varied[i] = c.text(v[view.PostAxes+i])
	}
	return key
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
