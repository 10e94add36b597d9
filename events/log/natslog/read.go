package natslog

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/muster-works/muster/events/log"
)

// few is how many commits, and little how many bytes of them, a read takes one
// by one before it sets up a consumer for the rest. Services read their
// boundary to its end before every refusal, and mostly find nothing or one
// commit: one round trip, or two. A single commit comes as base64 in JSON,
// which for a large one costs more than a consumer.
const (
	maxSingleCommits = 8
	maxSingleBytes   = 64 << 10
)

var errEnd = errors.New("end of the log")

// Read implements log.Driver.
func (l *driver) Read(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		w, err := l.newWalk(ctx, from, f)
		for n, size := 0, 0; err == nil && n < maxSingleCommits && size < maxSingleBytes; n++ {
			var c log.Commit
			if c, err = w.readSingle(ctx); err == nil && !yield(c, nil) {
				return
			}
			size += log.BatchSize(c.Events)
		}
		// A server that cannot read the file that the next commit is in says that
		// there is none, so its word is taken only where the end is known.
		if err == nil || err == errEnd && !l.connection.reachedEnd(f.Boundary, w.at) {
			w.end, err = l.last(ctx, f)
			w.bounded = true
		}
		defer w.close()
		for err == nil {
			var c log.Commit
			if c, err = w.readStreamed(ctx); err == nil && !yield(c, nil) {
				return
			}
		}
		if err != errEnd {
			yield(log.Commit{}, err)
		}
	}
}

// Follow implements log.Driver.
func (l *driver) Follow(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		w, err := l.newWalk(ctx, from, f)
		defer w.close()
		for err == nil {
			var c log.Commit
			if c, err = w.readStreamed(ctx); err == nil && !yield(c, nil) {
				return
			}
		}
		yield(log.Commit{}, err)
	}
}

// A walk goes through the commits that a filter selects, in order, and checks
// that it misses none.
type walk struct {
	log      *driver
	filter   log.Filter
	at       uint64 // the sequence up to which everything was seen
	previous uint64 // the boundary's last revision, if filtered and known
	known    bool
	files    bool // the next consumer reads the files
	bounded  bool // stream stops at end
	end      uint64
	consumer *consumer
	faults   int // of consumers since the last commit
}

// walk begins after from, and fails with log.ErrForeign where that is not in
// the log.
func (l *driver) newWalk(ctx context.Context, from log.Position, f log.Filter) (*walk, error) {
	at, minor := from.Parts()
	w := &walk{log: l, filter: f, at: at, known: at == 0, files: l.options.Files != nil && f == log.Filter{}}
	if err := ctx.Err(); err != nil {
		return w, err
	}
	if err := l.connection.closedError(); err != nil {
		return w, err
	}
	if l.connection.hasSeen(at) && minor == 0 {
		return w, nil
	}
	last, err := l.last(ctx, log.Filter{})
	if err == nil && (last < at || minor != 0) {
		err = fmt.Errorf("%w: %s, the log ends at %d", log.ErrForeign, from, last)
	}
	return w, err
}

// single takes one step by a request to the leader, or returns errEnd.
func (w *walk) readSingle(ctx context.Context) (log.Commit, error) {
	m, err := w.log.after(ctx, w.at, w.filter)
	if err != nil {
		return log.Commit{}, err
	}
	if m == nil {
		return log.Commit{}, errEnd
	}
	c, on, err := w.log.commit(storedMessage{m.Sequence, m.Subject, m.Header, m.Data, m.Time})
	if err != nil {
		return log.Commit{}, err
	}
	return w.advance(guardedCommit{c, on})
}

// stream takes one step through the consumer. It waits at the end of the log,
// unless the walk is bounded.
func (w *walk) readStreamed(ctx context.Context) (log.Commit, error) {
	if w.bounded && w.at >= w.end {
		return log.Commit{}, errEnd
	}
	c, err := w.next(ctx)
	if err != nil {
		return log.Commit{}, err
	}
	return w.advance(c)
}

// take steps on to c, and remembers it.
func (w *walk) advance(c guardedCommit) (log.Commit, error) {
	next, err := w.accept(c)
	if err == nil {
		w.log.connection.noteCommit(uint64(next.Revision), next.ID, next.Boundary)
	}
	return next, err
}

// step accepts c as the next commit. Unfiltered, its sequence is one higher
// than the last. Filtered, it was decided on the revision before it; where the
// walk began elsewhere in the log that revision is unknown, but not later than
// the beginning.
func (w *walk) accept(c guardedCommit) (log.Commit, error) {
	seq := uint64(c.Revision)
	missing := func(after uint64) error {
		return fmt.Errorf("%w: a commit between %s and %s is missing", log.ErrCorrupt, log.At(after, 0), c.Position)
	}
	switch {
	case w.filter.Boundary == "":
		if seq != w.at+1 {
			return log.Commit{}, missing(w.at)
		}
	case w.known && c.expected != w.previous:
		return log.Commit{}, missing(w.previous)
	case !w.known && c.expected > w.at:
		return log.Commit{}, missing(w.at)
	}
	w.at, w.previous, w.known = seq, seq, true
	return c.Commit, nil
}
