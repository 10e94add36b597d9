package vault

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// A postgresLock is an advisory lock of the server: submissions of all gateways hold it
// shared, an erasure holds it exclusively. Advisory locks belong to sessions, so that a
// gateway that dies loses its own.
//
// The submissions of one gateway that begin within [holdTime] use one hold of the lock. A
// later submission asks the server for another hold. There it waits behind an erasure that
// asked for the lock meanwhile, so that no erasure waits for ever.
type postgresLock struct {
	pool    *pgxpool.Pool
	opening chan struct{} // holds one element while a hold is being opened

	mu      sync.Mutex
	current *sharedHold // may be joined by further submissions
}

// A sharedHold is one session that holds the shared lock, for several submissions.
type sharedHold struct {
	conn  *pgxpool.Conn
	begun time.Time
	users int // submissions under way; the last one releases the lock
}

const (
	holdTime    = 100 * time.Millisecond
	lockTimeout = 15 * time.Second // how long to wait for a gateway that does not release the lock
	lockConns   = 32

	// The keys of the advisory locks: "muster" in ASCII, and a number.
	schemaLockID  = 0x6d75737465720001
	erasureLockID = 0x6d75737465720002
)

func newPostgresLock(pool *pgxpool.Pool) *postgresLock {
	return &postgresLock{pool: pool, opening: make(chan struct{}, 1)}
}

func (l *postgresLock) shared(ctx context.Context) (func(), error) {
	if s := l.joinHold(); s != nil {
		return func() { l.leaveHold(s) }, nil
	}
	select {
	case l.opening <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s := l.joinHold() // another submission may have opened one meanwhile
	var err error
	if s == nil {
		s, err = l.openHold(ctx)
	}
	<-l.opening
	if err != nil {
		return nil, err
	}
	return func() { l.leaveHold(s) }, nil
}

// joinHold joins the current hold, and returns nil if there is none or it is too old.
func (l *postgresLock) joinHold() *sharedHold {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current == nil || time.Since(l.current.begun) > holdTime {
		return nil
	}
	l.current.users++
	return l.current
}

// openHold asks the server for a new hold and joins it.
func (l *postgresLock) openHold(ctx context.Context) (*sharedHold, error) {
	conn, err := l.acquire(ctx, "SELECT pg_advisory_lock_shared($1)")
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current = &sharedHold{conn: conn, begun: time.Now(), users: 1}
	return l.current, nil
}

// leaveHold ends the part of one submission in a hold.
func (l *postgresLock) leaveHold(s *sharedHold) {
	l.mu.Lock()
	s.users--
	last := s.users == 0
	if last && l.current == s {
		l.current = nil
	}
	l.mu.Unlock()
	if last {
		release(s.conn, "SELECT pg_advisory_unlock_shared($1)")
	}
}

func (l *postgresLock) exclusive(ctx context.Context) (func(), error) {
	conn, err := l.acquire(ctx, "SELECT pg_advisory_lock($1)")
	if err != nil {
		return nil, err
	}
	return func() { release(conn, "SELECT pg_advisory_unlock($1)") }, nil
}

// acquire returns a session that holds the lock.
func (l *postgresLock) acquire(ctx context.Context, query string) (*pgxpool.Conn, error) {
	conn, err := l.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("vault: erasure lock: %w", err)
	}
	if _, err := conn.Exec(ctx, query, erasureLockID); err != nil {
		closeConn(conn)
		return nil, fmt.Errorf("vault: erasure lock: %w", err)
	}
	return conn, nil
}

// release releases the lock of a session. If the server does not answer, it closes the
// session, which releases the lock as well.
func release(conn *pgxpool.Conn, query string) {
	ctx, cancel := context.WithTimeout(context.Background(), transactionTimeout)
	defer cancel()
	if _, err := conn.Exec(ctx, query, erasureLockID); err != nil {
		closeConn(conn)
		return
	}
	conn.Release()
}

// closeConn closes a session instead of giving it back to the pool.
func closeConn(conn *pgxpool.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Hijack().Close(ctx)
}
