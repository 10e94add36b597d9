package cube

import (
	"context"
	"strings"
	"sync"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/view"
)

// A dictionary holds the cells of a generation, dictionary-encoded: there may be a
// million, so a cell is one number an axis, and a text that many cells share is held
// once. It is safe for concurrent use.
type dictionary struct {
	mu    sync.Mutex
	last  uint64 // ordinal up to which cells were read
	codes [view.AxisCount]map[string]int32
	cells cells
}

// cells are the cells of a dictionary as they were at some time. A dictionary only
// appends to them, so that a reader of cells needs no lock.
type cells struct {
	n      int
	codes  [view.AxisCount][]int32  // of each cell, by number − 1
	values [view.AxisCount][]string // by code, in the order in which they came
	county []int32                  // code of the county of each division, by the code of the division
}

// refresh reads the cells that are new, and returns all.
func (d *dictionary) refresh(ctx context.Context, model *readmodel.Reader) (*cells, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := model.Cells(ctx, d.last, func(ord uint64, cells []view.Cell) {
		for i := range cells {
			d.add(&cells[i])
		}
		d.last = ord
	})
	now := d.cells
	return &now, err
}

func (d *dictionary) add(c *view.Cell) {
	for axis, value := range c {
		d.cells.codes[axis] = append(d.cells.codes[axis], d.code(view.Axis(axis), value))
	}
	d.cells.n++
}

// code returns the code of a value. A value that is new gets the next code, and so
// does the county of a division that is new.
func (d *dictionary) code(axis view.Axis, value string) int32 {
	code, ok := d.codes[axis][value]
	if ok {
		return code
	}
	if d.codes[axis] == nil {
		d.codes[axis] = map[string]int32{}
	}
	code = int32(len(d.cells.values[axis]))
	d.codes[axis][value] = code
	d.cells.values[axis] = append(d.cells.values[axis], value)
	if axis == view.Division {
		d.addCounty(code, value)
	}
	return code
}

// addCounty notes the county of a division. A code that does not have 12 digits is
// its own county.
func (d *dictionary) addCounty(code int32, value string) {
	d.cells.county = append(d.cells.county, code)
	const county, rest = 6, "000000"
	if len(value) == county+len(rest) && value[county:] != rest {
		d.cells.county[code] = d.code(view.Division, value[:county]+rest)
	}
}

// value returns what a cell, by number − 1, has on an axis.
func (c *cells) value(axis view.Axis, cell int32) string {
	return c.values[axis][c.codes[axis][cell]]
}

// codesOf returns the codes of a cell, by number − 1.
func (c *cells) codesOf(cell int32) (codes [view.AxisCount]int32) {
	for axis := range codes {
		codes[axis] = c.codes[axis][cell]
	}
	return codes
}

// under tells for each division, by code, whether it lies under a prefix.
func (c *cells) under(prefix string) []bool {
	under := make([]bool, len(c.values[view.Division]))
	for code, v := range c.values[view.Division] {
		under[code] = strings.HasPrefix(v, prefix)
	}
	return under
}
