package natslog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-works/muster/events/log"
)

// The server's error codes for an append that it refuses.
const (
	codeWrongSequence        = 10071 // the last sequence of the subject is not the expected one
	codeWrongSequencePending = 10164 // the same, or another message to the subject is in flight
	codeDuplicatePending     = 10158 // another message with the same id is in flight
)

// bodyPool holds the bodies of acknowledged messages, which are overwritten for later
// ones. A body has up to a megabyte, and the first access to new memory costs more
// than copying into it.
var bodyPool = sync.Pool{New: func() any { return new([]byte) }}

// Append implements log.Driver. It returns log.ErrForeign for an expected revision
// that the boundary has not reached, and log.ErrInvalid if another commit has the
// same ID, as long as the server remembers that ID.
func (l *driver) Append(ctx context.Context, c log.Commit, expected log.Revision) (log.Position, log.Revision, error) {
	seq, err := l.append(ctx, c, expected)
	if err != nil {
		return log.Position{}, 0, err
	}
	l.connection.noteCommit(seq, c.ID, c.Boundary)
	return log.At(seq, 0), log.Revision(seq), nil
}

func (l *driver) append(ctx context.Context, c log.Commit, expected log.Revision) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := c.Check(); err != nil {
		return 0, err
	}
	body := bodyPool.Get().(*[]byte)
	m := l.message(c, expected, (*body)[:0])
	var unanswered, puzzled int
	for {
		var ack *jetstream.PubAck
		err := l.requestOnce(ctx, func(ctx context.Context) (err error) {
			if err := l.verifySession(ctx); err != nil {
				return err
			}
			if have, want := l.nc.MaxPayload(), int64(m.Size()); have < want {
				return fmt.Errorf("%w: a message of %d bytes, the server's max_payload is %d", log.ErrTooLarge, want, have)
			}
			ack, err = l.js.PublishMsg(ctx, m, jetstream.WithRetryAttempts(0))
			return err
		})
		code := codeOf(err)
		switch {
		case errors.Is(err, log.ErrForeign):
			return 0, err
		case errors.Is(err, errUnverified):
			return 0, fmt.Errorf("%w: %w", log.ErrUnavailable, err)
		case err == nil && ack.Stream != l.options.Stream:
			return 0, fmt.Errorf("%w: stream %s took a commit meant for %s", log.ErrMisconfigured, ack.Stream, l.options.Stream)
		case err == nil && !ack.Duplicate:
			*body = m.Data
			bodyPool.Put(body)
			return ack.Sequence, nil
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case err == nil, code == codeWrongSequence, code == codeWrongSequencePending:
			seq, settled, err := l.findDecided(ctx, c, expected)
			if settled || err != nil {
				return seq, err
			}
			if ack != nil {
				return 0, fmt.Errorf("%w: id %q was given to another commit, at %d", log.ErrInvalid, c.ID, ack.Sequence)
			}
			// The expected revision is not the last one, but nothing follows it.
			// Either another message is in flight, or the revision does not belong to
			// this log.
			if puzzled++; puzzled > maxAttempts {
				last, err := l.last(ctx, log.Filter{Boundary: c.Boundary})
				if err == nil && last < uint64(expected) {
					err = fmt.Errorf("%w: %s is at %d and has not reached revision %d", log.ErrForeign, c.Boundary, last, expected)
				}
				if err != nil {
					return 0, err
				}
				if puzzled > 100 {
					return 0, fmt.Errorf("%w: %s is held up by another message", log.ErrUnavailable, c.Boundary)
				}
			}
		case code == codeDuplicatePending:
			if puzzled++; puzzled > 100 {
				return 0, fmt.Errorf("%w: commit %q stays in flight", log.ErrUnavailable, c.ID)
			}
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout), errors.Is(err, errLost),
			errors.Is(err, nats.ErrConnectionReconnecting), errors.Is(err, nats.ErrDisconnected):
			if unanswered++; unanswered == maxAttempts {
				return 0, fmt.Errorf("%w: no acknowledgement after %d tries: %w", log.ErrUnavailable, maxAttempts, err)
			}
		default:
			return 0, appendError(err)
		}
		if err := pause(ctx, time.Duration(min(1+puzzled, 50))*time.Millisecond); err != nil {
			return 0, err
		}
	}
}

// findDecided looks for the commit that was decided on the expected revision. It
// returns its sequence if it is c, and log.ErrConflict if it is another commit. If
// there is none, settled is false.
func (l *driver) findDecided(ctx context.Context, c log.Commit, expected log.Revision) (seq uint64, settled bool, err error) {
	m, err := l.after(ctx, uint64(expected), log.Filter{Boundary: c.Boundary})
	switch {
	case err != nil:
		return 0, false, err
	case m == nil:
		return 0, false, nil
	case m.Header.Get(headerID) == c.ID:
		return m.Sequence, true, nil
	}
	return 0, true, fmt.Errorf("%w: %s went on from %d to %d", log.ErrConflict, c.Boundary, expected, m.Sequence)
}

func codeOf(err error) int {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return int(api.ErrorCode)
	}
	return 0
}

// appendError returns the error of package log for a refusal of the server.
func appendError(err error) error {
	var api *jetstream.APIError
	switch {
	case errors.Is(err, log.ErrTooLarge), errors.Is(err, log.ErrUnavailable):
		return err
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, jetstream.ErrNoStreamResponse):
		return fmt.Errorf("%w: no server answers for the stream: JetStream is off (a full disk turns it off), or the stream has no leader: %w", log.ErrUnavailable, err)
	case errors.As(err, &api):
		return fmt.Errorf("%w: the server refuses to store (no space, no quorum, or a limit): %w", log.ErrUnavailable, err)
	}
	return fmt.Errorf("%w: %w", log.ErrUnavailable, err)
}
