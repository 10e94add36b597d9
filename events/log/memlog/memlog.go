// Package memlog implements the event log in memory. It keeps all promises of package
// log except that commits do not outlive the process. It serves tests, dry runs and
// comparisons. The conformance suite compares the other drivers with it.
//
// The life of a commit:
//
//  1. Append checks the limits of package log.
//  2. Append locks the log and compares the expected revision with the last
//     revision of the boundary. If they are equal, the commit is appended. If the
//     commit that follows the expected revision has the same ID, this is a retry,
//     and its position is returned. Otherwise the result is a conflict.
//  3. The events are copied. The commit gets the next position and the current
//     time, and is appended to the list of all commits.
//  4. Followers are woken. Readers take commits from the list by index.
//
// Positions and revisions count commits from 1. A retry is recognised as long as
// the log exists. Calls fail with log.ErrUnavailable only after the log is closed.
package memlog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/muster-works/muster/events/log"
)

// A Log stores commits in memory. New makes one. It is safe for concurrent use.
type Log struct {
	log.Log
	store *store
}

// A store is the driver of a Log.
type store struct {
	now func() time.Time

	mu         sync.Mutex
	commits    []log.Commit
	boundaries map[string][]log.Revision // ascending; a revision is an index into commits, plus 1
	grown      chan struct{}             // closed and replaced by each append
	closed     bool
}

var _ log.Log = (*Log)(nil)

// An Option changes the log that New returns.
type Option func(*store)

// WithClock makes now the source of timestamps, in place of time.Now. The log never
// calls now concurrently.
func WithClock(now func() time.Time) Option { return func(l *store) { l.now = now } }

// New returns an empty log.
func New(options ...Option) *Log {
	l := &store{
		now:        time.Now,
		boundaries: make(map[string][]log.Revision),
		grown:      make(chan struct{}),
	}
	for _, o := range options {
		o(l)
	}
	return &Log{log.Checked(l), l}
}

// Verify returns nil if the commit at pos has the given id, and log.ErrForeign
// otherwise. The zero position belongs to every log.
func (l *Log) Verify(ctx context.Context, pos log.Position, id string) error {
	return l.store.verify(ctx, pos, id)
}

// Append implements log.Driver. It copies the events of c. It returns log.ErrForeign
// for an expected revision that the boundary has not reached.
func (l *store) Append(ctx context.Context, c log.Commit, expected log.Revision) (log.Position, log.Revision, error) {
	if err := ctx.Err(); err != nil {
		return log.Position{}, 0, err
	}
	if err := c.Check(); err != nil {
		return log.Position{}, 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return log.Position{}, 0, errClosed
	}
	revisions := l.boundaries[c.Boundary]
	if next, _ := slices.BinarySearch(revisions, expected+1); next < len(revisions) {
		// A commit that was decided on the expected revision directly follows it. An
		// earlier append of c can therefore only be there.
		if first := l.commits[revisions[next]-1]; first.ID == c.ID {
			return first.Position, first.Revision, nil
		}
		return log.Position{}, 0, fmt.Errorf("%w: %s is at %d, expected %d",
			log.ErrConflict, c.Boundary, revisions[len(revisions)-1], expected)
	}
	if expected != 0 && (len(revisions) == 0 || revisions[len(revisions)-1] != expected) {
		return log.Position{}, 0, fmt.Errorf("%w: %s has not reached revision %d", log.ErrForeign, c.Boundary, expected)
	}

	c.Events = slices.Clone(c.Events)
	for i, e := range c.Events {
		c.Events[i] = slices.Clone(e)
	}
	c.Revision = log.Revision(len(l.commits) + 1)
	c.Position = log.At(uint64(c.Revision), 0)
	c.Recorded = c.Imported
	if c.Recorded.IsZero() {
		c.Recorded = l.now().UTC()
	}
	l.commits = append(l.commits, c)
	l.boundaries[c.Boundary] = append(revisions, c.Revision)
	close(l.grown)
	l.grown = make(chan struct{})
	return c.Position, c.Revision, nil
}

// Head implements log.Driver.
func (l *store) Head(ctx context.Context, f log.Filter) (log.Position, log.Revision, error) {
	if err := ctx.Err(); err != nil {
		return log.Position{}, 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return log.Position{}, 0, errClosed
	}
	last := log.Revision(len(l.commits))
	if f.Boundary != "" {
		last = 0
		if revisions := l.boundaries[f.Boundary]; len(revisions) > 0 {
			last = revisions[len(revisions)-1]
		}
	}
	if last == 0 {
		return log.Position{}, 0, nil
	}
	return l.commits[last-1].Position, last, nil
}

// verify implements Log.Verify.
func (l *store) verify(ctx context.Context, pos log.Position, id string) error {
	if pos.IsZero() || ctx.Err() != nil {
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.check(pos); err != nil {
		return err
	}
	major, _ := pos.Parts()
	if got := l.commits[major-1].ID; got != id {
		return fmt.Errorf("%w: commit at %s is %q, not %q", log.ErrForeign, pos, got, id)
	}
	return nil
}

// Close implements log.Driver. The garbage collector frees the commits.
func (l *store) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		close(l.grown)
	}
	return nil
}

// Read implements log.Driver.
func (l *store) Read(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		for c, err := range l.scan(ctx, from, f) {
			if errors.Is(err, errEnd) || !yield(c, err) {
				return
			}
		}
	}
}

// Follow implements log.Driver.
func (l *store) Follow(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		for c, err := range l.scan(ctx, from, f) {
			if errors.Is(err, errEnd) {
				continue
			}
			if !yield(c, err) {
				return
			}
		}
	}
}
