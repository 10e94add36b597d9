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

// errUnexpectedStream is returned if a stream cannot be read as expected, for any
// reason. Reading $all then finds the reason.
var errUnexpectedStream = fmt.Errorf("%w: EventStoreDB: the stream does not read as expected", log.ErrUnavailable)

// A streamRange is the rest of one boundary's stream.
type streamRange struct {
	stream string
	first  uint64       // number of the first event to read
	from   log.Position // position of the event at first, which is checked and not yielded; zero if there is none
}

// streamRange returns the rest of the boundary after r.from, if the event number of
// r.from is known. One call then reads all of it, and its first event shows that
// r.from belongs to this log; reading $all takes three calls. A service reads its
// boundary to the end every second and before every refusal.
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

// pump sends the commits of the range as items. It returns nil at the end of the
// stream, or errUnexpectedStream.
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
			return errUnexpectedStream // the events before it are hidden or gone
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
