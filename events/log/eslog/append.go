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

// Append implements log.Driver.
func (l *driver) Append(ctx context.Context, c log.Commit, expected log.Revision) (log.Position, log.Revision, error) {
	if err := c.Check(); err != nil {
		return log.Position{}, 0, err
	}
	events, err := encode(c)
	if err != nil {
		return log.Position{}, 0, err
	}
	revision := expected + log.Revision(len(events))
	position, err := call(ctx, l.pool, func(ctx context.Context, client *esdb.Client) (log.Position, error) {
		return l.append(ctx, client, l.prefix+c.Boundary, expected, events)
	})
	if err == nil && position.IsZero() {
		position, err = l.locate(ctx, c.Boundary, revision)
	}
	if err != nil {
		return log.Position{}, 0, err
	}
	l.learn(c.Boundary, revision, position)
	return position, revision, nil
}

// append sends one append. The position is zero if the commit is in the log but the
// server did not return its position.
func (l *driver) append(ctx context.Context, client *esdb.Client, stream string, expected log.Revision, events []esdb.EventData) (log.Position, error) {
	options := esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}
	if expected > 0 {
		options.ExpectedRevision = esdb.Revision(uint64(expected) - 1)
	} else if err := verifyRetention(ctx, client, stream); err != nil {
		// A server lets a softly deleted stream begin again with the event numbers
		// that follow.
		return log.Position{}, err
	}
	result, err := client.AppendToStream(ctx, stream, options, events...)
	if err == nil {
		// The field is named NextExpectedVersion, but contains the number of the last
		// event written.
		if want := uint64(expected) + uint64(len(events)) - 1; result.NextExpectedVersion != want {
			return log.Position{}, fmt.Errorf("%w: stream %s ends in event number %d after an append that should end in %d", log.ErrCorrupt, stream, result.NextExpectedVersion, want)
		}
		if result.CommitPosition == 0 {
			return log.Position{}, nil
		}
		return log.At(result.CommitPosition, result.PreparePosition), nil
	}
	translated := translate(ctx, err)
	switch {
	case errors.Is(translated, log.ErrConflict):
		here, lookErr := wasWritten(ctx, client, stream, uint64(expected), events, err)
		if lookErr != nil || here {
			return log.Position{}, lookErr
		}
	case errors.Is(err, io.EOF):
		// The server ended the call before it had received everything, and the
		// library lost the reason. If the reason was a missing right, a read reports
		// it.
		if _, tailErr := tail(ctx, client, stream); errors.Is(translate(ctx, tailErr), log.ErrMisconfigured) {
			return log.Position{}, tailErr
		}
		return log.Position{}, fmt.Errorf("%w; the server ended the append before it had all of it: if it does so again, it may be set to less than 1 MiB an append, or the user may not write %s", translated, stream)
	}
	return log.Position{}, translated
}

// tail returns the last event of stream, or nil if the stream does not exist.
func tail(ctx context.Context, client *esdb.Client, stream string) (*esdb.RecordedEvent, error) {
	found, err := client.ReadStream(ctx, stream, esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}, 1)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	e, err := found.Recv()
	if errors.Is(err, io.EOF) || isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return e.OriginalEvent(), nil
}

// locate returns the position of the commit of boundary at revision.
func (l *driver) locate(ctx context.Context, boundary string, revision log.Revision) (log.Position, error) {
	if p, ok := l.known(boundary, revision); ok {
		return p, nil
	}
	stream, number := l.prefix+boundary, uint64(revision)-1
	return call(ctx, l.pool, func(ctx context.Context, client *esdb.Client) (log.Position, error) {
		e, err := searchBackwards(ctx, client, func(e *esdb.RecordedEvent) bool {
			return e.StreamID == stream && e.EventNumber <= number
		})
		if err != nil {
			return log.Position{}, err
		}
		if e == nil || e.EventNumber != number {
			return log.Position{}, fmt.Errorf("%w: event number %d of stream %s is not in $all", log.ErrCorrupt, number, stream)
		}
		return log.At(e.Position.Commit, e.Position.Prepare), nil
	})
}

// searchBackwards reads $all from its end to the first event for which match returns
// true. It returns nil if there is none.
func searchBackwards(ctx context.Context, client *esdb.Client, match func(*esdb.RecordedEvent) bool) (*esdb.RecordedEvent, error) {
	found, err := client.ReadAll(ctx, esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.End{}}, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	for {
		e, err := found.Recv()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if o := e.OriginalEvent(); match(o) {
			return o, nil
		}
	}
}
