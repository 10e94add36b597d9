package natslog

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/muster-works/muster/events/log"
)

// maxSingleCommits and maxSingleBytes limit the commits that a Read requests one by
// one, before it opens a consumer for the rest. A service reads its boundary to the
// end before it refuses anything, and usually finds no commit or one, which takes one
// or two round trips. A single commit is sent as base64 in JSON, which for a large
// commit costs more than a consumer.
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
		// If the server cannot read the file that contains the next commit, it
		// reports that there is no commit. This answer is therefore believed only if
		// the end of the boundary is known.
		if err == nil || errors.Is(err, errEnd) && !l.connection.reachedEnd(f.Boundary, w.at) {
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
		if !errors.Is(err, errEnd) {
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

// A walk reads the commits that a filter selects, in order, and checks that none is
// missing.
type walk struct {
	log      *driver
	filter   log.Filter
	at       uint64 // all commits up to this sequence were read
	previous uint64 // last revision of the boundary, if the walk has one and known is true
	known    bool
	files    bool // the next consumer reads the files
	bounded  bool // readStreamed ends at end
	end      uint64
	consumer *consumer
	faults   int // faults of consumers since the last commit
}

// newWalk returns a walk that begins after from. The error is log.ErrForeign if from
// does not belong to the log.
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

// readSingle reads the next commit by a request to the leader. It returns errEnd if
// there is none.
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

// readStreamed reads the next commit through the consumer. At the end of the log it
// waits, unless the walk is bounded.
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

// advance accepts c and remembers it.
func (w *walk) advance(c guardedCommit) (log.Commit, error) {
	next, err := w.accept(c)
	if err == nil {
		w.log.connection.noteCommit(uint64(next.Revision), next.ID, next.Boundary)
	}
	return next, err
}

// accept checks that c is the next commit. Without a filter, its sequence must be one
// higher than the last. With a filter, its expected revision must be that of the
// commit before. If the walk began in the middle of the log, that revision is
// unknown, but not higher than the beginning.
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
