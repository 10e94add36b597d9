package eslog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/muster-works/muster/events/log"
)

// errDoubt says that a stream could not be read as it should, for whatever reason.
// Reading $all, which asks more, finds out why.
var errUnexpectedStream = fmt.Errorf("%w: EventStoreDB: the stream does not read as expected", log.ErrUnavailable)

// stretch is a piece of one boundary's stream.
type streamRange struct {
	stream string
	first  uint64       // the number to begin with
	from   log.Position // of the event at first, which is checked and left out; zero where none is
}

// stretch returns the rest of the boundary behind r.from, where it is known which
// number that is in the stream. Then one call reads all of it, and shows in its first
// event that r.from is of this log; read by $all it would take three. A service reads
// its boundary to the end before every refusal, and every second.
func (l *driver) streamRange(r *readState) (streamRange, bool) {
	s := streamRange{stream: l.prefix + r.filter.Boundary, from: r.from}
	if r.filter.Boundary == "" || l.noPositions.Load() {
		return s, false
	}
	if r.from.IsZero() {
		return s, true
	}
	revision, ok := l.revisionAt(r.filter.Boundary, r.from)
	if ok {
		s.first = uint64(revision) - 1
		r.seen[r.filter.Boundary] = revision
	}
	return s, ok
}

// pump turns the stretch into items. It returns nil at the end of the stream, or
// errDoubt.
func (s streamRange) pump(ctx context.Context, client *esdb.Client, l *driver, a *assembler, items chan<- item) error {
	found, err := client.ReadStream(ctx, s.stream, esdb.ReadStreamOptions{From: esdb.Revision(s.first)}, math.MaxInt64)
	if err != nil {
		return err
	}
	defer found.Close()
	for n := 0; ; n++ {
		next, err := found.Recv()
		switch {
		case isNotFound(err) && s.from.IsZero():
			return l.verifyVisible(ctx, client, s.stream)
		case isNotFound(err), errors.Is(err, io.EOF) && (a.count > 0 || n == 0 && !s.from.IsZero()):
			return errUnexpectedStream
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		e := next.OriginalEvent()
		if !hasPosition(e) {
			l.noPositions.Store(true)
			return errUnexpectedStream
		}
		if n == 0 && !s.from.IsZero() {
			if e.EventNumber != s.first || e.Position != serverPosition(s.from) {
				return errUnexpectedStream
			}
			continue
		}
		if n == 0 && e.EventNumber != 0 {
			return errUnexpectedStream // what lies before is hidden or gone
		}
		c, whole, err := a.add(e)
		if err != nil {
			return err
		}
		if !whole {
			continue
		}
		select {
		case items <- item{kind: wholeCommit, commit: c}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
