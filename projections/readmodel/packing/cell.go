package packing

import (
	"encoding/binary"

	"github.com/muster-works/muster/projections/view"
)

// AppendCells appends the packed cells that one commit named for the first time
// to b. Of each cell the values of all axes follow each other in the order of
// view.Axes, each with its length before it.
func AppendCells(b []byte, cells []view.Cell) []byte {
	for i := range cells {
		for _, value := range &cells[i] {
			b = append(binary.AppendUvarint(b, uint64(len(value))), value...)
		}
	}
	return b
}

// ReadCells appends to to what AppendCells packed. It fails with
// timeline.ErrDamaged.
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
