package runner

import (
	"strconv"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/view"
)

// cells gives numbers to cells, in the order in which they come. There may be
// half a million, so a key holds numbers in place of texts.
type cells struct {
	ids   map[cellKey]int64
	texts map[string]uint32
	fresh []readmodel.Cell
}

type cellKey struct {
	division                                         uint64
	category, kind, area, group, sex, reason, agency uint32
}

func newCells() cells {
	return cells{ids: map[cellKey]int64{}, texts: map[string]uint32{}}
}

func (c *cells) text(s string) uint32 {
	n, ok := c.texts[s]
	if !ok {
		n = uint32(len(c.texts))
		c.texts[s] = n
	}
	return n
}

func (c *cells) key(v view.Cell) cellKey {
	division, err := strconv.ParseUint(string(v.Division), 10, 63)
	if err != nil || len(v.Division) != 12 {
		// Not a code of 12 digits: the log is trusted, but not to that point.
		division = 1<<63 | uint64(c.text(string(v.Division)))
	}
	return cellKey{division, c.text(v.Category), c.text(v.Kind), c.text(v.Area), c.text(v.Group), c.text(v.Sex), c.text(v.Reason), c.text(v.Agency)}
}

// id returns the number of a cell and gives it one where it has none.
func (c *cells) id(v view.Cell) int64 {
	k := c.key(v)
	id, ok := c.ids[k]
	if !ok {
		id = int64(len(c.ids) + 1)
		c.ids[k] = id
		c.fresh = append(c.fresh, readmodel.Cell{ID: id, Cell: v})
	}
	return id
}

// know takes up a stored cell.
func (c *cells) know(cell readmodel.Cell) { c.ids[c.key(cell.Cell)] = cell.ID }
