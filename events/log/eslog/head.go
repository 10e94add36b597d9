package eslog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/muster-works/muster/events/log"
)

// Head finds the last commit, as package log describes it. For one boundary
// that is the end of its stream; for the whole log, $all is read backwards to
// the first event that is ours.
func (l *driver) Head(ctx context.Context, f log.Filter) (log.Position, log.Revision, error) {
	position, revision, err := l.head(ctx, f)
	if err != nil {
		return log.Position{}, 0, err
	}
	return position, revision, nil
}

// head is Head, which returns the position of an end that is damaged as well, where
// the server tells it.
func (l *driver) head(ctx context.Context, f log.Filter) (log.Position, log.Revision, error) {
	e, err := call(ctx, l.pool, func(ctx context.Context, client *esdb.Client) (*esdb.RecordedEvent, error) {
		if f.Boundary != "" {
			return l.visibleTail(ctx, client, l.prefix+f.Boundary)
		}
		return searchBackwards(ctx, client, func(e *esdb.RecordedEvent) bool { return strings.HasPrefix(e.StreamID, l.prefix) })
	})
	if err != nil || e == nil {
		return log.Position{}, 0, err
	}
	position, m, err := parsePlace(e)
	if !hasPosition(e) {
		position = log.Position{}
	}
	if err != nil {
		return position, 0, err
	}
	if m.Index != m.Count-1 {
		return position, 0, damagedEvent(e, "the log ends with index %d of a commit of %d events", m.Index, m.Count)
	}
	boundary, revision := strings.TrimPrefix(e.StreamID, l.prefix), log.Revision(e.EventNumber+1)
	if !hasPosition(e) {
		if position, err = l.locate(ctx, boundary, revision); err != nil {
			return log.Position{}, 0, err
		}
	}
	l.learn(boundary, revision, position)
	return position, revision, nil
}

// end is tail, but a stream that its metadata hide is not taken for an empty one: it
// would be decided on and, since a server lets a stream that was deleted softly begin
// again, written to as if nothing had been.
func (l *driver) visibleTail(ctx context.Context, client *esdb.Client, stream string) (*esdb.RecordedEvent, error) {
	e, err := tail(ctx, client, stream)
	if err == nil && e == nil {
		err = l.verifyVisible(ctx, client, stream)
	}
	return e, err
}

// unhiddenFor is how long a stream that is empty is not asked again whether its
// metadata hide it. Services look every second for what is new.
const visibleFor = 10 * time.Second

// unhidden fails as retained does where stream, which reads as if it were empty, is
// not.
func (l *driver) verifyVisible(ctx context.Context, client *esdb.Client, stream string) error {
	l.mu.Lock()
	recently := time.Since(l.empty[stream]) < visibleFor
	l.mu.Unlock()
	if recently {
		return nil
	}
	if err := verifyRetention(ctx, client, stream); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.empty[stream] = time.Now()
	return nil
}

// verify is Log.Verify.
func (l *driver) verify(ctx context.Context, saved log.Position, id string) error {
	e, err := l.lastEvent(ctx, saved.Commit())
	if err != nil || e == nil {
		return err
	}
	ids := newIDGenerator(strings.TrimPrefix(e.StreamID, l.prefix), id)
	_, m, err := parsePlace(e)
	if err == nil && e.EventID != ids.eventID(m.Index) {
		err = fmt.Errorf("%w: the commit at %v is not %q", log.ErrForeign, saved, id)
	}
	return err
}

// settling is how long a position may lie beyond the end of $all before it is
// called one of another log. A success is answered only when it can be read, so no
// position is ahead of the leader that gave it; but a leader that was deposed a
// moment ago answers reads as of before.
const beyondEndTimeout = time.Second

// errBeyond says that the server holds nothing as late as the position.
var errBeyond = fmt.Errorf("%w: it lies beyond the end", log.ErrForeign)

// lastEvent returns the event at from, which must be where a commit of this
// log ends: ErrForeign when it is not. For the zero position it is nil.
func (l *driver) lastEvent(ctx context.Context, from log.Position) (*esdb.RecordedEvent, error) {
	if from.IsZero() {
		return nil, nil
	}
	pause, end := retryMin, time.Now().Add(beyondEndTimeout)
	for {
		e, err := l.eventAtRetrying(ctx, from)
		if !errors.Is(err, errBeyond) || time.Now().After(end) {
			return e, err
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, retryMax)
		case <-l.pool.base.Done():
			return nil, errClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// eventAtLeisure is eventAt, asked again where the server's answer may mean that it
// is shutting down.
func (l *driver) eventAtRetrying(ctx context.Context, from log.Position) (*esdb.RecordedEvent, error) {
	e, err := l.eventAt(ctx, from)
	if !errors.Is(err, log.ErrUnavailable) || !isNoRecord(err) {
		return e, err
	}
	// So may a server talk that is shutting down. One that can tell its head
	// in between means the position.
	if _, _, headErr := l.Head(ctx, log.Filter{}); headErr != nil {
		return nil, headErr
	}
	if e, err = l.eventAt(ctx, from); !errors.Is(err, log.ErrUnavailable) || !isNoRecord(err) {
		return e, err
	}
	return nil, fmt.Errorf("%w: the server cannot read at %v: %v", log.ErrForeign, from, err)
}

func (l *driver) eventAt(ctx context.Context, from log.Position) (*esdb.RecordedEvent, error) {
	at := serverPosition(from)
	return call(ctx, l.pool, func(ctx context.Context, client *esdb.Client) (*esdb.RecordedEvent, error) {
		found, err := client.ReadAll(ctx, esdb.ReadAllOptions{From: at}, 1)
		if err != nil {
			return nil, err
		}
		defer found.Close()
		r, err := found.Recv()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: position %v", errBeyond, from)
		}
		if err != nil {
			return nil, err
		}
		e := r.OriginalEvent()
		if e.Position != at || !strings.HasPrefix(e.StreamID, l.prefix) {
			return nil, fmt.Errorf("%w: no commit ends at %v", log.ErrForeign, from)
		}
		_, m, err := parsePlace(e)
		if err == nil && m.Index != m.Count-1 {
			err = fmt.Errorf("%w: %v is the position of event %d of %d of a commit", log.ErrForeign, from, m.Index, m.Count)
		}
		return e, err
	})
}

// garbage says whether a server that was asked to read at a position found no
// record there. Versions differ in how they say so; what they say during an
// election has the same code and is not meant.
func isNoRecord(err error) bool {
	if errors.As(err, new(dialError)) {
		return false
	}
	switch status.Code(err) {
	case codes.Unknown, codes.InvalidArgument, codes.OutOfRange, codes.FailedPrecondition, codes.Internal:
		return !isNotLeader(err) && !strings.Contains(err.Error(), "leader")
	}
	return false
}

// serverPosition is p as the server has it.
func serverPosition(p log.Position) esdb.Position {
	commit, prepare := p.Parts()
	return esdb.Position{Commit: commit, Prepare: prepare}
}
