package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/view"
)

// A generationWriter is a file that is open for writing, and implements
// readmodel.GenerationWriter.
type generationWriter struct {
	generation
	path  string
	views []view.View
	epoch int64
	pulse *sql.DB // the connection of Beat; nil before the first one

	// In a bulk load:
	bulk    bool
	tx      *sql.Tx  // open since the last checkpoint; nil right after one
	flusher *flusher // nil until something was written
}

// OpenWriter opens the file of a finished generation.
func (s *Store) OpenWriter(_ context.Context, name string, views []view.View) (readmodel.GenerationWriter, error) {
	l, err := openForWriting(s.file(name), views, livePragmas...)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// livePragmas are the settings for writing a finished generation.
var livePragmas = []string{"journal_mode(WAL)", "synchronous(NORMAL)", "busy_timeout(10000)", "cache_size(-131072)", "wal_autocheckpoint(4000)"}

func openForWriting(path string, views []view.View, pragmas ...string) (*generationWriter, error) {
	db, err := openDatabase(path, pragmas...)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &generationWriter{generation: generation{db}, path: path, views: views}, nil
}

// TakeOver raises the epoch. It fails with ErrHeld if another process keeps the write
// lock of the file, as a stopped process does: the lock cannot be taken from it.
func (l *generationWriter) TakeOver(ctx context.Context) (epoch, ord uint64, err error) {
	err = l.db.QueryRowContext(ctx, readmodel.RaiseEpoch).Scan(&l.epoch, &ord)
	if isBusy(err) {
		return 0, 0, fmt.Errorf("%w: %w", readmodel.ErrHeld, err)
	}
	return uint64(l.epoch), ord, wrap(err)
}

// Beat counts on, by a connection of its own. It does nothing while a transaction is
// under way, since the transaction moves the position, which is a sign of life too.
func (l *generationWriter) Beat(ctx context.Context) (err error) {
	if l.pulse == nil {
		if l.pulse, err = openDatabase(l.path, "busy_timeout(500)"); err != nil {
			return err
		}
		l.pulse.SetMaxOpenConns(1)
	}
	done, err := l.pulse.ExecContext(ctx, `UPDATE progress SET beat = beat + 1 WHERE epoch = ?`, l.epoch)
	if err == nil {
		if n, bad := done.RowsAffected(); bad == nil && n != 1 {
			err = readmodel.ErrFenced
		}
	}
	if isBusy(err) {
		return nil
	}
	return wrap(err)
}

// Finish makes the indexes, flushes the file and opens it again for live writing.
func (l *generationWriter) Finish(ctx context.Context) error {
	err := l.transact(ctx, true, func(tx *sql.Tx) error {
		var all []string
		for _, t := range readmodel.Tables(l.views) {
			for _, i := range t.Indexes {
				all = append(all, t.CreateIndex(i))
			}
		}
		for _, statement := range append(all, readmodel.LastRows...) {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	err = errors.Join(err, l.closeFile())
	if err == nil {
		err = errors.Join(fsync(l.path), fsync(filepath.Dir(l.path)))
	}
	if err != nil {
		return wrap(err)
	}
	finished, err := openForWriting(l.path, l.views, livePragmas...)
	if err == nil {
		*l = *finished
	}
	return err
}

// Write writes a batch.
func (l *generationWriter) Write(ctx context.Context, after uint64, b *readmodel.Batch) error {
	err := l.transact(ctx, !l.bulk || len(b.Checkpoint) > 0, func(tx *sql.Tx) error {
		// The transaction holds the write lock from its beginning. So the fence can
		// stand first: a writer that was taken over does not write a row.
		done, err := tx.ExecContext(ctx, readmodel.Advance, int64(b.LastOrdinal(after)), l.epoch, int64(after))
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, readmodel.ErrFenced)
		}
		// If a context can end, the driver starts a goroutine for each statement to
		// watch it. The loop below looks at the context instead.
		s := preparedStatements{ctx: context.WithoutCancel(ctx), tx: tx}
		for query, args := range b.Statements(l.views) {
			s.exec(query, args...)
		}
		for i := range b.Inserts(l.views, l.bulk) {
			if s.insert(i); s.err == nil {
				s.err = ctx.Err()
			}
		}
		return s.close()
	})
	if err == nil && l.bulk {
		if l.flusher == nil {
			l.flusher, err = startFlusher(l.path)
		}
		if err == nil {
			l.flusher.flush()
		}
	}
	return wrap(err)
}

// transact runs do in the open transaction, or in a new one if none is open. It
// commits if commit is set, and else leaves the transaction open. If do fails, the
// whole transaction is rolled back.
func (l *generationWriter) transact(ctx context.Context, commit bool, do func(*sql.Tx) error) error {
	tx := l.tx
	l.tx = nil
	if tx == nil {
		var err error
		// The transaction may outlive the context of its first part.
		if tx, err = l.db.BeginTx(context.WithoutCancel(ctx), nil); err != nil {
			return err
		}
	}
	err := ctx.Err()
	if err == nil {
		err = do(tx)
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if commit {
		return tx.Commit()
	}
	l.tx = tx
	return nil
}

// Query asks in the open transaction, if there is one.
func (l *generationWriter) Query(ctx context.Context, query string, args ...any) (readmodel.Rows, error) {
	if l.tx == nil {
		return l.generation.Query(ctx, query, args...)
	}
	r, err := l.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, wrap(err)
	}
	return rows{r}, nil
}

// Close rolls back what a bulk load wrote since its last checkpoint, and releases a
// finished generation.
func (l *generationWriter) Close() error {
	var err error
	switch {
	case l.tx != nil:
		err = l.tx.Rollback()
		l.tx = nil
	case !l.bulk && l.epoch > 0:
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		// If this fails, projectors that stand by wait a little longer.
		_, _ = l.db.ExecContext(ctx, readmodel.ReleaseHold, l.epoch)
	}
	if l.pulse != nil {
		err = errors.Join(err, l.pulse.Close())
	}
	return errors.Join(wrap(err), wrap(l.closeFile()))
}

// closeFile closes the file in SQLite, and then in the flusher.
func (l *generationWriter) closeFile() error {
	err := l.db.Close()
	if l.flusher != nil {
		err = errors.Join(err, l.flusher.close())
		l.flusher = nil
	}
	return err
}
