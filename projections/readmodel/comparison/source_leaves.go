package comparison

import (
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// Where a leaf ends depends on when it was written. So a record has the entries of
// all leaves of a folio or of an agency, one behind the other:
//
//	[ ref, 8 bytes | slot, 1 byte | length | fact ] …   of a folio
//	[ ref, 8 bytes ] …                                  of an agency

// personFactSource has a record a folio, with the facts at the ordinal. It counts
// as a row a person of whom something was known.
func personFactSource(s *side, _ readmodel.Table) recordSource {
	var folio int64
	var facts sql.RawBytes
	to := []any{&folio, &facts}
	return recordSource{
		query: `SELECT folio, facts FROM leaf ORDER BY folio, last`,
		read: func(c *recordCursor) error {
			if err := c.rows.Scan(to...); err != nil {
				return err
			}
			var r *record
			return timeline.EachFact(facts, func(e timeline.FolioFact) {
				if e.Ref.Ord() > s.ord {
					return
				}
				if r == nil {
					r = c.recordForNumber(uint64(folio))
				}
				r.value = binary.LittleEndian.AppendUint64(r.value, uint64(e.Ref))
				r.value = binary.AppendUvarint(append(r.value, e.Slot), uint64(len(e.Fact)))
				r.value = append(r.value, e.Fact...)
			})
		},
		count: func(r *record) (n int) {
			var seen [timeline.FolioSize]bool
			for e := range folioEntries(r) {
				if !seen[e.Slot] {
					seen[e.Slot] = true
					n++
				}
			}
			return n
		},
		words: func(r *record) ([]describedRow, error) {
			var packed [timeline.FolioSize][]byte
			var refs [timeline.FolioSize][]timeline.Ref
			for e := range folioEntries(r) {
				packed[e.Slot] = fmt.Appendf(packed[e.Slot], "%v:%x ", e.Ref, e.Fact)
				refs[e.Slot] = append(refs[e.Slot], e.Ref)
			}
			first := binary.BigEndian.Uint64(r.key) * timeline.FolioSize
			var rows []describedRow
			for slot, b := range packed {
				if b != nil {
					rows = append(rows, describedRow{fmt.Sprintf("%08x", first+uint64(slot)), string(b),
						func() ([]timeline.Ref, error) { return slices.Compact(refs[slot]), nil }})
				}
			}
			return rows, nil
		},
	}
}

// folioEntries yields the entries of the record of a folio.
func folioEntries(r *record) func(yield func(timeline.FolioFact) bool) {
	return func(yield func(timeline.FolioFact) bool) {
		for b := r.value; len(b) > 0; {
			size, n := binary.Uvarint(b[9:])
			end := 9 + n + int(size)
			if !yield(timeline.FolioFact{Ref: timeline.Ref(binary.LittleEndian.Uint64(b)), Slot: b[8], Fact: b[9+n : end]}) {
				return
			}
			b = b[end:]
		}
	}
}

// agencyEventSource has a record an agency, with its events at the ordinal.
func agencyEventSource(s *side, _ readmodel.Table) recordSource {
	var agency int64
	var events sql.RawBytes
	to := []any{&agency, &events}
	return recordSource{
		query: `SELECT agency, events FROM agency_leaf ORDER BY agency, last`,
		read: func(c *recordCursor) error {
			if err := c.rows.Scan(to...); err != nil {
				return err
			}
			var r *record
			return timeline.ReadRefs(events, func(ref timeline.Ref) {
				if ref.Ord() > s.ord {
					return
				}
				if r == nil {
					r = c.recordForNumber(uint64(agency))
				}
				r.value = appendNumbers(r.value, int64(ref))
			})
		},
		words: func(r *record) ([]describedRow, error) {
			value := []byte(nil)
			for i := range len(r.value) / 8 {
				value = fmt.Appendf(value, "%v ", timeline.Ref(numberAt(r.value, i)))
			}
			return []describedRow{{key: hex.EncodeToString(r.key), value: string(value)}}, nil
		},
	}
}
