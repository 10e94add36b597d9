package reporting

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/muster-works/muster/projections/readmodel/packing"

	"github.com/muster-works/muster/projections/agency"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/view"
)

// A countCache holds the rows of the view agencies of one generation in memory: one an
// agency, county, type, business date and commit. It is safe for concurrent use.
type countCache struct {
	mu         sync.Mutex
	generation string
	lastRow    uint64 // ordinal up to which rows were read
	lastCell   uint64 // ordinal up to which cells were read
	cellsRead  int64  // number of the last cell that was read
	unchecked  bool   // rows were read whose cells were not
	counts
}

// counts are rows of the view in log order, and their cells by number. A countCache only
// appends to the rows, and puts new cells into a new map, so that a reader needs no lock.
type counts struct {
	rows  []packing.Delta
	cells map[int64]*view.Cell
}

// refresh reads the rows that are new, and returns all.
func (c *countCache) refresh(ctx context.Context, model *readmodel.Reader, generation string) (counts, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation != generation {
		c.generation, c.lastRow, c.lastCell, c.cellsRead, c.unchecked, c.counts = generation, 0, 0, 0, false, counts{cells: map[int64]*view.Cell{}}
	}
	err := model.Deltas(ctx, agency.ViewName, c.lastRow, func(ord uint64, rows []packing.Delta) {
		c.lastRow, c.rows, c.unchecked = ord, append(c.rows, rows...), true
	})
	if err != nil || !c.unchecked {
		return c.counts, err
	}
	// Cells are read after rows, so that there is one for each row.
	if err := c.readCells(ctx, model); err != nil {
		return c.counts, err
	}
	if slices.ContainsFunc(c.rows, func(d packing.Delta) bool { return c.cells[d.Cell] == nil }) {
		return c.counts, fmt.Errorf("%w: a row of %s names a cell that is not there", readmodel.ErrUnusable, agency.ViewName)
	}
	c.unchecked = false
	return c.counts, nil
}

// readCells reads the cells that are new, and keeps those of agencies.
func (c *countCache) readCells(ctx context.Context, model *readmodel.Reader) error {
	c.cells = maps.Clone(c.cells)
	return model.Cells(ctx, c.lastCell, func(ord uint64, cells []view.Cell) {
		for _, cell := range cells {
			if c.cellsRead++; cell[view.Agency] != "" {
				c.cells[c.cellsRead] = &cell
			}
		}
		c.lastCell = ord
	})
}
