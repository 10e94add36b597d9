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
	errClosed = fmt.Errorf("%w: log is closed", log.ErrUnavailable)
	errLost   = errors.New("connection lost")
	errDoubt  = errors.New("the server does not show whether its log is the one it was")
)

// recognition is how long a server may take to show the last commit. It is
// short: one that has JetStream turned off does not answer, and an append to it
// must fail at once.
const recognition = time.Second

// A line watches the connection, so that a request whose answer was lost with
// it is repeated at once and not when its time is over. What is known of the
// log's end holds for one session, from connect to disconnect: the server may
// come back with another past. So in each session the last commit that is known
// must be found again, before anything else is believed or written.
type line struct {
	nc     *nats.Conn
	status chan nats.Status

	mu      sync.Mutex
	session context.Context // ends with the session, its cause is errLost or errClosed
	end     context.CancelCauseFunc
	seen    uint64            // the highest sequence seen in this session
	ends    map[string]uint64 // of boundaries ("" is all) whose end was asked for in this session: the last sequence known
	known   mark              // the last commit met, in any session
	proven  bool              // known, if there is one, was met or found again in this session
	closed  bool
}

// A mark is a commit by its place.
type mark struct {
	seq uint64
	id  string
}

func newLine(nc *nats.Conn) *line {
	n := &line{nc: nc, ends: map[string]uint64{}, status: nc.StatusChanged(nats.DISCONNECTED, nats.RECONNECTING, nats.CLOSED)}
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
			n.seen, n.proven, n.ends = 0, false, map[string]uint64{}
			n.mu.Unlock()
		}
	}()
	return n
}

func (n *line) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.closed {
		n.closed = true
		n.end(errClosed)
		n.nc.RemoveStatusListener(n.status)
	}
}

// live returns a context that ends with ctx or with the present session.
func (n *line) live(ctx context.Context) (context.Context, context.CancelFunc) {
	n.mu.Lock()
	session := n.session
	n.mu.Unlock()
	live, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(session, func() { cancel(context.Cause(session)) })
	return live, func() { stop(); cancel(nil) }
}

func (n *line) saw(seq uint64) {
	n.mu.Lock()
	n.seen = max(n.seen, seq)
	n.mu.Unlock()
}

// sawEnd is saw for the last sequence of a boundary, as the server named it.
func (n *line) sawEnd(boundary string, seq uint64) {
	n.mu.Lock()
	n.seen = max(n.seen, seq)
	n.ends[boundary] = max(n.ends[boundary], seq)
	n.mu.Unlock()
}

// reached says whether seq is the boundary's last sequence, or a later one, as
// far as this session knows.
func (n *line) reached(boundary string, seq uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	end, known := n.ends[boundary]
	return known && seq >= end
}

// met remembers a commit that was appended or read.
func (n *line) met(seq uint64, id, boundary string) {
	n.mu.Lock()
	n.seen = max(n.seen, seq)
	for _, b := range []string{"", boundary} {
		if end, asked := n.ends[b]; asked {
			n.ends[b] = max(end, seq)
		}
	}
	n.proven = n.proven || n.known.seq == 0
	if n.known.seq <= seq {
		n.known = mark{seq, id}
	}
	n.mu.Unlock()
}

// doubt returns the commit that is to be found again, with the session that it
// is to be found in; or false.
func (n *line) doubt() (mark, context.Context, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.known, n.session, n.known.seq != 0 && !n.proven
}

// prove ends the doubt for one session.
func (n *line) prove(session context.Context) {
	n.mu.Lock()
	n.proven = n.proven || n.session == session
	n.mu.Unlock()
}

func (n *line) hasSeen(seq uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return seq <= n.seen
}

// dead returns why no request can succeed any more, or nil.
func (n *line) dead() error {
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
func (n *line) up(ctx context.Context) error {
	for end := time.Now().Add(answer); !n.nc.IsConnected(); {
		if err := n.dead(); err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w: not connected to NATS", log.ErrUnavailable)
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return n.dead()
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
func (l *driver) ask(ctx context.Context, what string, request func(context.Context) error) error {
	return l.askAnyone(ctx, what, func(ctx context.Context) error {
		if err := l.recognise(ctx); err != nil {
			return err
		}
		return request(ctx)
	})
}

// recognise makes sure, once a session, that the server holds the last commit
// that was met. It fails with log.ErrForeign, errDoubt, or the context's error.
func (l *driver) recognise(ctx context.Context) error {
	known, session, doubted := l.line.doubt()
	if !doubted {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, recognition)
	defer cancel()
	for try := 1; ; try++ {
		err := l.verify(bounded, log.At(known.seq, 0), known.id)
		switch {
		case err == nil:
			l.line.prove(session)
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.Is(err, log.ErrForeign):
			return fmt.Errorf("%w: %w", errDoubt, err)
		case try == tries:
			return fmt.Errorf("the server came back with another past: %w", err)
		}
		// A new leader may need a moment.
		if err := pause(ctx, recognition/10); err != nil {
			return err
		}
	}
}

// askAnyone is ask, of a server that may be another one than it was.
func (l *driver) askAnyone(ctx context.Context, what string, request func(context.Context) error) error {
	for try := 1; ; try++ {
		err := l.askOnce(ctx, request)
		if err == nil || ctx.Err() != nil || errors.Is(err, jetstream.ErrMsgNotFound) {
			return err
		}
		if errors.Is(err, errClosed) || errors.Is(err, log.ErrForeign) {
			return err
		}
		final := explain(err)
		if final == nil && errors.Is(l.nc.LastError(), nats.ErrPermissionViolation) {
			final = fmt.Errorf("%w: this user may not use JetStream: connect as the internal user", log.ErrMisconfigured)
		}
		if final == nil && try == tries {
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

func (l *driver) askOnce(ctx context.Context, request func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := l.line.up(ctx); err != nil {
		return err
	}
	live, cancel := l.line.live(ctx)
	defer cancel()
	bounded, cancel := context.WithTimeout(live, answer)
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
func explain(err error) error {
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
