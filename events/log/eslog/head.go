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

// Head implements log.Driver. For one boundary it reads the end of its stream. For
// the whole log it reads $all backwards to the first event of the log.
func (l *driver) Head(ctx context.Context, f log.Filter) (log.Position, log.Revision, error) {
	position, revision, err := l.head(ctx, f)
	if err != nil {
		return log.Position{}, 0, err
	}
	return position, revision, nil
}

// head is like Head, but also returns the position of a damaged end, if the server
// returns it.
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

// visibleTail is like tail, but returns an error for a stream that is hidden by its
// metadata. Taken for an empty stream, it would be decided on and, since a server
// lets a softly deleted stream begin again, written to.
func (l *driver) visibleTail(ctx context.Context, client *esdb.Client, stream string) (*esdb.RecordedEvent, error) {
	e, err := tail(ctx, client, stream)
	if err == nil && e == nil {
		err = l.verifyVisible(ctx, client, stream)
	}
	return e, err
}

// visibleFor is how long an empty stream is not checked again. Services read their
// boundaries every second.
const visibleFor = 10 * time.Second

// verifyVisible returns the error of verifyRetention if a stream that seems to be
// empty is hidden.
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

// verify implements Log.Verify.
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

// beyondEndTimeout is how long a position may lie beyond the end of $all before it
// counts as one of another log. An append is answered only when it can be read, so no
// position lies beyond the end of the leader that returned it. But a leader that was
// just deposed answers reads with an earlier state.
const beyondEndTimeout = time.Second

// errBeyond is returned if the position lies beyond the end of the log.
var errBeyond = fmt.Errorf("%w: it lies beyond the end", log.ErrForeign)

// lastEvent returns the event at from, or ErrForeign if no commit of this log ends
// there. It returns nil for the zero position.
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

// eventAtRetrying is like eventAt, but asks again if the answer may mean that the
// server is shutting down.
func (l *driver) eventAtRetrying(ctx context.Context, from log.Position) (*esdb.RecordedEvent, error) {
	e, err := l.eventAt(ctx, from)
	if !errors.Is(err, log.ErrUnavailable) || !isNoRecord(err) {
		return e, err
	}
	// A server that is shutting down may give the same answer. If it can return its
	// head in between, the answer is about the position.
	if _, _, headErr := l.Head(ctx, log.Filter{}); headErr != nil {
		return nil, headErr
	}
	if e, err = l.eventAt(ctx, from); !errors.Is(err, log.ErrUnavailable) || !isNoRecord(err) {
		return e, err
	}
	return nil, fmt.Errorf("%w: the server cannot read at %v: %w", log.ErrForeign, from, err)
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

// isNoRecord reports whether err means that there is no record at the position. The
// text depends on the version of the server. During an election, servers use the same
// status with another meaning.
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

// serverPosition returns p in the form of the client.
func serverPosition(p log.Position) esdb.Position {
	commit, prepare := p.Parts()
	return esdb.Position{Commit: commit, Prepare: prepare}
}
