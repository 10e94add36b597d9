package natslog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-works/muster/events/log"
)

const (
	// pull is how many bytes a consumer asks for ahead.
	prefetchBytes = 8 << 20
	// heartbeat is how often an idle consumer must be heard of; after twice
	// that it is replaced.
	heartbeat = 2 * time.Second
	// silence is how long a reader waits for a commit before it asks whether one
	// must be there.
	silenceTimeout = 5 * time.Second
)

// A consumer is the server's half of a walk: it sends messages in order and
// numbers them, so that a lost one shows. It is not the library's ordered
// consumer, whose reset cannot be cancelled and hides why it is needed.
//
// Messages are received and decoded in a goroutine, a few commits ahead of
// whoever reads them.
//
// Where there are files, the first consumer reads those in place of the server, when
// it is asked for a commit: what was just unpacked is nearby in memory when it is
// checked and split into events.
type consumer struct {
	commits chan guardedCommit // closed at the end, after err was set
	err     error
	files   *fileReader     // in place of the two
	live    context.Context // ends with the walk's context or the session
	cancel  context.CancelFunc
}

// decided is a commit with the revision that it was decided on.
type guardedCommit struct {
	log.Commit
	expected uint64
}

// ahead is how many commits a consumer decodes ahead.
const prefetchCommits = 4

var (
	errGap      = errors.New("consumer skipped a message")
	errSilence  = errors.New("consumer sent nothing")
	errFilesEnd = errors.New("the rest is not in the files")
)

// next returns the next commit of the filter after w.at. A fault of the
// consumer or the connection leads to a new consumer, which begins after w.at.
func (w *walk) next(ctx context.Context) (guardedCommit, error) {
	for {
		if w.consumer == nil {
			if err := w.open(ctx); err != nil {
				if err := w.fault(ctx, err); err != nil {
					return guardedCommit{}, err
				}
				continue
			}
		}
		c, err := w.receive(ctx)
		if err == nil {
			w.faults = 0
			return c, nil
		}
		if err == errSilence && !w.bounded {
			end, failed := w.log.last(ctx, w.filter)
			if failed == nil && end <= w.at {
				continue // there is nothing new
			}
			if w.end = end; failed != nil {
				err = failed
			}
		}
		w.close()
		if err == errFilesEnd {
			continue
		}
		if errors.Is(err, log.ErrCorrupt) {
			return guardedCommit{}, err
		}
		if err := w.fault(ctx, err); err != nil {
			return guardedCommit{}, err
		}
	}
}

func (w *walk) receive(ctx context.Context) (guardedCommit, error) {
	k := w.consumer
	if ctx.Err() != nil {
		return guardedCommit{}, ctx.Err()
	}
	if k.files != nil {
		if ended := context.Cause(k.live); ended != nil {
			return guardedCommit{}, ended
		}
		return k.files.commit(w.log)
	}
	var late <-chan time.Time
	if len(k.commits) == 0 {
		timer := time.NewTimer(silenceTimeout)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case c, more := <-k.commits:
		if !more {
			return c, k.err
		}
		return c, nil
	case <-ctx.Done():
		return guardedCommit{}, ctx.Err()
	case <-late:
		return guardedCommit{}, errSilence
	}
}

// open makes a new consumer.
func (w *walk) open(ctx context.Context) error {
	if err := w.log.connection.awaitConnected(ctx); err != nil {
		return err
	}
	if err := w.log.verifySession(ctx); err != nil {
		return err
	}
	live, cancel := w.log.connection.sessionContext(ctx)
	k := &consumer{commits: make(chan guardedCommit, prefetchCommits), live: live, cancel: cancel}
	if w.files {
		w.files = false
		k.files = &fileReader{at: w.at}
		k.files.next, k.files.stop = iter.Pull(w.log.options.Files.Stored(w.log.options.Stream, w.at, k.files.free.take))
	} else if err := k.subscribe(w.log, w.at, w.filter); err != nil {
		cancel()
		return err
	}
	w.consumer = k
	return nil
}

// close gives the consumer up.
func (w *walk) close() {
	if w.consumer != nil {
		w.consumer.cancel()
		if w.consumer.files != nil {
			w.consumer.files.stop()
		}
		w.consumer = nil
	}
}

// run sends commits until the context ends or something is wrong.
func (k *consumer) run(send func() error) {
	k.err = send()
	close(k.commits)
	k.cancel()
}

// send hands a stored message on.
func (k *consumer) send(l *driver, m storedMessage) error {
	c, on, err := l.commit(m)
	if err != nil {
		return err
	}
	select {
	case k.commits <- guardedCommit{c, on}:
		return nil
	case <-k.live.Done():
		return context.Cause(k.live)
	}
}

// A filed goes through the messages that the files hold after a sequence.
type fileReader struct {
	at   uint64
	next func() (*jetstream.RawStreamMsg, bool)
	stop func()
	free freeList
}

// Spare memory is that of commits that are done with. It is used again, since what
// is touched for the first time costs more than what is copied to it, and what was
// given back last first: it is nearest. It is safe for concurrent use.
type freeList struct {
	mu  sync.Mutex
	all [][]byte
}

// take returns memory for n bytes.
func (s *freeList) take(n int) (b []byte) {
	s.mu.Lock()
	if last := len(s.all) - 1; last >= 0 {
		b, s.all = s.all[last], s.all[:last]
	}
	s.mu.Unlock()
	return slices.Grow(b[:0], n)[:n]
}

// give gives memory back.
func (s *freeList) put(b []byte) {
	s.mu.Lock()
	s.all = append(s.all, b)
	s.mu.Unlock()
}

// commit returns the next commit. What is wrong there is for the server to say.
func (f *fileReader) commit(l *driver) (guardedCommit, error) {
	m, ok := f.next()
	if f.at++; !ok || m.Sequence != f.at {
		return guardedCommit{}, errFilesEnd
	}
	c, on, err := l.commit(storedMessage{m.Sequence, m.Subject, m.Header, m.Data, m.Time})
	if errors.Is(err, log.ErrCorrupt) {
		return guardedCommit{}, errFilesEnd
	}
	c.Done = func() { f.free.put(m.Data) }
	return guardedCommit{c, on}, err
}

// subscribe has the server send what follows a sequence. The server's half lives
// on one server and in memory alone: what it has sent is known here.
func (k *consumer) subscribe(l *driver, after uint64, f log.Filter) error {
	bounded, stop := context.WithTimeout(k.live, requestTimeout)
	defer stop()
	made, err := l.js.CreateConsumer(bounded, l.options.Stream, jetstream.ConsumerConfig{
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       after + 1,
		FilterSubject:     l.subject(f),
		AckPolicy:         jetstream.AckNonePolicy,
		InactiveThreshold: time.Minute,
		MemoryStorage:     true,
		Replicas:          1,
	})
	if err != nil {
		return err
	}
	messages, err := made.Messages(jetstream.PullMaxBytes(prefetchBytes), jetstream.PullExpiry(30*time.Second),
		jetstream.PullHeartbeat(heartbeat), jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		return err
	}
	go func() {
		k.run(func() error { return k.forward(l, messages) })
		// The server would drop its half by itself, a minute later.
		messages.Stop()
		ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
		defer cancel()
		l.js.DeleteConsumer(ctx, l.options.Stream, made.CachedInfo().Name)
	}()
	return nil
}

// forward sends the messages that the server sends.
func (k *consumer) forward(l *driver, messages jetstream.MessagesContext) error {
	for count := uint64(1); ; count++ {
		m, err := messages.Next(jetstream.NextContext(k.live))
		if err != nil {
			if cause := context.Cause(k.live); cause != nil {
				return cause
			}
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		if meta.Sequence.Consumer != count {
			return errGap
		}
		if err := k.send(l, storedMessage{meta.Sequence.Stream, m.Subject(), m.Headers(), m.Data(), meta.Timestamp}); err != nil {
			return err
		}
	}
}

// fault decides what follows from err: nil is to try again, after a while.
func (w *walk) fault(ctx context.Context, err error) error {
	w.faults++
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, log.ErrForeign) {
		return err
	}
	if dead := w.log.connection.closedError(); dead != nil {
		return dead
	}
	if errors.Is(err, errSilence) && w.faults > 1 {
		// Twice, because a leader that was cut off does not know for some seconds
		// what the others have stored.
		m, err := w.log.after(ctx, w.at, w.filter)
		if err == nil && m == nil {
			err = fmt.Errorf("%w: the commits after %s up to %s are missing", log.ErrCorrupt, log.At(w.at, 0), log.At(w.end, 0))
		}
		if err != nil {
			return err
		}
	}
	if sentinel := permanentError(err); sentinel != nil && (w.bounded || errors.Is(sentinel, log.ErrMisconfigured)) {
		return fmt.Errorf("%w: read after %s: %w", sentinel, log.At(w.at, 0), err)
	}
	if w.bounded && w.faults > 2*maxAttempts {
		return fmt.Errorf("%w: read after %s: %w", log.ErrUnavailable, log.At(w.at, 0), err)
	}
	if w.faults == 1 {
		return nil
	}
	return pause(ctx, min(time.Second, 50*time.Millisecond<<min(w.faults, 5)))
}
