package readmodel

import (
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/muster-works/muster/projections/timeline"
)

// Where a leaf ends depends on when it was written, so a record is of all leaves
// of a folio or an agency: entry after entry, each by itself.

// folios has a record a folio, which stands for a row a person, of what was
// known of the person at the ordinal.
func (s *side) folios() source {
	var folio int64
	var facts sql.RawBytes
	to := []any{&folio, &facts}
	return source{
		query: `SELECT folio, facts FROM leaf ORDER BY folio, last`,
		read: func(c *cursor) error {
			if err := c.rows.Scan(to...); err != nil {
				return err
			}
			var r *record
			return timeline.Entries(facts, func(e timeline.Entry) {
				if e.Ref.Ord() > s.ord {
					return
				}
				if r == nil {
					r = c.numbered(uint64(folio))
				}
				r.value = binary.LittleEndian.AppendUint64(r.value, uint64(e.Ref))
				r.value = binary.AppendUvarint(append(r.value, e.Slot), uint64(len(e.Fact)))
				r.value = append(r.value, e.Fact...)
			})
		},
		count: func(r *record) (n int) {
			var seen [timeline.FolioSize]bool
			for e := range entries(r) {
				if !seen[e.Slot] {
					seen[e.Slot] = true
					n++
				}
			}
			return n
		},
		words: func(r *record) ([]row, error) {
			var packed [timeline.FolioSize][]byte
			var refs [timeline.FolioSize][]timeline.Ref
			for e := range entries(r) {
				packed[e.Slot] = fmt.Appendf(packed[e.Slot], "%v:%x ", e.Ref, e.Fact)
				refs[e.Slot] = append(refs[e.Slot], e.Ref)
			}
			first := binary.BigEndian.Uint64(r.key) * timeline.FolioSize
			var rows []row
			for slot, b := range packed {
				if b != nil {
					rows = append(rows, row{fmt.Sprintf("%08x", first+uint64(slot)), string(b),
						func() ([]timeline.Ref, error) { return slices.Compact(refs[slot]), nil }})
				}
			}
			return rows, nil
		},
	}
}

// entries yields the entries of a record of folios.
func entries(r *record) func(yield func(timeline.Entry) bool) {
	return func(yield func(timeline.Entry) bool) {
		for b := r.value; len(b) > 0; {
			size, n := binary.Uvarint(b[9:])
			end := 9 + n + int(size)
			if !yield(timeline.Entry{Ref: timeline.Ref(binary.LittleEndian.Uint64(b)), Slot: b[8], Fact: b[9+n : end]}) {
				return
			}
			b = b[end:]
		}
	}
}

// agencies has a record an agency, of its events.
func (s *side) agencies() source {
	var agency int64
	var events sql.RawBytes
	to := []any{&agency, &events}
	return source{
		query: `SELECT agency, events FROM agency_leaf ORDER BY agency, last`,
		read: func(c *cursor) error {
			if err := c.rows.Scan(to...); err != nil {
				return err
			}
			var r *record
			return timeline.ReadRefs(events, func(ref timeline.Ref) {
				if ref.Ord() > s.ord {
					return
				}
				if r == nil {
					r = c.numbered(uint64(agency))
				}
				r.value = appendNumbers(r.value, int64(ref))
			})
		},
		words: func(r *record) ([]row, error) {
			value := []byte(nil)
			for i := range len(r.value) / 8 {
				value = fmt.Appendf(value, "%v ", timeline.Ref(numberAt(r.value, i)))
			}
			return []row{{key: hex.EncodeToString(r.key), value: string(value)}}, nil
		},
	}
}
