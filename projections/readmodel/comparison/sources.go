package comparison

import (
	"encoding/binary"

	"github.com/muster-works/muster/projections/readmodel"
)

// A recordSource says how the records of a table are read on one side. It serves
// one walk, since its functions share what they scan into.
type recordSource struct {
	// query asks for the rows of the store, in the order of the keys of records.
	query string
	// read adds the row that the rows of the cursor stand at to the records of the
	// cursor.
	read func(*recordCursor) error
	// count returns how many rows a record has; if it is nil, each has one.
	count func(*record) int
	// words takes a record apart and puts its rows in words, in the order of their
	// keys.
	words func(*record) ([]describedRow, error)
}

// sources has the source of records for each kind of contents that is compared.
var sources = map[readmodel.Contents]func(*side, readmodel.Table) recordSource{
	readmodel.Commits:       commitSource,
	readmodel.Retractions:   retractionSource,
	readmodel.PostTimelines: postSource,
	readmodel.PlanTimelines: planSource,
	readmodel.PersonFacts:   personFactSource,
	readmodel.AgencyEvents:  agencyEventSource,
	readmodel.Pseudonyms:    pseudonymSource,
	readmodel.Bearers:       bearerSource,
	readmodel.Names:         nameSource,
	readmodel.Deltas:        deltaSource,
	readmodel.Spans:         spanSource,
}

// notCompared has the other kinds of contents, with the reason why they are not
// compared.
var notCompared = map[readmodel.Contents]string{
	readmodel.Bookkeeping: "depends on when and by whom the generation was built",
	readmodel.SetAsides:   "an operator decides it for each generation; a report lists the events set aside",
	readmodel.Cells:       "generations with other views number cells otherwise; rows of views are compared by what their cells say",
}

// rowCount returns how many rows a record has.
func (s *recordSource) rowCount(r *record) int {
	if s.count == nil {
		return 1
	}
	return s.count(r)
}

// describe puts the rows of a record in words, none if it is nil.
func (s *recordSource) describe(r *record) ([]describedRow, error) {
	if r == nil {
		return nil, nil
	}
	return s.words(r)
}

// appendNumbers appends numbers in eight bytes each.
func appendNumbers(b []byte, numbers ...int64) []byte {
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return b
}

// numberAt returns the i-th number that appendNumbers appended.
func numberAt(b []byte, i int) int64 { return int64(binary.LittleEndian.Uint64(b[8*i:])) }
