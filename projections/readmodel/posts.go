package readmodel

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/timeline"
)

const (
	postQuery       = `SELECT facts FROM post WHERE name = ?`
	postNameQuery   = `SELECT name FROM post WHERE no = ?`
	postsUnderQuery = `SELECT no, name, facts FROM post WHERE division >= ? AND division < ? OR division IN (?, ?, ?, ?, ?)`
	postSizesQuery  = `SELECT no, length(facts) FROM post WHERE no > ? ORDER BY no`
	postFactsQuery  = `SELECT no, name, facts FROM post WHERE no BETWEEN ? AND ? ORDER BY no`
	planKeyQuery    = `SELECT division, year, area FROM plan_line WHERE no = ?`
)

// Post returns the timeline of a post as known at an ordinal. It fails with
// ErrUnknown if no event has named the post.
func (r *Reader) Post(ctx context.Context, name string, known uint64) (*timeline.Post, error) {
	var facts []byte
	if err := queryValue(ctx, r.generation, &facts, postQuery, name); err != nil {
		return nil, fmt.Errorf("post %q: %w", name, err)
	}
	return timeline.ReadPost(facts, known)
}

// PostName returns the name of the post with a number; ErrUnknown if there is none.
func (r *Reader) PostName(ctx context.Context, no timeline.Number) (string, error) {
	return r.nameOf(ctx, "post", postNameQuery, no)
}

// PostsUnder calls yield with the posts that lie in the divisions under a prefix on any
// day, as known at an ordinal, in no order. On which days they do is for the caller to ask
// ([timeline.Post.Periods]). Under the empty prefix these are all posts, those that are not
// known to lie anywhere included.
func (r *Reader) PostsUnder(ctx context.Context, prefix string, known uint64, yield func(no timeline.Number, name string, p *timeline.Post)) error {
	prefix = division.Trim(prefix)
	// A post that has moved has the division that holds all its places: that is one
	// of those above the prefix, or none.
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
		if prefix == "" || p.Periods().Lie(prefix, 0, 0) {
			yield(no, name, p)
		}
		return nil
	}, postsUnderQuery, args...)
}

// PostSizes calls yield with the number of every post and the size of its packed
// facts in bytes, by number. Since facts are only ever added, a post has changed if
// its size has.
func (r *Reader) PostSizes(ctx context.Context, yield func(no timeline.Number, size int)) error {
	return r.eachRow(ctx, func(rows Rows) error {
		var no timeline.Number
		var size int
		err := rows.Scan(&no, &size)
		yield(no, size)
		return err
	}, postSizesQuery, 0)
}

// PostFacts calls yield with the names and the packed facts of the posts with the
// numbers from first to last, both included, by number. The facts are good until
// yield returns.
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

// PlanKey returns the division, year and area of the plan line with a number;
// ErrUnknown if there is none.
func (r *Reader) PlanKey(ctx context.Context, no uint32) (k timeline.PlanKey, err error) {
	found := false
	err = r.eachRow(ctx, func(rows Rows) error {
		found = true
		return rows.Scan(&k.Division, &k.Year, &k.Area)
	}, planKeyQuery, int64(no))
	if err == nil && !found {
		err = fmt.Errorf("plan line %d: %w", no, ErrUnknown)
	}
	return k, err
}

// nameOf returns the name that a query finds for a number; what says of what it is.
func (r *Reader) nameOf(ctx context.Context, what, query string, no timeline.Number) (name string, err error) {
	if err := queryValue(ctx, r.generation, &name, query, int64(no)); err != nil {
		return "", fmt.Errorf("%s number %d: %w", what, no, err)
	}
	return name, nil
}
