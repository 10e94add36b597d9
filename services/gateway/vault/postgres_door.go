package vault

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// A postgresDoor is one door for all gateways: an advisory lock, shared by
// those who submit, exclusive for who erases. The locks belong to sessions: a
// gateway that dies gives up its own.
//
// The submissions of a gateway share its lock, for a shift: whoever comes
// later than [shiftTime] asks for another one, and so waits behind somebody
// who asked to be alone meanwhile.
type postgresDoor struct {
	pool *pgxpool.Pool
	turn chan struct{} // to open a shift

	mu    sync.Mutex
	shift *shift // that may be joined
}

// A shift is one hold of the shared lock.
type shift struct {
	conn  *pgxpool.Conn
	begun time.Time
	in    int // submissions; the last to leave gives the lock up
}

const (
	shiftTime = 100 * time.Millisecond
	doorTime  = 15 * time.Second // how long to wait for a gateway that does not leave
	doorConns = 32

	// The names of the advisory locks, in ASCII "muster" and a number.
	makingLock = 0x6d75737465720001
	doorLock   = 0x6d75737465720002
)

func newPostgresDoor(pool *pgxpool.Pool) *postgresDoor {
	return &postgresDoor{pool: pool, turn: make(chan struct{}, 1)}
}

func (d *postgresDoor) share(ctx context.Context) (func(), error) {
	if s := d.join(); s != nil {
		return func() { d.leave(s) }, nil
	}
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s := d.join() // somebody else may have opened one meanwhile
	var err error
	if s == nil {
		s, err = d.open(ctx)
	}
	<-d.turn
	if err != nil {
		return nil, err
	}
	return func() { d.leave(s) }, nil
}

// join enters the present shift, if there is one that is young.
func (d *postgresDoor) join() *shift {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shift == nil || time.Since(d.shift.begun) > shiftTime {
		return nil
	}
	d.shift.in++
	return d.shift
}

// open begins a shift and enters it.
func (d *postgresDoor) open(ctx context.Context) (*shift, error) {
	conn, err := d.lock(ctx, "SELECT pg_advisory_lock_shared($1)")
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shift = &shift{conn: conn, begun: time.Now(), in: 1}
	return d.shift, nil
}

func (d *postgresDoor) leave(s *shift) {
	d.mu.Lock()
	s.in--
	last := s.in == 0
	if last && d.shift == s {
		d.shift = nil
	}
	d.mu.Unlock()
	if last {
		unlock(s.conn, "SELECT pg_advisory_unlock_shared($1)")
	}
}

func (d *postgresDoor) seize(ctx context.Context) (func(), error) {
	conn, err := d.lock(ctx, "SELECT pg_advisory_lock($1)")
	if err != nil {
		return nil, err
	}
	return func() { unlock(conn, "SELECT pg_advisory_unlock($1)") }, nil
}

func (d *postgresDoor) lock(ctx context.Context, query string) (*pgxpool.Conn, error) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("vault: door: %w", err)
	}
	if _, err := conn.Exec(ctx, query, doorLock); err != nil {
		drop(conn)
		return nil, fmt.Errorf("vault: door: %w", err)
	}
	return conn, nil
}

// unlock gives a lock up, with its session where that does not answer.
func unlock(conn *pgxpool.Conn, query string) {
	ctx, cancel := context.WithTimeout(context.Background(), turnTime)
	defer cancel()
	if _, err := conn.Exec(ctx, query, doorLock); err != nil {
		drop(conn)
		return
	}
	conn.Release()
}

func drop(conn *pgxpool.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Hijack().Close(ctx)
}
