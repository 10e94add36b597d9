package readmodel

import (
	"context"
	"database/sql"

	"github.com/muster-works/muster/projections/timeline"
)

const foliosQuery = `SELECT no FROM folio WHERE county >= ? AND county < ?`

// Folios returns the folios of the counties under a prefix of up to six digits.
// A folio holds persons whose first event was about its county, so those of a
// county are all who came there, and not all who are there.
func (r *Reader) Folios(ctx context.Context, prefix string) (folios []uint32, err error) {
	err = r.eachRow(ctx, func(rows Rows) error {
		var no uint32
		err := rows.Scan(&no)
		folios = append(folios, no)
		return err
	}, foliosQuery, prefix, prefix+":")
	return folios, err
}

// FolioPersons returns the numbers of the persons of a folio, whether given or
// not.
func FolioPersons(folio uint32) []timeline.Number {
	numbers := make([]timeline.Number, timeline.FolioSize)
	for slot := range numbers {
		numbers[slot] = timeline.Number(folio*timeline.FolioSize + uint32(slot))
	}
	return numbers
}

// LeafEnds calls yield with every folio and the last event in it, by number. It
// tells what is new in few pages.
func (r *Reader) FolioEnds(ctx context.Context, yield func(folio uint32, last timeline.Ref)) error {
	return r.eachRow(ctx, func(rows Rows) error {
		var no uint32
		var last timeline.Ref
		err := rows.Scan(&no, &last)
		yield(no, last)
		return err
	}, folioEndsQuery, -1)
}

// PostSizes calls yield with every post and how many bytes its facts have, by
// number. Facts are only ever added.
func (r *Reader) PostSizes(ctx context.Context, yield func(no timeline.Number, size int)) error {
	return r.eachRow(ctx, func(rows Rows) error {
		var no timeline.Number
		var size int
		err := rows.Scan(&no, &size)
		yield(no, size)
		return err
	}, postSizesQuery, 0)
}

// PostFacts calls yield with the names and the packed facts of the posts with
// the numbers from first to last. The facts are good until yield returns.
func (r *Reader) PostFacts(ctx context.Context, first, last timeline.Number, yield func(no timeline.Number, name string, facts []byte) error) error {
	return r.eachRow(ctx, func(rows Rows) error {
		var no timeline.Number
		var name string
		var facts sql.RawBytes
		if err := rows.Scan(&no, &name, &facts); err != nil {
			return err
		}
		return yield(no, name, facts)
	}, postFactsQuery, int64(first), int64(last))
}
