package natslog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-works/muster/events/log"
)

const (
	// pull is how many bytes a consumer asks for ahead.
	pull = 8 << 20
	// heartbeat is how often an idle consumer must be heard of; after twice
	// that it is replaced.
	heartbeat = 2 * time.Second
	// silence is how long a bounded read waits for a commit that must be there.
	silence = 5 * time.Second
)

// A consumer is the server's half of a walk: it sends messages in order and
// numbers them, so that a lost one shows. It is not the library's ordered
// consumer, whose reset cannot be cancelled and hides why it is needed.
type consumer struct {
	name     string
	messages jetstream.MessagesContext
	count    uint64          // messages received from it
	live     context.Context // ends with the session
	cancel   context.CancelFunc
	faults   int // since the last message
}

// next returns the next message of the filter after w.at. A fault of the
// consumer or the connection leads to a new consumer, which begins after w.at.
func (w *walk) next(ctx context.Context) (stored, error) {
	k := &w.consumer
	for {
		if k.messages == nil {
			if err := w.open(ctx); err != nil {
				if err := w.fault(ctx, err); err != nil {
					return stored{}, err
				}
				continue
			}
		}
		m, err := k.receive(w.bounded)
		if err == nil {
			k.faults = 0
			return m, nil
		}
		w.close()
		if err := w.fault(ctx, err); err != nil {
			return stored{}, err
		}
	}
}

var (
	errGap     = errors.New("consumer skipped a message")
	errSilence = errors.New("consumer sent nothing")
)

func (k *consumer) receive(bounded bool) (stored, error) {
	ctx := k.live
	if bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, silence, errSilence)
		defer cancel()
	}
	m, err := k.messages.Next(jetstream.NextContext(ctx))
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return stored{}, err
	}
	meta, err := m.Metadata()
	if err != nil {
		return stored{}, err
	}
	if k.count++; meta.Sequence.Consumer != k.count {
		return stored{}, errGap
	}
	return stored{meta.Sequence.Stream, m.Subject(), m.Headers(), m.Data(), meta.Timestamp}, nil
}

// open makes a new consumer. It lives on one server and in memory alone: what
// it has sent is known here.
func (w *walk) open(ctx context.Context) error {
	if err := w.log.line.up(ctx); err != nil {
		return err
	}
	live, cancel := w.log.line.live(ctx)
	bounded, stop := context.WithTimeout(live, answer)
	defer stop()
	made, err := w.log.js.CreateConsumer(bounded, w.log.options.Stream, jetstream.ConsumerConfig{
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       w.at + 1,
		FilterSubject:     w.log.subject(w.filter),
		AckPolicy:         jetstream.AckNonePolicy,
		InactiveThreshold: time.Minute,
		MemoryStorage:     true,
		Replicas:          1,
	})
	if err != nil {
		cancel()
		return err
	}
	messages, err := made.Messages(jetstream.PullMaxBytes(pull), jetstream.PullExpiry(30*time.Second),
		jetstream.PullHeartbeat(heartbeat), jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		cancel()
		return err
	}
	w.consumer = consumer{name: made.CachedInfo().Name, messages: messages, live: live, cancel: cancel, faults: w.consumer.faults}
	return nil
}

// close gives the consumer up.
func (w *walk) close() {
	k := &w.consumer
	if k.messages == nil {
		return
	}
	k.messages.Stop()
	k.messages = nil
	k.cancel()
	name, l := k.name, w.log
	go func() { // the server drops it by itself, but a minute later
		ctx, cancel := context.WithTimeout(context.Background(), answer)
		defer cancel()
		l.js.DeleteConsumer(ctx, l.options.Stream, name)
	}()
}

// fault decides what follows from err: nil is to try again, after a while.
func (w *walk) fault(ctx context.Context, err error) error {
	k := &w.consumer
	k.faults++
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if dead := w.log.line.dead(); dead != nil {
		return dead
	}
	if errors.Is(err, errSilence) {
		m, err := w.log.after(ctx, w.at, w.filter)
		if err == nil && m == nil {
			err = fmt.Errorf("%w: the commits after %s up to %s are missing", log.ErrCorrupt, log.At(w.at, 0), log.At(w.end, 0))
		}
		if err != nil {
			return err
		}
	}
	if sentinel := explain(err); sentinel != nil && (w.bounded || errors.Is(sentinel, log.ErrMisconfigured)) {
		return fmt.Errorf("%w: read after %s: %w", sentinel, log.At(w.at, 0), err)
	}
	if w.bounded && k.faults > 2*tries {
		return fmt.Errorf("%w: read after %s: %w", log.ErrUnavailable, log.At(w.at, 0), err)
	}
	if k.faults == 1 {
		return nil
	}
	return pause(ctx, min(time.Second, 50*time.Millisecond<<min(k.faults, 5)))
}
