package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/muster-works/muster/projections/readmodel"
)

// TakeOver raises the epoch, as soon as no transaction of the writer before is open.
func (l *generationWriter) TakeOver(ctx context.Context) (epoch, ord uint64, err error) {
	taken := make(chan struct{})
	watched := make(chan error, 1)
	go func() { watched <- l.unblock(ctx, l.conn.PgConn().PID(), taken) }()
	err = pgx.BeginFunc(ctx, l.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, flushed); err != nil {
			return err
		}
		return tx.QueryRow(ctx, readmodel.RaiseEpoch).Scan(&l.epoch, &ord)
	})
	close(taken)
	if watch := <-watched; err != nil {
		err = errors.Join(wrap(err), watch)
	}
	return uint64(l.epoch), ord, err
}

// unblock terminates the sessions that keep the session with a pid waiting, each time
// that patience has passed, until done is closed.
func (l *generationWriter) unblock(ctx context.Context, pid uint32, done <-chan struct{}) error {
	for {
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return nil
		case <-time.After(l.store.patience):
		}
		// pg_terminate_backend is allowed for sessions of the same user.
		_, err := l.store.pool.Exec(ctx, `SELECT pg_terminate_backend(b) FROM unnest(pg_blocking_pids($1)) b`, int32(pid))
		if err != nil {
			return fmt.Errorf("end the transaction of the projector before: %w", wrap(err))
		}
	}
}
