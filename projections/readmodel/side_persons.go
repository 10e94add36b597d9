package readmodel

import (
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/muster-works/muster/projections/timeline"
)

// The tables that say who has which number have a record a folio and a bucket. It
// stands for a row a person, of namedSize bytes: the event that named the person
// first, and what the entry says. Persons who came after the ordinal are left out.

const namedSize = 24

// persons has records of pseudonyms, in the order of the slots.
func (s *side) persons() source {
	return s.whole(`SELECT folio, ids FROM person ORDER BY folio, last`,
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

// bearers has records of numbers with halves of hashes.
func (s *side) bearers() source {
	return s.whole(`SELECT bucket, persons FROM bearer ORDER BY bucket, last`,
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

// whole returns a source whose records are of all leaves of a folio or a bucket.
// Read asks at for the record to add to, nil where an event came later; tell puts
// what the i-th entry says in words.
func (s *side) whole(query string, read func(leaf []byte, at func(timeline.Ref) *record) error, tell func(of uint64, i int, said []byte) (key, value string)) source {
	var of int64
	var leaf sql.RawBytes
	to := []any{&of, &leaf}
	return source{
		query: query,
		read: func(c *cursor) error {
			if err := c.rows.Scan(to...); err != nil {
				return err
			}
			var r *record
			return read(leaf, func(ref timeline.Ref) *record {
				if ref.Ord() > s.ord {
					return nil
				}
				if r == nil {
					r = c.numbered(uint64(of))
				}
				return r
			})
		},
		count: func(r *record) int { return len(r.value) / namedSize },
		words: func(r *record) (rows []row, err error) {
			of, i := binary.BigEndian.Uint64(r.key), 0
			for entry := range slices.Chunk(r.value, namedSize) {
				ref := timeline.Ref(numberAt(entry, 0))
				key, value := tell(of, i, entry[8:])
				rows = append(rows, row{key, fmt.Sprintf("%v:%s", ref, value), func() ([]timeline.Ref, error) { return []timeline.Ref{ref}, nil }})
				i++
			}
			slices.SortStableFunc(rows, func(a, b row) int { return strings.Compare(a.key, b.key) })
			return rows, nil
		},
	}
}
