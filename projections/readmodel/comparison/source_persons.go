package comparison

import (
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// The tables that say which person has which number have a record a folio or a
// bucket. It counts as a row a person; each takes personSize bytes, the ref of the
// event that named the person first and what the entry says. Persons who came
// after the ordinal are left out:
//
//	[ ref, 8 bytes | pseudonym, 16 bytes ] …                       of a folio
//	[ ref, 8 bytes | number, 8 bytes | half of hash, 8 bytes ] …   of a bucket

const personSize = 24

// pseudonymSource has a record a folio, with pseudonyms in the order of the slots.
func pseudonymSource(s *side, t readmodel.Table) recordSource {
	return s.ofPersons(t,
		func(leaf []byte, at func(timeline.Ref) *record) error {
			return timeline.ReadPseudonyms(leaf, func(ref timeline.Ref, id [16]byte) {
				if r := at(ref); r != nil {
					r.value = append(appendNumbers(r.value, int64(ref)), id[:]...)
				}
			})
		},
		func(folio uint64, slot int, said []byte) (key, value string) {
			return fmt.Sprintf("%08x", folio*timeline.FolioSize+uint64(slot)), uuid.UUID(said).String()
		})
}

// bearerSource has a record a bucket, with numbers and halves of hashes.
func bearerSource(s *side, t readmodel.Table) recordSource {
	return s.ofPersons(t,
		func(leaf []byte, at func(timeline.Ref) *record) error {
			return timeline.ReadBearers(leaf, func(b timeline.Bearer) {
				if r := at(b.Ref); r != nil {
					r.value = appendNumbers(r.value, int64(b.Ref), int64(b.No), int64(b.Half))
				}
			})
		},
		func(bucket uint64, _ int, said []byte) (key, value string) {
			return fmt.Sprintf("%03x:%08x", bucket, numberAt(said, 0)), fmt.Sprintf("%08x", numberAt(said, 1))
		})
}

// ofPersons returns the source of a table of leaves that has a record a folio or a
// bucket. read reads a leaf; it asks at for the record to add to, which is nil if
// the event came after the ordinal. words puts the i-th entry of the owner in words.
func (s *side) ofPersons(t readmodel.Table, read func(leaf []byte, at func(timeline.Ref) *record) error, words func(owner uint64, i int, entry []byte) (key, value string)) recordSource {
	var owner int64
	var last timeline.Ref
	var leaf sql.RawBytes
	to := []any{&owner, &last, &leaf}
	return recordSource{
		query: t.SelectLeaves(),
		read: func(c *recordCursor) error {
			if err := c.rows.Scan(to...); err != nil {
				return err
			}
			var r *record
			return read(leaf, func(ref timeline.Ref) *record {
				if ref.Ord() > s.ord {
					return nil
				}
				if r == nil {
					r = c.recordForNumber(uint64(owner))
				}
				return r
			})
		},
		count: func(r *record) int { return len(r.value) / personSize },
		words: func(r *record) (rows []describedRow, err error) {
			owner, i := binary.BigEndian.Uint64(r.key), 0
			for entry := range slices.Chunk(r.value, personSize) {
				ref := timeline.Ref(numberAt(entry, 0))
				key, value := words(owner, i, entry[8:])
				rows = append(rows, describedRow{key, fmt.Sprintf("%v:%s", ref, value), func() ([]timeline.Ref, error) { return []timeline.Ref{ref}, nil }})
				i++
			}
			slices.SortStableFunc(rows, func(a, b describedRow) int { return strings.Compare(a.key, b.key) })
			return rows, nil
		},
	}
}
