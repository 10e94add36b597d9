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

// A generationWriter is a schema that is open for writing, by one connection.
type generationWriter struct {
	generation
	store *Store
	name  string
	conn  *pgx.Conn
	views []view.View
	epoch int64
	bulk  bool   // there are no keys yet
	tx    pgx.Tx // of a bulk load, since its last checkpoint
}

// writerSettings are those of a connection that writes. What is lost of the read
// model in a power cut is read from the log again; what must not be lost is
// flushed by its own transaction.
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

// lockLoad says that this session is at the bulk load of the generation, for as long
// as it lives; ErrBusy when another one is.
func (l *generationWriter) lockLoad(ctx context.Context) error {
	var mine bool
	if err := l.conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtextextended($1, 0))`, "muster "+l.name).Scan(&mine); err != nil {
		return wrap(err)
	}
	if !mine {
		return readmodel.ErrBusy
	}
	l.bulk = true
	// Its transactions are long and keep nobody waiting.
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

// hangUp lets go of the generation and ends the session; a server that does not
// answer is not waited for. A session lives on for a moment after its connection,
// whose end pgx does not wait for, and whoever asks next must find the generation
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

// flushed makes a transaction wait for the disk.
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
		// The row is locked from here on, so the fence can stand first: whoever
		// was taken over does not write a row.
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

// runAll sends statements together.
func runAll(ctx context.Context, tx pgx.Tx, statements []string) error {
	_, err := tx.Conn().PgConn().Exec(ctx, strings.Join(statements, ";\n")).ReadAll()
	return err
}

// transact runs a part of a transaction, and ends it where commit says so. An
// error takes all of it back.
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

// explainLost tells a lost connection from one that was ended by whoever took over.
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

// A writeBatch is what a transaction has still to do. The first error sticks.
type writeBatch struct {
	ctx   context.Context
	tx    pgx.Tx
	batch pgx.Batch
	err   error
}

const (
	// copyFrom is from how many rows on COPY costs less than statements sent
	// together.
	copyFrom = 32
	// together is how many statements are sent before their answers are read.
	together = 1000
)

func (w *writeBatch) insert(i readmodel.Insert) {
	names := make([]string, len(i.Table.Columns))
	for n, c := range i.Table.Columns {
		names[n] = c.Name
	}
	if i.Table.OnConflict == "" && i.Len >= copyFrom {
		if w.err == nil {
			var row []any
			_, w.err = w.tx.CopyFrom(w.ctx, pgx.Identifier{i.Table.Name}, names, pgx.CopyFromSlice(i.Len, func(n int) ([]any, error) {
				row = i.Row(row[:0], n)
				return row, nil
			}))
		}
		return
	}
	query := insertStatement(i.Table)
	for n := range i.Len {
		w.queue(query, i.Row(nil, n))
	}
}

// insertStatement returns the statement that inserts a row.
func insertStatement(t readmodel.Table) string {
	q := "INSERT INTO " + t.Name + " VALUES ("
	for n := range t.Columns {
		if n > 0 {
			q += ", "
		}
		q += fmt.Sprintf("$%d", n+1)
	}
	return q + ") " + t.OnConflict
}

func (w *writeBatch) queue(query string, args []any) {
	if w.batch.Queue(query, args...); w.batch.Len() == together {
		w.send()
	}
}

func (w *writeBatch) send() {
	if w.err == nil && w.batch.Len() > 0 {
		w.err = w.tx.SendBatch(w.ctx, &w.batch).Close()
	}
	w.batch = pgx.Batch{}
}
