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
	// dialTimeout is the limit for the first call of a new client.
	dialTimeout = 15 * time.Second
	// maxCalls is how many calls are under way at a time, not counting subscriptions.
	// A server may take much processor time to check the password of each call; 16
	// calls a second have been observed. More calls at a time would wait in the
	// server, past the client's deadline of ten seconds, and not here.
	maxCalls = 16
	// maxIdle is how many clients are kept for later calls. With fewer, a busy log
	// would create and test a client for every other call.
	maxIdle = maxCalls
)

// errClosed ends the calls that are under way at Close.
var errClosed = fmt.Errorf("%w: the log was closed", log.ErrUnavailable)

// A clientPool lends each client to one call at a time.
//
// Sharing a client between calls does not work with this library. If one call fails,
// the next one connects again without closing the old connection. If that fails too,
// the client ends, and all other calls wait for it regardless of their contexts. A
// client that is used by one call and closed after its first failure has neither
// problem.
type clientPool struct {
	config *esdb.Configuration
	base   context.Context // ends with close
	end    context.CancelCauseFunc

	slots chan struct{} // one slot for each call under way

	mu    sync.Mutex
	idle  []*pooledClient // the client that was used last is the last
	epoch int             // number of broken connections so far
}

// A pooledClient is a client that has answered a call. It is not used again if the
// epoch of the pool has changed since.
type pooledClient struct {
	client *esdb.Client
	epoch  int
}

// A dialError is the error of a call that could not be sent.
type dialError struct{ error }

func (e dialError) Unwrap() error { return e.error }

func newClientPool(config *esdb.Configuration) *clientPool {
	base, end := context.WithCancelCause(context.Background())
	return &clientPool{config: config, base: base, end: end, slots: make(chan struct{}, maxCalls)}
}

// bind returns a context that ends with ctx or with the pool, and that requests the
// leader. The client's option for that does not reach the server.
func (k *clientPool) bind(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(metadata.AppendToOutgoingContext(ctx, "requires-leader", "true"))
	stop := context.AfterFunc(k.base, func() { cancel(errClosed) })
	return ctx, func() { stop(); cancel(nil) }
}

// acquire returns a client for the caller alone, who must release it. ctx is from
// bind.
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
	// The library's discovery ignores contexts. If the caller does not wait for its
	// end, the client goes back to the pool.
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

// release takes back s after a call with ctx that returned err.
func (k *clientPool) release(ctx context.Context, s *pooledClient, err error) {
	var closing []*pooledClient
	k.mu.Lock()
	if isBroken(ctx, err) && s.epoch == k.epoch {
		// The reason may have broken the other connections too.
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

// close closes the pool and ends all calls.
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

// dial creates a client and tests it.
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
		// The client connects to the leader that the answer named.
	}
	if err == nil {
		return &pooledClient{client: client, epoch: epoch}, nil
	}
	client.Close()
	err = translate(ctx, explainVersion(ctx, &config, err))
	if errors.Is(err, context.DeadlineExceeded) {
		// The deadline is that of dial, not of a caller.
		err = fmt.Errorf("%w: EventStoreDB: no answer within %v", log.ErrUnavailable, dialTimeout)
	}
	return nil, dialError{err}
}

// probe reads one event of $all. This shows that the server is ready and accepts the
// credentials, and that the user may read $all.
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

// isBroken reports whether the client must not be used again after the error err of a
// call with ctx. A client of a node that is not the leader is not broken, since it
// connects to the leader. Neither is the client of a call whose ctx ended, unless its
// connection broke at the same time.
func isBroken(ctx context.Context, err error) bool {
	return err != nil && !isNotLeader(err) &&
		(status.Code(err) == codes.Unavailable || errors.Is(translate(ctx, err), log.ErrUnavailable))
}

// maxAttempts is how often a call is made before its error is returned. The second
// attempt hides a connection that broke while it was idle.
const maxAttempts = 2

// A callResult is the result of a call.
type callResult[T any] struct {
	value T
	err   error
}

// call runs f with a client. It returns when ctx ends, even if f does not. If the
// connection breaks, it runs f again with another client. The error is one of package
// log or that of the context.
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
