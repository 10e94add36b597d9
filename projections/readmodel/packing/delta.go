package packing

import (
	"encoding/binary"

	"github.com/muster-works/muster/events/civil"
)

// A Delta is one row of a view: N more in a cell from the business date Date on,
// known since the commit with the ordinal Ord. Measure sets apart what must not
// be summed, see view.Emit.
type Delta struct {
	Ord     uint64
	Cell    int64 // number of the cell
	Date    civil.Date
	Measure int
	N       int
}

// AppendDeltas appends the packed deltas of one commit to b. Each is four
// varints: the distances of cell and date from those of the delta before, the
// measure, and n. Ord is not packed, since the leaf has it.
func AppendDeltas(b []byte, rows []Delta) []byte {
	var last Delta
	for i := range rows {
		d := &rows[i]
		b = binary.AppendVarint(b, d.Cell-last.Cell)
		b = binary.AppendVarint(b, int64(d.Date-last.Date))
		b = binary.AppendVarint(b, int64(d.Measure))
		b = binary.AppendVarint(b, int64(d.N))
		last = *d
	}
	return b
}

// ReadDeltas appends to to what AppendDeltas packed for the commit with the
// ordinal ord. It fails with timeline.ErrDamaged.
func ReadDeltas(b []byte, ord uint64, to []Delta) ([]Delta, error) {
	u := unpacker{b: b}
	var last Delta
	for len(u.b) > 0 {
		last = Delta{Ord: ord, Cell: last.Cell + u.signed(), Date: last.Date + civil.Date(u.signed()), Measure: int(u.signed()), N: int(u.signed())}
		to = append(to, last)
	}
	return to, u.err()
}
