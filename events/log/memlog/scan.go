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

// scan yields what f selects after from, and errEnd whenever there is no more;
// called on after that, it waits. Any other error is its last word.
func (l *store) scan(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		l.mu.Lock()
		err := l.check(from)
		l.mu.Unlock()
		if err != nil {
			yield(log.Commit{}, err)
			return
		}
		next, _ := from.Parts() // the index of the commit after from
		for {
			l.mu.Lock()
			// The slice only grows, so its first part can be read unlocked.
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

// check says whether p is the zero position or one of a commit that is here.
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
