package query

import (
	"context"
	"strings"
	"sync"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/view"
)

// The dimensions of a cell are the axes of package view. Figures are broken down
// by those before the reason.
const (
	byDivision = int(view.Division)
	byCategory = int(view.Category)
	byKind     = int(view.Kind)
	byGroup    = int(view.Group)
	byArea     = int(view.Area)
	bySex      = int(view.Sex)
	byReason   = int(view.Reason)
	dimensions = int(view.AxisCount)
)

// A cellBook holds the cells of a generation. There may be a million, so each
// is a number an axis, and a text that many cells share is held once.
type cellBook struct {
	mu    sync.Mutex
	last  uint64 // ordinal up to which cells were read
	codes [dimensions]map[string]int32
	cells cells
}

// cells are a cellBook as it was at some time. They are only ever added to, so
// that a reader needs no lock.
type cells struct {
	n      int
	of     [dimensions][]int32  // code of the value of each cell, by number − 1
	values [dimensions][]string // by code, in the order in which they came
	county []int32              // code of the county of each division, by code
}

// refresh reads the cells that are new.
func (b *cellBook) refresh(ctx context.Context, model *readmodel.Reader) (*cells, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := model.Cells(ctx, b.last, func(ord uint64, cells []view.Cell) {
		for i := range cells {
			b.add(&cells[i])
		}
		b.last = ord
	})
	now := b.cells
	return &now, err
}

func (b *cellBook) add(c *view.Cell) {
	for d, value := range c {
		b.cells.of[d] = append(b.cells.of[d], b.code(d, value))
	}
	b.cells.n++
}

// code returns the code of a value, a new one where it has none. The county of a
// division is a value, too; a code that is none of 12 digits is its own.
func (b *cellBook) code(d int, value string) int32 {
	code, ok := b.codes[d][value]
	if ok {
		return code
	}
	if b.codes[d] == nil {
		b.codes[d] = map[string]int32{}
	}
	code = int32(len(b.cells.values[d]))
	b.codes[d][value] = code
	b.cells.values[d] = append(b.cells.values[d], value)
	if d != byDivision {
		return code
	}
	b.cells.county = append(b.cells.county, code)
	const county, rest = 6, "000000"
	if len(value) == county+len(rest) && value[county:] != rest {
		b.cells.county[code] = b.code(d, value[:county]+rest)
	}
	return code
}

// value returns what a cell, by number − 1, has in a dimension.
func (c *cells) value(dimension int, cell int32) string {
	return c.values[dimension][c.of[dimension][cell]]
}

// within says of each division, by code, whether it is under a prefix.
func (c *cells) within(prefix string) []bool {
	within := make([]bool, len(c.values[byDivision]))
	for code, v := range c.values[byDivision] {
		within[code] = strings.HasPrefix(v, prefix)
	}
	return within
}
