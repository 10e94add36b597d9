package timeline

import (
	"encoding/binary"

	"github.com/muster-works/muster/events/civil"
)

// A postSheet is what the timeline of a post holds of a sheet: its month and the packed
// numbers of the persons on it. The marks are in the timelines of the persons.
type postSheet struct {
	month   civil.Month
	persons []byte
}

// AppendSheet packs that the event ref is an attendance sheet of a post, of a
// month or a day in it, with some persons, behind the earlier facts of the post.
func AppendSheet(b []byte, ref Ref, month civil.Month, persons []Number) []byte {
	b = append(appendUint(b, ref), byte(TagSheet))
	b = appendMonth(b, month)
	size, last := 0, int64(0)
	for _, no := range persons {
		size += uintSize(zigzag(int64(no) - last))
		last = int64(no)
	}
	b = appendUint(b, size)
	last = 0
	for _, no := range persons {
		b = binary.AppendUvarint(b, zigzag(int64(no)-last))
		last = int64(no)
	}
	return b
}

func zigzag(v int64) uint64 { return uint64(v<<1 ^ v>>63) }

// Reported calls yield with every person on a sheet of the month that stands, as
// often as there are such sheets. It fails with ErrDamaged.
func (p *Post) Reported(month civil.Month, yield func(Number)) error {
	for _, s := range p.sheets {
		if s.what.month != month {
			continue
		}
		r := reader{b: s.what.persons}
		for last := int64(0); r.more(); {
			v := r.uint()
			last += int64(v>>1) ^ -int64(v&1)
			yield(Number(last))
		}
		if r.bad {
			return ErrDamaged
		}
	}
	return nil
}
