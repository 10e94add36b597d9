package readmodel

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/timeline"
)

// Post returns the timeline of a post as known at an ordinal; ErrUnknown when
// no event has named the post.
func (r *Reader) Post(ctx context.Context, name string, known uint64) (*timeline.Post, error) {
	var facts []byte
	if err := queryValue(ctx, r.generation, &facts, postQuery, name); err != nil {
		return nil, fmt.Errorf("post %q: %w", name, err)
	}
	return timeline.ReadPost(facts, known)
}

// PostName returns the name of the post with a number.
func (r *Reader) PostName(ctx context.Context, no timeline.Number) (string, error) {
	return r.nameOf(ctx, "post", postNameQuery, no)
}

// Leaves returns the leaves of a folio that end after an event, in log order.
func (r *Reader) FolioLeaves(ctx context.Context, folio uint32, after timeline.Ref) (leaves [][]byte, err error) {
	err = r.eachRow(ctx, func(rows Rows) error {
		var b []byte
		err := rows.Scan(&b)
		leaves = append(leaves, b)
		return err
	}, leavesQuery, int64(folio), int64(after))
	return leaves, err
}

// PostsUnder calls yield with the posts that lay in the divisions under a prefix
// as known at an ordinal, and under the empty prefix also with those that were
// not known to be anywhere.
func (r *Reader) PostsUnder(ctx context.Context, prefix string, known uint64, yield func(no timeline.Number, name string, p *timeline.Post)) error {
	prefix = division.Trim(prefix)
	// One that has moved is found by a division that holds all its places.
	args := []any{prefix, prefix + ":", string(Anywhere)}
	for _, digits := range []int{2, 4, 6, 9} {
		above := Anywhere
		if digits < len(prefix) {
			above = division.Code(prefix[:digits] + "0000000000"[:12-digits])
		}
		args = append(args, string(above))
	}
	return r.eachRow(ctx, func(rows Rows) error {
		var no timeline.Number
		var name string
		var facts sql.RawBytes
		if err := rows.Scan(&no, &name, &facts); err != nil {
			return err
		}
		p, err := timeline.ReadPost(facts, known)
		if err != nil {
			return fmt.Errorf("post %q: %w", name, err)
		}
		if a, _ := p.Attributes(); a.Division.Under(prefix) {
			yield(no, name, p)
		}
		return nil
	}, postsUnderQuery, args...)
}

// Run returns the name of the pay run with a number.
func (r *Reader) RunName(ctx context.Context, no timeline.Number) (string, error) {
	return r.nameOf(ctx, "run", runQuery, no)
}

func (r *Reader) nameOf(ctx context.Context, what, query string, no timeline.Number) (name string, err error) {
	if err := queryValue(ctx, r.generation, &name, query, int64(no)); err != nil {
		return "", fmt.Errorf("%s number %d: %w", what, no, err)
	}
	return name, nil
}

// Agency calls yield with the events of an agency known at an ordinal, in log
// order, beginning after a Ref; yield returns false to stop. ErrUnknown says
// that the agency has submitted none.
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
	}, agencyLeavesQuery, no, int64(after))
}

// Void says which event replaced or withdrew the event with a key hash, and which
// event that was, whenever they came; each is 0 while there is none.
func (r *Reader) Retraction(ctx context.Context, key [16]byte) (by, target timeline.Ref, err error) {
	err = r.eachRow(ctx, func(rows Rows) error { return rows.Scan(&by, &target) }, retractionQuery, key[:])
	return by, target, err
}

// About returns the timelines that an event says something about, those that it
// was left out of included.
func (r *Reader) SubjectsOf(ctx context.Context, ref timeline.Ref) ([]timeline.Subject, error) {
	var subjects []byte
	if err := queryValue(ctx, r.generation, &subjects, subjectsQuery, int64(ref.Ord())); err != nil {
		return nil, err
	}
	return timeline.ReadSubjects(subjects, ref.Index())
}

// PlanKey returns what the plan line with a number is for.
func (r *Reader) PlanKey(ctx context.Context, no uint32) (k timeline.PlanKey, err error) {
	found := false
	err = r.eachRow(ctx, func(rows Rows) error {
		found = true
		return rows.Scan(&k.Division, &k.Year, &k.Area)
	}, planQuery, int64(no))
	if err == nil && !found {
		err = fmt.Errorf("plan line %d: %w", no, ErrUnknown)
	}
	return k, err
}
