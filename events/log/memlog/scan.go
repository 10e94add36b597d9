package memlog

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/muster-works/muster/events/log"
)

var (
	errClosed = fmt.Errorf("%w: log is closed", log.ErrUnavailable)
	errEnd    = errors.New("end of the log for now")
)

// scan yields the commits that f selects after from. At the end of the log it yields
// errEnd; if the caller continues, it waits for more commits. Any other error is the
// last element.
func (l *store) scan(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		l.mu.Lock()
		err := l.check(from)
		l.mu.Unlock()
		if err != nil {
			yield(log.Commit{}, err)
			return
		}
		next, _ := from.Parts() // index of the commit after from
		for {
			l.mu.Lock()
			// Commits are only ever appended to the slice, so this part of it can be
			// read without the lock.
			commits, grown, closed := l.commits, l.grown, l.closed
			l.mu.Unlock()
			for ; next < uint64(len(commits)); next++ {
				if err := ctx.Err(); err != nil {
					yield(log.Commit{}, err)
					return
				}
				if c := commits[next]; f.Matches(c.Boundary) && !yield(c, nil) {
					return
				}
			}
			if err := ctx.Err(); err != nil {
				yield(log.Commit{}, err)
				return
			}
			if closed {
				yield(log.Commit{}, errClosed)
				return
			}
			if !yield(log.Commit{}, errEnd) {
				return
			}
			select {
			case <-grown:
			case <-ctx.Done():
			}
		}
	}
}

// check returns an error unless p is zero or the position of a commit of this log.
func (l *store) check(p log.Position) error {
	major, minor := p.Parts()
	switch {
	case l.closed:
		return errClosed
	case p.IsZero():
		return nil
	case minor != 0, major == 0, major > uint64(len(l.commits)), p.Index() >= len(l.commits[major-1].Events):
		return fmt.Errorf("%w: %s, the log ends at %d", log.ErrForeign, p, len(l.commits))
	}
	return nil
}
