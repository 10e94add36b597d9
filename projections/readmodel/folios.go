package readmodel

import (
	"context"

	"github.com/muster-works/muster/projections/timeline"
)

const foliosQuery = `SELECT no FROM folio WHERE county >= ? AND county < ?`

// Folios returns the folios of the counties under a prefix of up to six digits.
// A folio holds persons whose first event was about its county, so those of a
// county are all who came there, and not all who are there.
func (r *Reader) Folios(ctx context.Context, prefix string) (folios []uint32, err error) {
	err = r.each(ctx, func(rows Rows) error {
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
