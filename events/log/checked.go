package log

import (
	"context"
	"fmt"
	"iter"
)

// A Driver stores a log. Its methods make the promises of [Log]. Only the package of
// a driver uses a Driver; all other code uses the Log that [Checked] makes of it.
type Driver interface {
	Append(ctx context.Context, c Commit, expected Revision) (Position, Revision, error)
	Read(ctx context.Context, from Position, f Filter) iter.Seq2[Commit, error]
	Follow(ctx context.Context, from Position, f Filter) iter.Seq2[Commit, error]
	Head(ctx context.Context, f Filter) (Position, Revision, error)
	Close() error
}

// Checked returns the Log that d stores. It ends a call with [ErrCorrupt] if d
// returns something that no append can have written:
//
//   - a commit without an ID, without events, on a malformed boundary, or on a boundary that
//     the filter does not select;
//   - a position that is zero, that belongs to an event inside a commit, or that does not lie
//     after the previous commit;
//   - a revision that is zero, or that does not lie after the previous revision of the
//     boundary.
//
// The checks are made here for all drivers and all callers, because otherwise such a
// fault of a driver would be folded, counted and copied. Checked does not look at the
// bytes of events: [DecodeBatch] and the drivers check these.
//
// Log has an unexported method, so that only Checked can make a Log. A type that
// wraps a Log embeds it.
func Checked(d Driver) Log { return checked{d} }

// WithDriver returns a Log whose driver is the result of wrap for the driver of l. It
// serves tests of faulty drivers.
func WithDriver(l Log, wrap func(Driver) Driver) Log { return checked{wrap(l.driver())} }

type checked struct{ inner Driver }

func (l checked) driver() Driver { return l.inner }

// Append implements Log.
func (l checked) Append(ctx context.Context, c Commit, expected Revision) (Position, Revision, error) {
	position, revision, err := l.inner.Append(ctx, c, expected)
	if err == nil && (position.IsZero() || position.Index() != 0 || revision <= expected) {
		err = fmt.Errorf("%w: commit %q on %s was appended after revision %d and is said to be at position %s, revision %d",
			ErrCorrupt, c.ID, c.Boundary, expected, position, revision)
	}
	if err != nil {
		return Position{}, 0, err
	}
	return position, revision, nil
}

// Head implements Log.
func (l checked) Head(ctx context.Context, f Filter) (Position, Revision, error) {
	position, revision, err := l.inner.Head(ctx, f)
	if err == nil && (position.IsZero() != (revision == 0) || position.Index() != 0) {
		err = fmt.Errorf("%w: the last commit is said to be at position %s, revision %d", ErrCorrupt, position, revision)
	}
	if err != nil {
		return Position{}, 0, err
	}
	return position, revision, nil
}

// Read implements Log.
func (l checked) Read(ctx context.Context, from Position, f Filter) iter.Seq2[Commit, error] {
	return checkedCommits(l.inner.Read(ctx, from, f), from, f)
}

// Follow implements Log.
func (l checked) Follow(ctx context.Context, from Position, f Filter) iter.Seq2[Commit, error] {
	return checkedCommits(l.inner.Follow(ctx, from, f), from, f)
}

// Close implements Log.
func (l checked) Close() error { return l.inner.Close() }

// checkedCommits yields commits up to the first that no append can have written after
// from; it yields ErrCorrupt in its place.
func checkedCommits(commits iter.Seq2[Commit, error], from Position, f Filter) iter.Seq2[Commit, error] {
	return func(yield func(Commit, error) bool) {
		s := sequenceChecker{filter: f, position: from.Commit(), revisions: map[string]Revision{}}
		for c, err := range commits {
			if err == nil {
				err = s.next(c)
			}
			if err != nil {
				yield(Commit{}, err)
				return
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}

// A sequenceChecker holds what a reader has seen so far.
type sequenceChecker struct {
	filter    Filter
	position  Position            // position of the last commit, or where reading began
	revisions map[string]Revision // last revision of each boundary
}

// next returns ErrCorrupt if c cannot be the next commit.
func (s *sequenceChecker) next(c Commit) error {
	switch {
	case c.ID == "":
		return s.impossible(c, "it has no id")
	case !validBoundary(c.Boundary):
		return s.impossible(c, "its boundary is malformed")
	case !s.filter.Matches(c.Boundary):
		return s.impossible(c, "boundary "+s.filter.Boundary+" was asked for")
	case len(c.Events) == 0:
		return s.impossible(c, "it has no events")
	case c.Position.IsZero():
		return s.impossible(c, "its position is zero")
	case c.Position.Index() != 0:
		return s.impossible(c, "its position is that of an event inside a commit")
	case c.Position.Compare(s.position) <= 0:
		return s.impossible(c, "its position does not lie behind the one before")
	case c.Revision == 0:
		return s.impossible(c, "its revision is zero")
	case c.Revision <= s.revisions[c.Boundary]:
		return s.impossible(c, fmt.Sprintf("its boundary was at revision %d before", s.revisions[c.Boundary]))
	}
	s.position, s.revisions[c.Boundary] = c.Position, c.Revision
	return nil
}

func (s *sequenceChecker) impossible(c Commit, why string) error {
	return fmt.Errorf("%w: what was read after position %s cannot have been appended: %s (commit %q on boundary %q at position %s, revision %d, %d events)",
		ErrCorrupt, s.position, why, c.ID, c.Boundary, c.Position, c.Revision, len(c.Events))
}
