package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/view"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// bulkPragmas are the settings of a bulk load. Transactions are few and long, so a
// rollback journal and its flushes cost next to nothing, and no other process has the
// file open. Rows are only added, at the ends of the tables. So the cache is small: it
// has to hold those ends only, and SQLite allocates and frees each page of it apart.
var bulkPragmas = []string{"journal_mode(TRUNCATE)", "synchronous(NORMAL)", "locking_mode(EXCLUSIVE)", "cache_size(-500)", "page_size(8192)"}

// Create makes the file of a new generation.
func (s *Store) Create(ctx context.Context, name string, views []view.View) (readmodel.GenerationWriter, error) {
	path := s.file(name)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	l, err := openForLoad(path, views)
	if err != nil {
		return nil, err
	}
	err = l.transact(ctx, true, func(tx *sql.Tx) error {
		for _, t := range readmodel.Tables(views) {
			if _, err := tx.ExecContext(ctx, createTable(t)); err != nil {
				return err
			}
		}
		for query, args := range readmodel.FirstRows(views) {
			if _, err := tx.ExecContext(ctx, query, args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: create %s: %w", name, err), l.Close())
	}
	return l, nil
}

// ResumeLoad opens the file of a bulk load that was interrupted.
func (s *Store) ResumeLoad(ctx context.Context, name string, views []view.View) (readmodel.GenerationWriter, error) {
	// The state is read with the settings that the file has, since a live generation
	// must not be changed.
	db, err := openDatabase(s.file(name), "query_only(1)")
	if err != nil {
		return nil, err
	}
	var state string
	err = errors.Join(db.QueryRowContext(ctx, readmodel.LoadStateQuery).Scan(&state), db.Close())
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && state != "building":
		return nil, fmt.Errorf("%w: %s is no bulk load under way", readmodel.ErrUnusable, name)
	case err != nil:
		return nil, wrapBusy(err)
	}
	l, err := openForLoad(s.file(name), views)
	if err != nil {
		return nil, err
	}
	// The first write locks the file until it is closed.
	err = l.transact(ctx, true, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE progress SET epoch = epoch`)
		return err
	})
	if err != nil {
		return nil, errors.Join(wrapBusy(err), l.Close())
	}
	return l, nil
}

func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

// wrapBusy wraps an error as wrap does, and adds ErrBusy if another process has locked
// the file.
func wrapBusy(err error) error {
	if isBusy(err) {
		return fmt.Errorf("%w: %w", readmodel.ErrBusy, err)
	}
	return wrap(err)
}

func openForLoad(path string, views []view.View) (*generationWriter, error) {
	l, err := openForWriting(path, views, bulkPragmas...)
	if err == nil {
		l.bulk = true
	}
	return l, err
}
