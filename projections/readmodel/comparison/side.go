package comparison

import (
	"context"
	"fmt"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/view"
)

// A side is one of two generations that are compared, as it was at an ordinal.
type side struct {
	*readmodel.Reader
	ctx    context.Context
	ord    uint64
	tables []readmodel.Table
	*cellNumbering
	common []int64 // the numbers that both sides have, by the numbers of this side
}

func newSide(ctx context.Context, r *readmodel.Reader, ord uint64, n *cellNumbering) (*side, error) {
	s := &side{Reader: r, ctx: ctx, ord: ord, cellNumbering: n, common: make([]int64, 1)}
	m, err := r.Meta(ctx)
	if err != nil {
		return nil, err
	}
	if m.Ord < ord {
		return nil, fmt.Errorf("%s has reached commit %d, not %d: %w", m.Generation, m.Ord, ord, readmodel.ErrUnknown)
	}
	if s.tables, err = r.Tables(ctx); err != nil {
		return nil, err
	}
	return s, r.Cells(ctx, 0, func(_ uint64, cells []view.Cell) {
		for _, c := range cells {
			s.common = append(s.common, n.number(int64(len(s.common)), c))
		}
	})
}

// tableNamed returns the table with a name, and false if there is none.
func (s *side) tableNamed(name string) (readmodel.Table, bool) {
	for _, t := range s.tables {
		if t.Name == name {
			return t, true
		}
	}
	return readmodel.Table{}, false
}

// commonNumber returns the number that both sides have for a cell of this side,
// 0 if there is no such cell.
func (s *side) commonNumber(cell int64) int64 {
	if cell < 0 || cell >= int64(len(s.common)) {
		return 0
	}
	return s.common[cell]
}

// A cellNumbering numbers cells by what they say, for both sides: a generation
// with other views gives a cell another number. Number 0 is no cell.
type cellNumbering struct {
	cells   []view.Cell
	numbers map[view.Cell]int64 // nil as long as the sides number alike
}

func newCellNumbering() *cellNumbering { return &cellNumbering{cells: make([]view.Cell, 1)} }

// number returns the number of a cell that its side numbers own.
func (n *cellNumbering) number(own int64, c view.Cell) int64 {
	if own < int64(len(n.cells)) && n.cells[own] == c {
		return own
	}
	if own != int64(len(n.cells)) && n.numbers == nil {
		n.numbers = map[view.Cell]int64{}
		for i, c := range n.cells[1:] {
			n.numbers[c] = int64(i) + 1
		}
	}
	no, ok := n.numbers[c]
	if !ok {
		no = int64(len(n.cells))
		n.cells = append(n.cells, c)
		if n.numbers != nil {
			n.numbers[c] = no
		}
	}
	return no
}

// describeCell puts the cell with a number in words.
func (n *cellNumbering) describeCell(no int64) string {
	if no == 0 {
		return ""
	}
	return n.cells[no].String()
}
