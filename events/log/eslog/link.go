package eslog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/metadata"

	"github.com/muster-works/muster/events/log"
)

// dialTimeout bounds the first call on a new client.
const dialTimeout = 15 * time.Second

// errClosed ends the calls that Close finds under way.
var errClosed = fmt.Errorf("%w: the log was closed", log.ErrUnavailable)

// A link hands out clients: the same one as long as it works, then another.
type link struct {
	config *esdb.Configuration
	base   context.Context // ends with close
	end    context.CancelCauseFunc

	mu   sync.Mutex
	live *session
	dial *dial
}

// A session is one client and the number of its users. Nobody closes it while
// there are any.
type session struct {
	client  *esdb.Client
	users   int
	retired bool
	gone    chan struct{} // closed when it is retired
}

func newSession(c *esdb.Client) *session { return &session{client: c, gone: make(chan struct{})} }

// A dial is the making of one session, which all callers wait for together: a
// client that fails its discovery leaves whoever else was calling it blocked.
type dial struct {
	done chan struct{}
	err  error
}

// A dialError came before the call that it ended was made.
type dialError struct{ error }

func (e dialError) Unwrap() error { return e.error }

func newLink(config *esdb.Configuration) *link {
	base, end := context.WithCancelCause(context.Background())
	return &link{config: config, base: base, end: end}
}

// bind makes a context that ends with ctx or with the link, and asks for the
// leader. The client has an option for that, which does not reach the server.
func (k *link) bind(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(metadata.AppendToOutgoingContext(ctx, "requires-leader", "true"))
	stop := context.AfterFunc(k.base, func() { cancel(errClosed) })
	return ctx, func() { stop(); cancel(nil) }
}

// acquire returns a working session, which the caller releases. ctx comes from
// bind.
func (k *link) acquire(ctx context.Context) (*session, error) {
	for {
		k.mu.Lock()
		if k.base.Err() != nil {
			k.mu.Unlock()
			return nil, errClosed
		}
		if s := k.live; s != nil {
			s.users++
			k.mu.Unlock()
			return s, nil
		}
		d := k.dial
		if d == nil {
			d = &dial{done: make(chan struct{})}
			k.dial = d
			go k.connect(d)
		}
		k.mu.Unlock()
		select {
		case <-d.done:
			if d.err != nil {
				return nil, d.err
			}
		case <-ctx.Done():
			return nil, ended(ctx)
		}
	}
}

// release gives s back.
func (k *link) release(s *session) {
	k.mu.Lock()
	s.users--
	last := s.retired && s.users == 0
	k.mu.Unlock()
	if last {
		s.client.Close()
	}
}

// retire takes s out of service; the next acquire makes another. The caller
// still holds s.
func (k *link) retire(s *session) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !s.retired {
		s.retired = true
		close(s.gone)
	}
	if k.live == s {
		k.live = nil
	}
}

// close ends the link and everything that runs over it.
func (k *link) close() {
	k.mu.Lock()
	k.end(errClosed)
	s := k.live
	if s != nil {
		s.users++
	}
	k.mu.Unlock()
	if s != nil {
		k.retire(s)
		k.release(s)
	}
}

// connect makes a client, proves that it works, and puts it into service.
func (k *link) connect(d *dial) {
	s, err := k.newSession()
	k.mu.Lock()
	k.dial = nil
	if err == nil && k.base.Err() != nil {
		err = errClosed
	}
	if err == nil {
		k.live = s
	}
	k.mu.Unlock()
	if err != nil && s != nil {
		s.client.Close()
	}
	if err != nil {
		d.err = dialError{err}
	}
	close(d.done)
}

func (k *link) newSession() (*session, error) {
	config := *k.config
	client, err := esdb.NewClient(&config)
	if err != nil {
		return nil, fmt.Errorf("%w: EventStoreDB: %w", log.ErrMisconfigured, err)
	}
	ctx, cancel := context.WithTimeout(k.base, dialTimeout)
	defer cancel()
	ctx, stop := k.bind(ctx)
	defer stop()
	for range 5 {
		if err = probe(ctx, client); !isNotLeader(err) {
			break
		}
		// The client is on its way to the leader that the answer named.
	}
	if err != nil && errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		// This is the link's deadline and no caller's.
		return newSession(client), fmt.Errorf("%w: EventStoreDB: no answer within %v: %w", log.ErrUnavailable, dialTimeout, err)
	}
	return newSession(client), translate(ctx, err)
}

// probe reads one event of $all, which shows that the server answers, that it
// is ready, that it takes our credentials and that they reach far enough.
func probe(ctx context.Context, client *esdb.Client) error {
	stream, err := client.ReadAll(ctx, esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.End{}}, 1)
	if err != nil {
		return err
	}
	defer stream.Close()
	if _, err = stream.Recv(); errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// attempts is how often a call is made before its failure is reported: once
// more, so that a connection that broke while idle goes unnoticed.
const attempts = 2

// grace is how long a call may go on with a client that another call found
// broken. A client that has given up takes no request any more, and whoever
// hands it one is left standing, whatever the context.
const grace = time.Second

var errStranded = fmt.Errorf("%w: EventStoreDB: the connection broke before there was an answer", log.ErrUnavailable)

// call runs f with a client. It returns when ctx ends, even if f does not, and
// runs f again on another client when the connection broke. Its errors are
// those of package log or the context's.
func call[T any](ctx context.Context, k *link, f func(context.Context, *esdb.Client) (T, error)) (T, error) {
	ctx, cancel := k.bind(ctx)
	defer cancel()
	var none T
	for n := 1; ; n++ {
		s, err := k.acquire(ctx)
		if err != nil {
			return none, err
		}
		done := make(chan outcome[T], 1)
		go func() {
			v, err := f(ctx, s.client)
			err = translate(ctx, err)
			if broken(err) {
				k.retire(s)
			}
			k.release(s)
			done <- outcome[T]{v, err}
		}()
		r, err := await(ctx, s, done)
		if err == nil {
			err = r.err
		}
		if n == attempts || ctx.Err() != nil || !errors.Is(err, log.ErrUnavailable) {
			return r.value, err
		}
	}
}

// An outcome is what a call came to.
type outcome[T any] struct {
	value T
	err   error
}

// await waits for the outcome of a call: until ctx ends, or some grace after
// the session was retired.
func await[R any](ctx context.Context, s *session, done <-chan R) (r R, err error) {
	select {
	case r = <-done:
		return r, nil
	case <-ctx.Done():
		return r, ended(ctx)
	case <-s.gone:
	}
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case r = <-done:
		return r, nil
	case <-ctx.Done():
		return r, ended(ctx)
	case <-late.C:
		return r, errStranded
	}
}
