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

var (
	errClosed     = fmt.Errorf("%w: log is closed", log.ErrUnavailable)
	errLost       = errors.New("connection lost")
	errUnverified = errors.New("the server does not show whether its log is the one it was")
)

// recognition is how long a server may take to show the last commit. It is
// short: one that has JetStream turned off does not answer, and an append to it
// must fail at once.
const verifyTimeout = time.Second

// A line watches the connection, so that a request whose answer was lost with
// it is repeated at once and not when its time is over. What is known of the
// log's end holds for one session, from connect to disconnect: the server may
// come back with another past. So in each session the last commit that is known
// must be found again, before anything else is believed or written.
type connectionState struct {
	nc     *nats.Conn
	status chan nats.Status

	mu         sync.Mutex
	session    context.Context // ends with the session, its cause is errLost or errClosed
	end        context.CancelCauseFunc
	seen       uint64            // the highest sequence seen in this session
	ends       map[string]uint64 // of boundaries ("" is all) whose end was asked for in this session: the last sequence known
	lastCommit commitRef         // the last commit met, in any session
	verified   bool              // known, if there is one, was met or found again in this session
	closed     bool
}

// A mark is a commit by its place.
type commitRef struct {
	seq uint64
	id  string
}

func watchConnection(nc *nats.Conn) *connectionState {
	n := &connectionState{nc: nc, ends: map[string]uint64{}, status: nc.StatusChanged(nats.DISCONNECTED, nats.RECONNECTING, nats.CLOSED)}
	n.session, n.end = context.WithCancelCause(context.Background())
	go func() {
		for range n.status {
			n.mu.Lock()
			if n.closed {
				n.mu.Unlock()
				return
			}
			n.end(errLost)
			n.session, n.end = context.WithCancelCause(context.Background())
			n.seen, n.verified, n.ends = 0, false, map[string]uint64{}
			n.mu.Unlock()
		}
	}()
	return n
}

func (n *connectionState) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.closed {
		n.closed = true
		n.end(errClosed)
		n.nc.RemoveStatusListener(n.status)
	}
}

// live returns a context that ends with ctx or with the present session.
func (n *connectionState) sessionContext(ctx context.Context) (context.Context, context.CancelFunc) {
	n.mu.Lock()
	session := n.session
	n.mu.Unlock()
	live, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(session, func() { cancel(context.Cause(session)) })
	return live, func() { stop(); cancel(nil) }
}

func (n *connectionState) noteSequence(seq uint64) {
	n.mu.Lock()
	n.seen = max(n.seen, seq)
	n.mu.Unlock()
}

// sawEnd is saw for the last sequence of a boundary, as the server named it.
func (n *connectionState) noteEnd(boundary string, seq uint64) {
	n.mu.Lock()
	n.seen = max(n.seen, seq)
	n.ends[boundary] = max(n.ends[boundary], seq)
	n.mu.Unlock()
}

// reached says whether seq is the boundary's last sequence, or a later one, as
// far as this session knows.
func (n *connectionState) reachedEnd(boundary string, seq uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	end, known := n.ends[boundary]
	return known && seq >= end
}

// met remembers a commit that was appended or read.
func (n *connectionState) noteCommit(seq uint64, id, boundary string) {
	n.mu.Lock()
	n.seen = max(n.seen, seq)
	for _, b := range []string{"", boundary} {
		if end, asked := n.ends[b]; asked {
			n.ends[b] = max(end, seq)
		}
	}
	n.verified = n.verified || n.lastCommit.seq == 0
	if n.lastCommit.seq <= seq {
		n.lastCommit = commitRef{seq, id}
	}
	n.mu.Unlock()
}

// doubt returns the commit that is to be found again, with the session that it
// is to be found in; or false.
func (n *connectionState) unverifiedCommit() (commitRef, context.Context, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.lastCommit, n.session, n.lastCommit.seq != 0 && !n.verified
}

// prove ends the doubt for one session.
func (n *connectionState) setVerified(session context.Context) {
	n.mu.Lock()
	n.verified = n.verified || n.session == session
	n.mu.Unlock()
}

func (n *connectionState) hasSeen(seq uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return seq <= n.seen
}

// dead returns why no request can succeed any more, or nil.
func (n *connectionState) closedError() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.closed:
		return errClosed
	case n.nc.IsClosed():
		return fmt.Errorf("%w: %w", log.ErrUnavailable, nats.ErrConnectionClosed)
	}
	return nil
}

// up waits for a connection, for as long as an answer may take.
func (n *connectionState) awaitConnected(ctx context.Context) error {
	for end := time.Now().Add(requestTimeout); !n.nc.IsConnected(); {
		if err := n.closedError(); err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w: not connected to NATS", log.ErrUnavailable)
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return n.closedError()
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ask makes a request that may be repeated. It fails with the context's error,
// log.ErrUnavailable, log.ErrMisconfigured, log.ErrForeign when the server came
// back with another past, or an answer of the server's that says that repeating
// it is of no use.
func (l *driver) request(ctx context.Context, what string, request func(context.Context) error) error {
	return l.requestUnverified(ctx, what, func(ctx context.Context) error {
		if err := l.verifySession(ctx); err != nil {
			return err
		}
		return request(ctx)
	})
}

// recognise makes sure, once a session, that the server holds the last commit
// that was met. It fails with log.ErrForeign, errDoubt, or the context's error.
func (l *driver) verifySession(ctx context.Context) error {
	known, session, doubted := l.connection.unverifiedCommit()
	if !doubted {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, verifyTimeout)
	defer cancel()
	for try := 1; ; try++ {
		err := l.verify(bounded, log.At(known.seq, 0), known.id)
		switch {
		case err == nil:
			l.connection.setVerified(session)
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.Is(err, log.ErrForeign):
			return fmt.Errorf("%w: %w", errUnverified, err)
		case try == maxAttempts:
			return fmt.Errorf("the server came back with another past: %w", err)
		}
		// A new leader may need a moment.
		if err := pause(ctx, verifyTimeout/10); err != nil {
			return err
		}
	}
}

// askAnyone is ask, of a server that may be another one than it was.
func (l *driver) requestUnverified(ctx context.Context, what string, request func(context.Context) error) error {
	for try := 1; ; try++ {
		err := l.requestOnce(ctx, request)
		if err == nil || ctx.Err() != nil || errors.Is(err, jetstream.ErrMsgNotFound) {
			return err
		}
		if errors.Is(err, errClosed) || errors.Is(err, log.ErrForeign) {
			return err
		}
		final := permanentError(err)
		if final == nil && errors.Is(l.nc.LastError(), nats.ErrPermissionViolation) {
			final = fmt.Errorf("%w: this user may not use JetStream: connect as the internal user", log.ErrMisconfigured)
		}
		if final == nil && try == maxAttempts {
			final = log.ErrUnavailable
		}
		if final != nil {
			return fmt.Errorf("%w: %s: %w", final, what, err)
		}
		if err := pause(ctx, 250*time.Millisecond); err != nil {
			return err
		}
	}
}

func (l *driver) requestOnce(ctx context.Context, request func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := l.connection.awaitConnected(ctx); err != nil {
		return err
	}
	live, cancel := l.connection.sessionContext(ctx)
	defer cancel()
	bounded, cancel := context.WithTimeout(live, requestTimeout)
	defer cancel()
	err := request(bounded)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if cause := context.Cause(live); err != nil && cause != nil {
		return cause
	}
	return err
}

// explain returns the sentinel of an error that repeating does not mend.
func permanentError(err error) error {
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return fmt.Errorf("%w: there is no such stream: provision it (muster provision)", log.ErrMisconfigured)
	case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return fmt.Errorf("%w: this user's account has no JetStream: connect as the internal user", log.ErrMisconfigured)
	case codeOf(err) == codeNoCluster:
		return fmt.Errorf("%w: the server is no cluster and keeps one replica alone", log.ErrMisconfigured)
	case errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, log.ErrUnavailable):
		return log.ErrUnavailable
	}
	return nil
}
