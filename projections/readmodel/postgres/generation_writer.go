package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/view"
)

// A generationWriter is a schema that is open for writing on one connection, and
// implements readmodel.GenerationWriter.
type generationWriter struct {
	generation
	store *Store
	name  string
	conn  *pgx.Conn
	views []view.View
	epoch int64
	bulk  bool   // the generation is being loaded
	tx    pgx.Tx // of a bulk load, open since its last checkpoint; nil right after one
}

// writerSettings are the settings of a connection that writes. It need not wait for the
// disk: what a power cut takes from the read model is read from the log again. A
// transaction that must not be lost sets flushed.
var writerSettings = map[string]string{
	"synchronous_commit":                  "off",
	"idle_in_transaction_session_timeout": "30s",
	"maintenance_work_mem":                "256MB",
}

// idleInTransaction is the code of the error that ends a transaction which was
// idle for too long.
const idleInTransaction = "25P03"

// Create makes the schema of a new generation.
func (s *Store) Create(ctx context.Context, name string, views []view.View) (readmodel.GenerationWriter, error) {
	l, err := s.openForWriting(ctx, name, views)
	if err != nil {
		return nil, err
	}
	if err := l.lockLoad(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	err = pgx.BeginFunc(ctx, l.conn, func(tx pgx.Tx) error {
		all := []string{`CREATE SCHEMA ` + quote(name)}
		for _, t := range readmodel.Tables(views) {
			all = append(all, createTable(t)...)
		}
		if err := runAll(ctx, tx, all); err != nil {
			return err
		}
		for query, args := range readmodel.FirstRows(views) {
			if _, err := tx.Exec(ctx, numberArguments(query), args...); err != nil {
				return err
			}
		}
		return nil
	})
	if hasCode(err, duplicateSchema) {
		err = fmt.Errorf("%w: %w", fs.ErrExist, err)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create %s: %w", name, wrap(err)), l.Close())
	}
	return l, nil
}

// ResumeLoad opens the schema of a bulk load that was interrupted.
func (s *Store) ResumeLoad(ctx context.Context, name string, views []view.View) (readmodel.GenerationWriter, error) {
	l, err := s.openForWriting(ctx, name, views)
	if err != nil {
		return nil, err
	}
	var state string
	if err = l.lockLoad(ctx); err == nil {
		err = wrap(l.conn.QueryRow(ctx, readmodel.LoadStateQuery).Scan(&state))
	}
	if err == nil && state != "building" {
		err = fmt.Errorf("%w: %s is no bulk load under way", readmodel.ErrUnusable, name)
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// lockLoad locks the bulk load of the generation for this session, as long as it
// lives. It fails with ErrBusy if another session has the lock.
func (l *generationWriter) lockLoad(ctx context.Context) error {
	var mine bool
	if err := l.conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtextextended($1, 0))`, "muster "+l.name).Scan(&mine); err != nil {
		return wrap(err)
	}
	if !mine {
		return readmodel.ErrBusy
	}
	l.bulk = true
	// Transactions of a load are long, and no one waits for them.
	_, err := l.conn.Exec(ctx, `SET idle_in_transaction_session_timeout = 0`)
	return wrap(err)
}

// OpenWriter opens the schema of a finished generation.
func (s *Store) OpenWriter(ctx context.Context, name string, views []view.View) (readmodel.GenerationWriter, error) {
	l, err := s.openForWriting(ctx, name, views)
	if err != nil {
		return nil, err
	}
	return l, nil
}

func (s *Store) openForWriting(ctx context.Context, name string, views []view.View) (*generationWriter, error) {
	config := s.config.ConnConfig.Copy()
	config.RuntimeParams["search_path"] = searchPath(name)
	for setting, value := range writerSettings {
		config.RuntimeParams[setting] = value
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, wrap(err)
	}
	l := &generationWriter{store: s, name: name, conn: conn, views: views}
	l.generation = generation{asker: conn, close: l.hangUp}
	return l, nil
}

// hangUp releases the generation and ends the session. It does not wait long for a
// server that does not answer. Locks are released explicitly, since a session may
// outlive its connection for a moment, and the next writer must find the generation
// free.
func (l *generationWriter) hangUp() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	switch {
	case l.bulk:
		if l.tx != nil {
			_ = l.tx.Rollback(ctx)
		}
		_, _ = l.conn.Exec(ctx, `SELECT pg_advisory_unlock_all()`)
	case l.epoch > 0:
		_, _ = l.conn.Exec(ctx, numberArguments(readmodel.ReleaseHold), l.epoch)
	}
	_ = l.conn.Close(ctx)
}

// Beat counts on, by a connection of its own.
func (l *generationWriter) Beat(ctx context.Context) error {
	done, err := l.store.pool.Exec(ctx, `UPDATE `+quote(l.name)+`.progress SET beat = beat + 1 WHERE epoch = $1`, l.epoch)
	if err == nil && done.RowsAffected() != 1 {
		err = readmodel.ErrFenced
	}
	return wrap(err)
}

// flushed makes the transaction wait for the disk when it commits.
const flushed = `SET LOCAL synchronous_commit = on`

// Finish makes keys and indexes, and flushes everything.
func (l *generationWriter) Finish(ctx context.Context) error {
	err := l.transact(ctx, true, func(tx pgx.Tx) error {
		all := []string{flushed}
		for _, t := range readmodel.Tables(l.views) {
			all = append(all, createIndexes(t)...)
		}
		return runAll(ctx, tx, append(all, readmodel.LastRows...))
	})
	if err == nil {
		l.bulk = false
		_, err = l.conn.Exec(ctx, `SELECT pg_advisory_unlock_all(), set_config('idle_in_transaction_session_timeout', $1, false)`, writerSettings["idle_in_transaction_session_timeout"])
	}
	return wrap(err)
}

// Write writes a batch.
func (l *generationWriter) Write(ctx context.Context, after uint64, b *readmodel.Batch) error {
	err := l.transact(ctx, !l.bulk || len(b.Checkpoint) > 0, func(tx pgx.Tx) error {
		// The row of progress is locked from here on. So the fence can stand first: a
		// writer that was taken over does not write a row.
		done, err := tx.Exec(ctx, numberArguments(readmodel.Advance), int64(b.LastOrdinal(after)), l.epoch, int64(after))
		if err != nil {
			return err
		}
		if done.RowsAffected() != 1 {
			return readmodel.ErrFenced
		}
		w := writeBatch{ctx: ctx, tx: tx}
		for query, args := range b.Statements(l.views) {
			w.queue(numberArguments(query), args)
		}
		for i := range b.Inserts(l.views, l.bulk) {
			w.insert(i)
		}
		w.send()
		return w.err
	})
	return l.explainLost(ctx, wrap(err))
}

// runAll sends statements in one round trip.
func runAll(ctx context.Context, tx pgx.Tx, statements []string) error {
	_, err := tx.Conn().PgConn().Exec(ctx, strings.Join(statements, ";\n")).ReadAll()
	return err
}

// transact runs do in the open transaction, or in a new one if none is open. It
// commits if commit is set, and else leaves the transaction open. If do fails, the
// whole transaction is rolled back.
func (l *generationWriter) transact(ctx context.Context, commit bool, do func(pgx.Tx) error) error {
	tx := l.tx
	l.tx = nil
	if tx == nil {
		var err error
		if tx, err = l.conn.Begin(ctx); err != nil {
			return err
		}
	}
	if err := do(tx); err != nil {
		back, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		return errors.Join(err, tx.Rollback(back))
	}
	if commit {
		return tx.Commit(ctx)
	}
	l.tx = tx
	return nil
}

// explainLost adds ErrFenced to the error of a connection that was ended because
// another writer took over.
func (l *generationWriter) explainLost(ctx context.Context, err error) error {
	if !errors.Is(err, readmodel.ErrUnavailable) {
		return err
	}
	var epoch int64
	asked := l.store.pool.QueryRow(ctx, `SELECT epoch FROM `+quote(l.name)+`.progress`).Scan(&epoch)
	if asked == nil && epoch != l.epoch {
		return fmt.Errorf("%w: %w", readmodel.ErrFenced, err)
	}
	return err
}
