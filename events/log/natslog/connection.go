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

// verifyTimeout is how long a server may take to return the last commit. It is short
// because a server with JetStream turned off does not answer, and an append to it
// must fail soon.
const verifyTimeout = time.Second

// A connectionState watches the connection and remembers what is known about the log.
//
// When the connection breaks, requests that wait for an answer are repeated at once
// rather than after their time limit.
//
// The time from a connect to a disconnect is a session. What is known about the end
// of the log holds for one session, since the server may have lost commits when it
// returns. In each session the last known commit must therefore be found again before
// anything else is believed or written.
type connectionState struct {
	nc     *nats.Conn
	status chan nats.Status

	mu         sync.Mutex
	session    context.Context // ends with the session, with errLost or errClosed as cause
	end        context.CancelCauseFunc
	seen       uint64            // the highest sequence seen in this session
	ends       map[string]uint64 // of boundaries ("" is all) whose end was asked for in this session: the last sequence known
	lastCommit commitRef         // the last commit that was appended or read, in any session
	verified   bool              // lastCommit, if there is one, was appended, read or found in this session
	closed     bool
}

// A commitRef identifies a commit.
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

// sessionContext returns a context that ends with ctx or with the present session.
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

// noteEnd is noteSequence for the last sequence of a boundary, as the server reported
// it.
func (n *connectionState) noteEnd(boundary string, seq uint64) {
	n.mu.Lock()
	n.seen = max(n.seen, seq)
	n.ends[boundary] = max(n.ends[boundary], seq)
	n.mu.Unlock()
}

// reachedEnd reports whether seq is at or after the last sequence of the boundary
// that is known in this session.
func (n *connectionState) reachedEnd(boundary string, seq uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	end, known := n.ends[boundary]
	return known && seq >= end
}

// noteCommit remembers a commit that was appended or read.
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

// unverifiedCommit returns the commit that must be found again, and the session in
// which it must be found. It returns false if there is none.
func (n *connectionState) unverifiedCommit() (commitRef, context.Context, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.lastCommit, n.session, n.lastCommit.seq != 0 && !n.verified
}

// setVerified records that the last commit was found in the given session.
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

// closedError returns the reason why no request can succeed any more, or nil.
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

// awaitConnected waits until the client is connected, for at most requestTimeout.
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

// request makes a request that may be repeated. The error is that of the context,
// log.ErrUnavailable, log.ErrMisconfigured, log.ErrForeign if the server has lost
// commits, or an answer of the server for which repeating is useless.
func (l *driver) request(ctx context.Context, what string, request func(context.Context) error) error {
	return l.requestUnverified(ctx, what, func(ctx context.Context) error {
		if err := l.verifySession(ctx); err != nil {
			return err
		}
		return request(ctx)
	})
}

// verifySession verifies, once in each session, that the server holds the last commit
// that was appended or read. The error is log.ErrForeign, errUnverified or that of
// the context.
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
		// A new leader may not have the commit for a moment.
		if err := pause(ctx, verifyTimeout/10); err != nil {
			return err
		}
	}
}

// requestUnverified is like request, but does not verify the session first.
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

// permanentError returns the sentinel for an error that repeating cannot fix, or nil.
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
