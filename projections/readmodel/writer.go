package readmodel

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// A Writer writes one generation. It is not safe for concurrent use.
//
// Create makes a new generation that is loaded in bulk: without a journal,
// without indexes, unusable until Finish. OpenWriter goes on with a finished
// one, transaction by transaction.
type Writer struct {
	db    *sql.DB
	path  string
	views []view.View
	epoch int64
	ord   uint64
	bulk  bool
}

// Create makes the file of a new generation. It fails with fs.ErrExist if the
// file is there.
func Create(ctx context.Context, path string, views []view.View) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("readmodel: %w", err)
	}
	db, err := open(path, "journal_mode(OFF)", "synchronous(OFF)", "locking_mode(EXCLUSIVE)", "cache_size(-262144)", "page_size(8192)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	w := &Writer{db: db, path: path, views: views, bulk: true}
	create, _ := schemaFor(views)
	err = w.transact(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, create); err != nil {
			return err
		}
		for name, value := range w.meta("building") {
			if _, err := tx.ExecContext(ctx, `INSERT INTO meta VALUES (?, ?)`, name, value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("readmodel: create %s: %w", filepath.Base(path), err), db.Close())
	}
	return w, nil
}

// OpenWriter takes a finished generation over: any other writer of it fails
// with ErrFenced from now on. It fails with ErrUnusable when the generation
// was made by other versions of the views.
func OpenWriter(ctx context.Context, path string, views []view.View) (*Writer, error) {
	// After a power cut the last transactions may be gone, position and rows
	// alike: they are read from the log again.
	db, err := open(path, "journal_mode(WAL)", "synchronous(NORMAL)", "busy_timeout(10000)", "cache_size(-131072)", "wal_autocheckpoint(4000)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	w := &Writer{db: db, path: path, views: views}
	if err := w.takeOver(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", filepath.Base(path), err), db.Close())
	}
	return w, nil
}

func (w *Writer) takeOver(ctx context.Context) error {
	have, err := usable(ctx, w.db, "ready")
	if err != nil {
		return err
	}
	want := map[string]int{}
	for _, v := range w.views {
		want[v.Name] = v.Version
	}
	if !maps.Equal(have, want) {
		return fmt.Errorf("%w: it has the views %v, want %v", ErrUnusable, have, want)
	}
	err = w.db.QueryRowContext(ctx, `UPDATE progress SET epoch = epoch + 1 RETURNING epoch, ord`).Scan(&w.epoch, &w.ord)
	if err != nil {
		return fmt.Errorf("readmodel: take over: %w", damaged(err))
	}
	return nil
}

func (w *Writer) meta(state string) map[string]string {
	m := map[string]string{"schema": fmt.Sprint(schemaVersion), "timeline": fmt.Sprint(timeline.Version), "state": state}
	for _, v := range w.views {
		m["view:"+v.Name] = fmt.Sprint(v.Version)
	}
	return m
}

// Ord returns the ordinal of the last commit written.
func (w *Writer) Ord() uint64 { return w.ord }

// Bulk says whether the generation is being loaded in bulk.
func (w *Writer) Bulk() bool { return w.bulk }

// Close closes the file.
func (w *Writer) Close() error { return w.db.Close() }

// Finish ends a bulk load: indexes, everything on disk, usable. The Writer
// goes on transaction by transaction.
func (w *Writer) Finish(ctx context.Context) error {
	_, index := schemaFor(w.views)
	err := w.transact(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, index+"ANALYZE;"); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE meta SET value = 'ready' WHERE name = 'state'`)
		return err
	})
	err = errors.Join(err, w.db.Close())
	if err == nil {
		err = errors.Join(fsync(w.path), fsync(filepath.Dir(w.path)))
	}
	if err != nil {
		return fmt.Errorf("readmodel: finish %s: %w", filepath.Base(w.path), err)
	}
	live, err := OpenWriter(ctx, w.path, w.views)
	if err != nil {
		return err
	}
	*w = *live
	return nil
}

// Write writes a batch and moves the position to its last commit, in one
// transaction. It fails with ErrFenced when another writer took over.
func (w *Writer) Write(ctx context.Context, b *Batch) error {
	last := w.ord
	if n := len(b.Commits); n > 0 {
		last = b.Commits[n-1].Ord
	}
	err := w.transact(ctx, func(tx *sql.Tx) error {
		// The transaction holds the write lock from its beginning, so the fence
		// can stand first: whoever was taken over does not write a row.
		done, err := tx.ExecContext(ctx, `UPDATE progress SET ord = ? WHERE epoch = ? AND ord = ?`, int64(last), w.epoch, int64(w.ord))
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, ErrFenced)
		}
		return w.rows(ctx, tx, b)
	})
	if err != nil {
		return fmt.Errorf("readmodel: write up to commit %d: %w", last, damaged(err))
	}
	w.ord = last
	return nil
}

func (w *Writer) transact(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
