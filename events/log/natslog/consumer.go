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
	// prefetchBytes is how many bytes a consumer requests ahead.
	prefetchBytes = 8 << 20
	// heartbeat is the interval at which the server must show that an idle consumer
	// is alive. The consumer is replaced after two intervals without a heartbeat.
	heartbeat = 2 * time.Second
	// silenceTimeout is how long a reader waits for a commit before it asks the
	// server whether there is one.
	silenceTimeout = 5 * time.Second
)

// A consumer receives messages from a consumer of the server, which sends them in
// order and numbers them, so that a missing message is noticed. The library's ordered
// consumer is not used: its reset cannot be cancelled and hides its reason.
//
// A goroutine receives and decodes messages, a few commits ahead of the reader.
//
// If the server's files are available, the first consumer of a walk reads them
// instead, without a goroutine. Data that was just decompressed is then still in the
// processor's cache when it is checked and split into events.
type consumer struct {
	commits chan guardedCommit // closed at the end, after err is set
	err     error
	files   *fileReader     // replaces the goroutine and its channel, if not nil
	live    context.Context // ends with the context of the walk or with the session
	cancel  context.CancelFunc
}

// A guardedCommit is a commit together with the revision on which it was decided.
type guardedCommit struct {
	log.Commit
	expected uint64
}

// prefetchCommits is how many commits a consumer decodes ahead.
const prefetchCommits = 4

var (
	errGap      = errors.New("consumer skipped a message")
	errSilence  = errors.New("consumer sent nothing")
	errFilesEnd = errors.New("the rest is not in the files")
)

// next returns the next commit that the filter selects after w.at. After a fault of
// the consumer or of the connection, it opens a new consumer that begins after w.at.
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
		if errors.Is(err, errSilence) && !w.bounded {
			end, failed := w.log.last(ctx, w.filter)
			if failed == nil && end <= w.at {
				continue // there is no new commit
			}
			if w.end = end; failed != nil {
				err = failed
			}
		}
		w.close()
		if errors.Is(err, errFilesEnd) {
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

// open opens a new consumer.
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

// close closes the consumer, if there is one.
func (w *walk) close() {
	if w.consumer != nil {
		w.consumer.cancel()
		if w.consumer.files != nil {
			w.consumer.files.stop()
		}
		w.consumer = nil
	}
}

// run runs send, which sends commits until the context ends or an error occurs, and
// records the error.
func (k *consumer) run(send func() error) {
	k.err = send()
	close(k.commits)
	k.cancel()
}

// send decodes a stored message and sends the commit to the reader.
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

// A fileReader reads the messages after a sequence from the server's files.
type fileReader struct {
	at   uint64
	next func() (*jetstream.RawStreamMsg, bool)
	stop func()
	free freeList
}

// A freeList holds the memory of commits that are no longer in use, for later
// commits. The first access to new memory costs more than copying into it. The memory
// that was freed last is used first, since it is likely to be in the processor's
// cache. A freeList is safe for concurrent use.
type freeList struct {
	mu  sync.Mutex
	all [][]byte
}

// take returns n bytes of memory.
func (s *freeList) take(n int) (b []byte) {
	s.mu.Lock()
	if last := len(s.all) - 1; last >= 0 {
		b, s.all = s.all[last], s.all[:last]
	}
	s.mu.Unlock()
	return slices.Grow(b[:0], n)[:n]
}

// put adds memory to the list.
func (s *freeList) put(b []byte) {
	s.mu.Lock()
	s.all = append(s.all, b)
	s.mu.Unlock()
}

// commit returns the next commit. If something is wrong with it, the reader continues
// with the server, which then reports the error.
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

// subscribe creates a consumer on the server for the messages after a sequence. The
// server keeps the consumer in memory on one node, without acknowledgements; k knows
// which messages it has sent.
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
		// Deleting the consumer only saves the server a minute: after that it would
		// delete the consumer itself.
		messages.Stop()
		ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
		defer cancel()
		l.js.DeleteConsumer(ctx, l.options.Stream, made.CachedInfo().Name)
	}()
	return nil
}

// forward passes on the messages of the server.
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

// fault decides what follows an error of a consumer. It returns nil, after a pause,
// if the reader should try again.
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
		// The server is asked only after the second silence. A leader that was just
		// cut off from the others does not know for some seconds what they have
		// stored.
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
