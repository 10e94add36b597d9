package readmodel

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/muster-works/muster/projections/timeline"
)

const (
	agencyQuery       = `SELECT no FROM agency WHERE name = ?`
	agencyEventsQuery = `SELECT events FROM agency_leaf WHERE agency = ? AND last > ? ORDER BY last`
	retractionQuery   = `SELECT by, coalesce(target, 0) FROM void WHERE key = ?`
	subjectsQuery     = `SELECT subjects FROM commits WHERE ord = ?`
	runNameQuery      = `SELECT name FROM run WHERE no = ?`
)

// AgencyEvents calls yield with the events of an agency that come after a ref and
// were known at an ordinal, in log order. If yield returns false, no more events
// follow. AgencyEvents fails with ErrUnknown if no event is of the agency.
func (r *Reader) AgencyEvents(ctx context.Context, name string, after timeline.Ref, known uint64, yield func(timeline.Ref) bool) error {
	var no int64
	if err := queryValue(ctx, r.generation, &no, agencyQuery, name); err != nil {
		return fmt.Errorf("agency %q: %w", name, err)
	}
	more := true
	return r.eachRow(ctx, func(rows Rows) error {
		var leaf sql.RawBytes
		if err := rows.Scan(&leaf); err != nil || !more {
			return err
		}
		return timeline.ReadRefs(leaf, func(ref timeline.Ref) {
			if more && ref > after {
				more = ref.Ord() <= known && yield(ref)
			}
		})
	}, agencyEventsQuery, no, int64(after))
}

// Retraction returns the event by which the event with a key hash was replaced or
// withdrawn, and the event that has the key. Each is 0 if there is none yet. Both
// are as the generation shows them now; compare their ordinals to what is known.
func (r *Reader) Retraction(ctx context.Context, key [16]byte) (by, target timeline.Ref, err error) {
	err = r.eachRow(ctx, func(rows Rows) error { return rows.Scan(&by, &target) }, retractionQuery, key[:])
	return by, target, err
}

// SubjectsOf returns the timelines that an event says something about, whether the
// event still counts in them or was replaced or withdrawn. It fails with ErrUnknown
// if there is no such commit.
func (r *Reader) SubjectsOf(ctx context.Context, ref timeline.Ref) ([]timeline.Subject, error) {
	var subjects []byte
	if err := queryValue(ctx, r.generation, &subjects, subjectsQuery, int64(ref.Ord())); err != nil {
		return nil, err
	}
	return timeline.ReadSubjects(subjects, ref.Index())
}

// RunName returns the name of the pay run with a number; ErrUnknown if there is
// none.
func (r *Reader) RunName(ctx context.Context, no timeline.Number) (string, error) {
	return r.nameOf(ctx, "run", runNameQuery, no)
}
