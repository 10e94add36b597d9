package readmodel

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/muster-works/muster/projections/timeline"
)

// PersonIDs returns the pseudonyms of the persons with given numbers, in their
// order. Those of one folio, which mostly are of one county, cost little more than
// one. ErrUnknown says that a number was not given.
func (r *Reader) PersonIDs(ctx context.Context, numbers []timeline.Number) ([]uuid.UUID, error) {
	folios := map[uint32][]uuid.UUID{}
	ids := make([]uuid.UUID, len(numbers))
	for i, no := range numbers {
		folio, slot := no.Folio()
		in, read := folios[folio]
		if !read {
			var err error
			if in, err = r.folioIDs(ctx, folio); err != nil {
				return nil, err
			}
			folios[folio] = in
		}
		if int(slot) >= len(in) {
			return nil, fmt.Errorf("person number %d: %w", no, ErrUnknown)
		}
		ids[i] = in[slot]
	}
	return ids, nil
}

// folioIDs returns the pseudonyms of the persons of a folio by slot.
func (r *Reader) folioIDs(ctx context.Context, folio uint32) (ids []uuid.UUID, err error) {
	err = r.eachLeaf(ctx, pseudonymsQuery, int64(folio), func(leaf []byte) error {
		return timeline.ReadPseudonyms(leaf, func(_ timeline.Ref, id [16]byte) { ids = append(ids, id) })
	})
	return ids, err
}

// numberOf returns the number of a person. Halves of hashes are seldom equal, so
// hardly more than one pseudonym is looked up.
func (r *Reader) numberOf(ctx context.Context, id uuid.UUID) (timeline.Number, error) {
	hash := timeline.PersonHash(id)
	var alike []timeline.Number
	err := r.eachLeaf(ctx, bearersQuery, int64(timeline.Bucket(hash)), func(leaf []byte) error {
		return timeline.ReadBearers(leaf, func(b timeline.Bearer) {
			if b.Half == uint32(hash) {
				alike = append(alike, b.No)
			}
		})
	})
	if err != nil {
		return 0, err
	}
	ids, err := r.PersonIDs(ctx, alike)
	if errors.Is(err, ErrUnknown) { // the number is: both were written at once
		err = fmt.Errorf("a person has no pseudonym: %w: %v", timeline.ErrDamaged, err)
	}
	if err != nil {
		return 0, err
	}
	if i := slices.Index(ids, id); i >= 0 {
		return alike[i], nil
	}
	return 0, ErrUnknown
}

// leavesOf calls yield with the leaves that a question finds for a number, in log
// order. They are good until yield returns.
func (r *Reader) eachLeaf(ctx context.Context, query string, of int64, yield func(leaf []byte) error) error {
	return r.eachRow(ctx, func(rows Rows) error {
		var leaf sql.RawBytes
		if err := rows.Scan(&leaf); err != nil {
			return err
		}
		return yield(leaf)
	}, query, of)
}

// Person returns the timeline of a person as known at an ordinal; ErrUnknown
// when no event has named the person.
func (r *Reader) Person(ctx context.Context, id uuid.UUID, known uint64) (*timeline.Person, error) {
	no, err := r.numberOf(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("person %s: %w", id, err)
	}
	folio, slot := no.Folio()
	leaves, err := r.FolioLeaves(ctx, folio, 0)
	if err != nil {
		return nil, err
	}
	return timeline.ReadPerson(leaves, slot, known)
}

// Persons calls yield with the timelines of the persons with given numbers, as
// known at an ordinal, by number. Those of one folio, which mostly are of one
// county, cost little more than one.
func (r *Reader) Persons(ctx context.Context, numbers []timeline.Number, known uint64, yield func(timeline.Number, *timeline.Person)) error {
	wanted := slices.Compact(slices.Sorted(slices.Values(numbers)))
	for len(wanted) > 0 {
		folio, _ := wanted[0].Folio()
		n := 1
		for n < len(wanted) && uint32(wanted[n])/timeline.FolioSize == folio {
			n++
		}
		leaves, err := r.FolioLeaves(ctx, folio, 0)
		if err != nil {
			return err
		}
		var want [timeline.FolioSize]bool
		for _, no := range wanted[:n] {
			_, slot := no.Folio()
			want[slot] = true
		}
		all, err := timeline.ReadFolio(leaves, known, func(slot byte) bool { return want[slot] })
		if err != nil {
			return err
		}
		for _, no := range wanted[:n] {
			_, slot := no.Folio()
			if p := all[slot]; p != nil {
				yield(no, p)
			}
		}
		wanted = wanted[n:]
	}
	return nil
}
