package eslog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/muster-works/muster/events/log"
)

const (
	// dialTimeout bounds the first call on a new client.
	dialTimeout = 15 * time.Second
	// inFlight is how many calls are under way at a time, subscriptions left aside. A
	// server may need much of a processor to check a password, which it does for
	// each call: 16 calls a second have been seen. More of them at a time would wait
	// there, past the client's deadline of ten seconds, in place of here.
	maxCalls = 16
	// spare is how many clients are kept for the next calls: fewer would have a
	// client made, and proven by a call, for every other call of a busy log.
	maxIdle = maxCalls
)

// errClosed ends the calls that Close finds under way.
var errClosed = fmt.Errorf("%w: the log was closed", log.ErrUnavailable)

// A link hands out clients, each of them to one call at a time.
//
// Shared between calls, a client of this library loses what it holds as soon
// as one of them fails: the next one makes it connect anew without closing the
// connection it had, and if that fails it ends and leaves all others waiting
// for it, whatever their contexts. A client that nobody else uses, and that is
// closed after its first failure, does neither.
type clientPool struct {
	config *esdb.Configuration
	base   context.Context // ends with close
	end    context.CancelCauseFunc

	slots chan struct{} // one for each call under way

	mu    sync.Mutex
	idle  []*pooledClient // the one used last comes last
	epoch int             // how often a connection was found broken
}

// A session is a client that has shown that it works. One from before the
// link's epoch is not used again.
type pooledClient struct {
	client *esdb.Client
	epoch  int
}

// A dialError came before the call that it ended was made.
type dialError struct{ error }

func (e dialError) Unwrap() error { return e.error }

func newClientPool(config *esdb.Configuration) *clientPool {
	base, end := context.WithCancelCause(context.Background())
	return &clientPool{config: config, base: base, end: end, slots: make(chan struct{}, maxCalls)}
}

// bind makes a context that ends with ctx or with the link, and asks for the
// leader. The client has an option for that, which does not reach the server.
func (k *clientPool) bind(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(metadata.AppendToOutgoingContext(ctx, "requires-leader", "true"))
	stop := context.AfterFunc(k.base, func() { cancel(errClosed) })
	return ctx, func() { stop(); cancel(nil) }
}

// acquire returns a session for the caller alone, who releases it. ctx comes
// from bind.
func (k *clientPool) acquire(ctx context.Context) (*pooledClient, error) {
	k.mu.Lock()
	if k.base.Err() != nil {
		k.mu.Unlock()
		return nil, errClosed
	}
	if n := len(k.idle); n > 0 {
		s := k.idle[n-1]
		k.idle = k.idle[:n-1]
		k.mu.Unlock()
		return s, nil
	}
	epoch := k.epoch
	k.mu.Unlock()
	// A discovery under way knows no context; who does not wait for its end
	// leaves the session to the next.
	dialed := make(chan callResult[*pooledClient])
	go func() {
		s, err := k.dial(epoch)
		select {
		case dialed <- callResult[*pooledClient]{s, err}:
		case <-ctx.Done():
			if err == nil {
				k.release(ctx, s, nil)
			}
		}
	}()
	select {
	case d := <-dialed:
		return d.value, d.err
	case <-ctx.Done():
		return nil, ended(ctx)
	}
}

// release takes s back after a call with ctx that the client ended with err.
func (k *clientPool) release(ctx context.Context, s *pooledClient, err error) {
	var closing []*pooledClient
	k.mu.Lock()
	if isBroken(ctx, err) && s.epoch == k.epoch {
		// What broke this connection may have broken the others.
		k.epoch++
		closing, k.idle = k.idle, nil
	}
	if !isBroken(ctx, err) && s.epoch == k.epoch && len(k.idle) < maxIdle && k.base.Err() == nil {
		k.idle = append(k.idle, s)
	} else {
		closing = append(closing, s)
	}
	k.mu.Unlock()
	for _, s := range closing {
		s.client.Close()
	}
}

// close ends the link and everything that runs over it.
func (k *clientPool) close() {
	k.mu.Lock()
	k.end(errClosed)
	closing := k.idle
	k.idle = nil
	k.mu.Unlock()
	for _, s := range closing {
		s.client.Close()
	}
}

// dial makes a client and proves that it works.
func (k *clientPool) dial(epoch int) (*pooledClient, error) {
	config := *k.config
	client, err := esdb.NewClient(&config)
	if err != nil {
		return nil, dialError{fmt.Errorf("%w: EventStoreDB: %w", log.ErrMisconfigured, err)}
	}
	timed, cancel := context.WithTimeout(k.base, dialTimeout)
	defer cancel()
	ctx, stop := k.bind(timed)
	defer stop()
	for range 5 {
		if err = probe(ctx, client); !isNotLeader(err) {
			break
		}
		// The client is on its way to the leader that the answer named.
	}
	if err == nil {
		return &pooledClient{client: client, epoch: epoch}, nil
	}
	client.Close()
	err = translate(ctx, explainVersion(ctx, &config, err))
	if errors.Is(err, context.DeadlineExceeded) {
		// This is the link's deadline and no caller's.
		err = fmt.Errorf("%w: EventStoreDB: no answer within %v", log.ErrUnavailable, dialTimeout)
	}
	return nil, dialError{err}
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

// spent says whether err, as the client gave it for a call with ctx, casts
// doubt on the client. A node that is not the leader does not: its client
// moves on by itself. Nor does the end of ctx, unless the client saw its
// connection break at the same time.
func isBroken(ctx context.Context, err error) bool {
	return err != nil && !isNotLeader(err) &&
		(status.Code(err) == codes.Unavailable || errors.Is(translate(ctx, err), log.ErrUnavailable))
}

// attempts is how often a call is made before its failure is reported: once
// more, so that a connection that broke while idle goes unnoticed.
const maxAttempts = 2

// An outcome is what a call came to.
type callResult[T any] struct {
	value T
	err   error
}

// call runs f with a client. It returns when ctx ends, even if f does not, and
// runs f again on another client when the connection broke. Its errors are
// those of package log or the context's.
func call[T any](ctx context.Context, k *clientPool, f func(context.Context, *esdb.Client) (T, error)) (T, error) {
	ctx, cancel := k.bind(ctx)
	defer cancel()
	var none T
	select {
	case k.slots <- struct{}{}:
	case <-ctx.Done():
		return none, ended(ctx)
	}
	defer func() { <-k.slots }()
	for n := 1; ; n++ {
		s, err := k.acquire(ctx)
		if err != nil {
			return none, err
		}
		done := make(chan callResult[T], 1)
		go func() {
			v, err := f(ctx, s.client)
			k.release(ctx, s, err)
			done <- callResult[T]{v, translate(ctx, err)}
		}()
		select {
		case r := <-done:
			if n == maxAttempts || ctx.Err() != nil || !errors.Is(r.err, log.ErrUnavailable) {
				return r.value, r.err
			}
		case <-ctx.Done():
			return none, ended(ctx)
		}
	}
}
