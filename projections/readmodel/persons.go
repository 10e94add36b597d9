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

// A person is found in three steps, each of which reads the leaves of one owner:
//
//	pseudonym ─hash→ bucket ─table bearer→ number ─>>8→ folio ─table leaf→ facts
//	number    ─>>8→  folio  ─table person→ pseudonym
//
// Those of one folio mostly are of one county, so what is asked of many persons
// reads few folios.

const (
	foliosQuery      = `SELECT no FROM folio WHERE county >= ? AND county < ?`
	folioEndsQuery   = `SELECT f.no, coalesce((SELECT max(l.last) FROM leaf l WHERE l.folio = f.no), 0) FROM folio f WHERE f.no > ? ORDER BY f.no`
	folioLeavesQuery = `SELECT facts FROM leaf WHERE folio = ? AND last > ? ORDER BY last`
	pseudonymsQuery  = `SELECT ids FROM person WHERE folio = ? ORDER BY last`
	bearersQuery     = `SELECT persons FROM bearer WHERE bucket = ? ORDER BY last`
)

// Person returns the timeline of a person as known at an ordinal. It fails with
// ErrUnknown if no event has named the person.
func (r *Reader) Person(ctx context.Context, id uuid.UUID, known uint64) (*timeline.Person, error) {
	no, err := r.personNumber(ctx, id)
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

// Persons calls yield with the timelines of the persons with given numbers as known
// at an ordinal, by number. Persons of whom nothing was known are left out.
func (r *Reader) Persons(ctx context.Context, numbers []timeline.Number, known uint64, yield func(timeline.Number, *timeline.Person)) error {
	wanted := slices.Compact(slices.Sorted(slices.Values(numbers)))
	for len(wanted) > 0 {
		folio, _ := wanted[0].Folio()
		n := 1
		for n < len(wanted) && uint32(wanted[n])/timeline.FolioSize == folio {
			n++
		}
		if err := r.personsOfFolio(ctx, folio, wanted[:n], known, yield); err != nil {
			return err
		}
		wanted = wanted[n:]
	}
	return nil
}

// personsOfFolio is Persons for numbers of one folio.
func (r *Reader) personsOfFolio(ctx context.Context, folio uint32, numbers []timeline.Number, known uint64, yield func(timeline.Number, *timeline.Person)) error {
	leaves, err := r.FolioLeaves(ctx, folio, 0)
	if err != nil {
		return err
	}
	var want [timeline.FolioSize]bool
	for _, no := range numbers {
		_, slot := no.Folio()
		want[slot] = true
	}
	all, err := timeline.ReadFolio(leaves, known, func(slot byte) bool { return want[slot] })
	if err != nil {
		return err
	}
	for _, no := range numbers {
		_, slot := no.Folio()
		if p := all[slot]; p != nil {
			yield(no, p)
		}
	}
	return nil
}

// PersonIDs returns the pseudonyms of the persons with given numbers, in the order
// of the numbers. It fails with ErrUnknown if no person has one of the numbers.
func (r *Reader) PersonIDs(ctx context.Context, numbers []timeline.Number) ([]uuid.UUID, error) {
	folios := map[uint32][]uuid.UUID{}
	ids := make([]uuid.UUID, len(numbers))
	for i, no := range numbers {
		folio, slot := no.Folio()
		in, read := folios[folio]
		if !read {
			var err error
			if in, err = r.folioPseudonyms(ctx, folio); err != nil {
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

// folioPseudonyms returns the pseudonyms of the persons of a folio by slot.
func (r *Reader) folioPseudonyms(ctx context.Context, folio uint32) (ids []uuid.UUID, err error) {
	err = r.eachLeaf(ctx, pseudonymsQuery, int64(folio), func(leaf []byte) error {
		return timeline.ReadPseudonyms(leaf, func(_ timeline.Ref, id [16]byte) { ids = append(ids, id) })
	})
	return ids, err
}

// personNumber returns the number of a person. Two pseudonyms seldom have the same
// half of a hash, so hardly more than one pseudonym is looked up.
func (r *Reader) personNumber(ctx context.Context, id uuid.UUID) (timeline.Number, error) {
	hash := timeline.PersonHash(id)
	var candidates []timeline.Number
	err := r.eachLeaf(ctx, bearersQuery, int64(timeline.Bucket(hash)), func(leaf []byte) error {
		return timeline.ReadBearers(leaf, func(b timeline.Bearer) {
			if b.Half == uint32(hash) {
				candidates = append(candidates, b.No)
			}
		})
	})
	if err != nil {
		return 0, err
	}
	ids, err := r.PersonIDs(ctx, candidates)
	if errors.Is(err, ErrUnknown) { // the number is known: both were written at once
		err = fmt.Errorf("a person has no pseudonym: %w: %w", timeline.ErrDamaged, err)
	}
	if err != nil {
		return 0, err
	}
	if i := slices.Index(ids, id); i >= 0 {
		return candidates[i], nil
	}
	return 0, ErrUnknown
}

// Folios returns the folios of the counties under a prefix of up to six digits, in
// no order. A person stays in the folio of the county that the first event about
// the person was about, so the folios of a county hold all who came there, and not
// all who are there.
func (r *Reader) Folios(ctx context.Context, prefix string) (folios []uint32, err error) {
	err = r.eachRow(ctx, func(rows Rows) error {
		var no uint32
		err := rows.Scan(&no)
		folios = append(folios, no)
		return err
	}, foliosQuery, prefix, prefix+":")
	return folios, err
}

// FolioPersons returns the numbers of the persons of a folio, those that no person
// has yet included.
func FolioPersons(folio uint32) []timeline.Number {
	numbers := make([]timeline.Number, timeline.FolioSize)
	for slot := range numbers {
		numbers[slot] = timeline.Number(folio*timeline.FolioSize + uint32(slot))
	}
	return numbers
}

// FolioEnds calls yield with every folio and the last event in it, 0 if it has
// none, by number. It tells what is new in few pages.
func (r *Reader) FolioEnds(ctx context.Context, yield func(folio uint32, last timeline.Ref)) error {
	return r.eachRow(ctx, func(rows Rows) error {
		var no uint32
		var last timeline.Ref
		err := rows.Scan(&no, &last)
		yield(no, last)
		return err
	}, folioEndsQuery, -1)
}

// FolioLeaves returns the leaves of a folio that end after an event, in log order.
func (r *Reader) FolioLeaves(ctx context.Context, folio uint32, after timeline.Ref) (leaves [][]byte, err error) {
	err = r.eachRow(ctx, func(rows Rows) error {
		var b []byte
		err := rows.Scan(&b)
		leaves = append(leaves, b)
		return err
	}, folioLeavesQuery, int64(folio), int64(after))
	return leaves, err
}

// eachLeaf calls yield with the leaves that a query finds for an owner, in log
// order. A leaf is good until yield returns.
func (r *Reader) eachLeaf(ctx context.Context, query string, owner int64, yield func(leaf []byte) error) error {
	return r.eachRow(ctx, func(rows Rows) error {
		var leaf sql.RawBytes
		if err := rows.Scan(&leaf); err != nil {
			return err
		}
		return yield(leaf)
	}, query, owner)
}
