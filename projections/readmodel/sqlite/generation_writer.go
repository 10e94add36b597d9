package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/view"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// A generationWriter is a file that is open for writing.
type generationWriter struct {
	generation
	path  string
	views []view.View
	epoch int64
	pulse *sql.DB // by which Beat writes

	// Of a bulk load:
	bulk    bool
	tx      *sql.Tx  // since its last checkpoint
	flusher *flusher // since something was written
}

// bulkPragmas are the settings of a bulk load. Its transactions are few and long, so
// that a journal and its flushes cost next to nothing; nobody else has the file
// open. Rows are only added, at the ends of the tables: the cache holds those and
// little more, since SQLite asks for the memory of each page apart, and gives it
// back page by page.
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
	// Looked at first with the settings that it has, for it may be a living one.
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
	// The first write takes the file for as long as it is open.
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

// wrapBusy is wrap for a file that may be another's.
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

// OpenWriter opens the file of a finished generation.
func (s *Store) OpenWriter(_ context.Context, name string, views []view.View) (readmodel.GenerationWriter, error) {
	l, err := openForWriting(s.file(name), views, livePragmas...)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// livePragmas are the settings of a finished generation.
var livePragmas = []string{"journal_mode(WAL)", "synchronous(NORMAL)", "busy_timeout(10000)", "cache_size(-131072)", "wal_autocheckpoint(4000)"}

func openForWriting(path string, views []view.View, pragmas ...string) (*generationWriter, error) {
	db, err := openDatabase(path, pragmas...)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &generationWriter{generation: generation{db}, path: path, views: views}, nil
}

// TakeOver raises the epoch. SQLite's lock is the file's and goes with the
// process that has it; a process that is stopped keeps it.
func (l *generationWriter) TakeOver(ctx context.Context) (epoch, ord uint64, err error) {
	err = l.db.QueryRowContext(ctx, readmodel.RaiseEpoch).Scan(&l.epoch, &ord)
	if isBusy(err) {
		return 0, 0, fmt.Errorf("%w: %w", readmodel.ErrHeld, err)
	}
	return uint64(l.epoch), ord, wrap(err)
}

// Beat counts on, by a connection of its own. While a transaction is under way,
// which moves the position, there is no need to.
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

// Finish makes the indexes, flushes the file and opens it as a live one.
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
		// The transaction holds the write lock from its beginning, so the fence
		// can stand first: whoever was taken over does not write a row.
		done, err := tx.ExecContext(ctx, readmodel.Advance, int64(b.LastOrdinal(after)), l.epoch, int64(after))
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, readmodel.ErrFenced)
		}
		// Under a context that can end, the driver starts a goroutine to watch it for
		// each statement.
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

// transact runs a part of a transaction, and ends it where commit says so. An
// error takes all of it back.
func (l *generationWriter) transact(ctx context.Context, commit bool, do func(*sql.Tx) error) error {
	tx := l.tx
	l.tx = nil
	if tx == nil {
		var err error
		// It may outlive the context of its first part.
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

// Query asks what the transaction under way shows.
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

// Close takes back what was written since the last checkpoint of a bulk load,
// and lets go of a living generation.
func (l *generationWriter) Close() error {
	var err error
	switch {
	case l.tx != nil:
		err = l.tx.Rollback()
		l.tx = nil
	case !l.bulk && l.epoch > 0:
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		// Where this fails whoever stands by waits a little longer.
		_, _ = l.db.ExecContext(ctx, readmodel.ReleaseHold, l.epoch)
	}
	if l.pulse != nil {
		err = errors.Join(err, l.pulse.Close())
	}
	return errors.Join(wrap(err), wrap(l.closeFile()))
}

// closeFile closes the file, and what has it open beside SQLite after that.
func (l *generationWriter) closeFile() error {
	err := l.db.Close()
	if l.flusher != nil {
		err = errors.Join(err, l.flusher.close())
		l.flusher = nil
	}
	return err
}

// preparedStatements are run in one transaction, each prepared once. The first error
// sticks.
type preparedStatements struct {
	ctx  context.Context
	tx   *sql.Tx
	err  error
	done map[string]*sql.Stmt
	args []any
}

// rowsAtOnce is how many rows one statement inserts.
const rowsAtOnce = 50

func (s *preparedStatements) insert(i readmodel.Insert) {
	one := ",(?" + strings.Repeat(",?", len(i.Table.Columns)-1) + ")"
	// An error takes back the transaction, so SQLite need not note page by page how
	// to take back the rows of the one statement.
	insert := "INSERT OR FAIL INTO "
	if i.Table.OnConflict != "" {
		insert = "INSERT INTO "
	}
	for from := 0; from < i.Len; from += rowsAtOnce {
		until := min(from+rowsAtOnce, i.Len)
		s.args = s.args[:0]
		for n := from; n < until; n++ {
			s.args = i.Row(s.args, n)
		}
		s.exec(insert+i.Table.Name+" VALUES "+strings.Repeat(one, until-from)[1:]+" "+i.Table.OnConflict, s.args...)
	}
}

func (s *preparedStatements) exec(query string, args ...any) {
	if s.err != nil {
		return
	}
	stmt := s.done[query]
	if stmt == nil {
		if stmt, s.err = s.tx.PrepareContext(s.ctx, query); s.err != nil {
			return
		}
		if s.done == nil {
			s.done = map[string]*sql.Stmt{}
		}
		s.done[query] = stmt
	}
	_, s.err = stmt.ExecContext(s.ctx, args...)
}

func (s *preparedStatements) close() error {
	for _, stmt := range s.done {
		s.err = errors.Join(s.err, stmt.Close())
	}
	return s.err
}
