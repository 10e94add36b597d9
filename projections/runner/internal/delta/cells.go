package delta

import (
	"math/bits"
	"strconv"
	"strings"

	"github.com/muster-works/muster/projections/runner/internal/lookup"
	"github.com/muster-works/muster/projections/view"
)

// cellNumbers gives numbers to cells, in the order in which they come. There may be a
// million cells, so keys hold numbers in place of texts. A cell is the place of a post
// with the axes that vary there; places have numbers of their own.
type cellNumbers struct {
	texts  map[string]uint32
	places lookup.Numbers[placeKey]
	cells  lookup.Numbers[cellKey]
	fresh  []view.Cell // numbered by the commit under way

	// What was numbered last: the cells of one post come together.
	last struct {
		cell   view.Cell
		number int64
		place  uint32
	}
}

// A placeKey is what the axes of a post say: the division as a number, and the numbers
// of the texts of the other axes.
type placeKey struct {
	division uint64
	others   [view.PostAxes - 1]uint32
}

// A cellKey is the number of a place with the numbers of the texts of the axes that vary
// there.
type cellKey struct {
	place  uint32
	varied [int(view.AxisCount) - view.PostAxes]uint32
}

// Hash implements [lookup.Value].
func (p placeKey) Hash() uint64 {
	h := p.division
	for _, text := range p.others {
		h = mix(h, uint64(text))
	}
	return h
}

// Hash implements [lookup.Value].
func (c cellKey) Hash() uint64 {
	h := uint64(c.place)
	for _, text := range c.varied {
		h = mix(h, uint64(text))
	}
	return h
}

// mix spreads two numbers over all bits of one.
func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xd1b54a32d192ed03)
	return high ^ low
}

func newCellNumbers() cellNumbers { return cellNumbers{texts: map[string]uint32{"": 0}} }

func (c *cellNumbers) text(s string) uint32 {
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

// place returns the number of the place of a cell.
func (c *cellNumbers) place(v *view.Cell) uint32 {
	if c.last.place != 0 && [view.PostAxes]string(c.last.cell[:view.PostAxes]) == [view.PostAxes]string(v[:view.PostAxes]) {
		return c.last.place
	}
	code := v[view.Division]
	d, err := strconv.ParseUint(code, 10, 63)
	if err != nil || len(code) != 12 {
		// The log is trusted, but not to hold codes of 12 digits alone.
		d = 1<<63 | uint64(c.text(code))
	}
	key := placeKey{division: d}
	for i := range key.others {
		key.others[i] = c.text(v[1+i])
	}
	no, _ := c.places.Number(key)
	return no
}

func (c *cellNumbers) key(v *view.Cell) cellKey {
	key := cellKey{place: c.place(v)}
	for i := range key.varied {
		key.varied[i] = c.text(v[view.PostAxes+i])
	}
	return key
}

// number returns the number of a cell and gives it one when it has none.
func (c *cellNumbers) number(v *view.Cell) int64 {
	if c.last.number != 0 && c.last.cell == *v {
		return c.last.number
	}
	key := c.key(v)
	no, isNew := c.cells.Number(key)
	if isNew {
		c.fresh = append(c.fresh, *v)
	}
	c.last.cell, c.last.number, c.last.place = *v, int64(no), key.place
	return int64(no)
}

// forget forgets what was numbered last: its texts may be parts of a commit whose
// bytes are about to be used again.
func (c *cellNumbers) forget() { c.last.cell, c.last.number, c.last.place = view.Cell{}, 0, 0 }

// restore gives the next number to a stored cell, and reports whether it had none.
func (c *cellNumbers) restore(v *view.Cell) bool {
	_, isNew := c.cells.Number(c.key(v))
	return isNew
}
