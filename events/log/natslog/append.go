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

// Error codes of the server's that an append meets.
const (
	codeWrongSequence        = 10071 // the subject has moved
	codeWrongSequencePending = 10164 // the same, or a message to the subject is in flight
	codeDuplicatePending     = 10158 // a message of the same id is in flight
)

// bodies are those of messages that were acknowledged, to be written over: a
// commit's is up to a megabyte, and memory that is touched for the first time costs
// more than what is copied to it.
var bodyPool = sync.Pool{New: func() any { return new([]byte) }}

// Append implements log.Driver. An expected revision that the boundary has not
// reached is log.ErrForeign. An id that another commit bears is
// log.ErrInvalid, for as long as the server remembers it.
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
			// Nothing follows the expected revision, and still it is not the
			// last one: a message is in flight, or the revision is not ours.
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

// settle looks at the commit that was decided on the expected revision, when
// there is one: c itself, or another one.
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

// refused says in the port's terms why the server did not take a commit.
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
