package packing

import (
	"encoding/binary"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/timeline"
)

// OpenEnd is the Until of a span that is open.
const OpenEnd = 1<<31 - 1

// A SpanChange is what a commit changes in a view of spans: a span begins to
// hold, or one holds no longer. Spans are numbered from 1 in the order in which
// they begin. If Ends is not 0, the span with that number holds no longer and
// nothing else is set.
type SpanChange struct {
	Ends   int64
	Post   timeline.Number
	Seat   int
	Cell   int64 // number of the cell
	Since  civil.Date
	Until  civil.Date // first day no longer; OpenEnd if the span is open
	Filled bool
	// Earlier is how many days before Since the seat came into the state, in another cell.
	Earlier int
}

// AppendSpans appends the packed changes of one commit to b. A change begins
// with a head, an unsigned varint.
//
//	head = 1                          a span ends: the distance of its number from
//	                                  that of the end before follows
//	head = seat<<2 | filled<<1 | 0    a span begins: the distances of post, cell and
//	                                  since from those of the beginning before
//	                                  follow, and its length in days, 0 if it is open;
//	                                  if Earlier is not 0, −1 less the length, and Earlier
func AppendSpans(b []byte, changes []SpanChange) []byte {
	var last SpanChange
	for i := range changes {
		c := &changes[i]
		if c.Ends != 0 {
			b = binary.AppendVarint(binary.AppendUvarint(b, 1), c.Ends-last.Ends)
			last.Ends = c.Ends
			continue
		}
		head := uint64(c.Seat) << 2
		if c.Filled {
			head |= 2
		}
		b = binary.AppendUvarint(b, head)
		b = binary.AppendVarint(b, int64(c.Post)-int64(last.Post))
		b = binary.AppendVarint(b, c.Cell-last.Cell)
		b = binary.AppendVarint(b, int64(c.Since-last.Since))
		days := int64(0)
		if c.Until != OpenEnd {
			days = int64(c.Until - c.Since)
		}
		if c.Earlier == 0 {
			b = binary.AppendVarint(b, days)
		} else {
			b = binary.AppendUvarint(binary.AppendVarint(b, ^days), uint64(c.Earlier))
		}
		last.Post, last.Cell, last.Since = c.Post, c.Cell, c.Since
	}
	return b
}

// ReadSpans appends to to what AppendSpans packed. It fails with
// timeline.ErrDamaged.
func ReadSpans(b []byte, to []SpanChange) ([]SpanChange, error) {
	u := unpacker{b: b}
	var last SpanChange
	for len(u.b) > 0 {
		head := u.unsigned()
		if head&1 != 0 {
			last.Ends += u.signed()
			to = append(to, SpanChange{Ends: last.Ends})
			continue
		}
		last.Post = timeline.Number(int64(last.Post) + u.signed())
		last.Cell += u.signed()
		last.Since += civil.Date(u.signed())
		c := SpanChange{Post: last.Post, Seat: int(head >> 2), Cell: last.Cell, Since: last.Since, Until: OpenEnd, Filled: head&2 != 0}
		days := u.signed()
		if days < 0 {
			days, c.Earlier = ^days, int(u.unsigned())
		}
		if days != 0 {
			c.Until = c.Since + civil.Date(days)
		}
		to = append(to, c)
	}
	return to, u.err()
}
