// Package sqlite keeps generations of the read model in SQLite: a directory
// with one file a generation, gen-000001.db and so on, and a file current that
// names the one in use.
//
// A bulk load is one transaction from each checkpoint to the next. Its file is no
// usable generation until Finish has flushed it, and no other process can open it
// meanwhile. After Finish the file is in WAL mode, in which readers and the writer do
// not wait for each other. After a power cut the last transactions may be gone,
// position and rows alike; the projector reads them from the log again.
//
// A directory belongs to one machine, since SQLite's locks do not reach further. The
// methods of a Store are safe for concurrent use. Errors of SQLite that say that a
// file is damaged, missing or no database are readmodel.ErrUnusable.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-works/muster/projections/readmodel"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// A Store is a directory of generations.
type Store struct{ path string }

// Open opens a directory of generations, and makes it if it is not there.
func Open(path string) (*Store, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	return &Store{path}, nil
}

// OpenDir opens a directory of generations, ready to be read and written.
func OpenDir(path string) (*readmodel.Dir, error) {
	s, err := Open(path)
	if err != nil {
		return nil, err
	}
	return readmodel.NewDir(s), nil
}

// file returns the path of the file of a generation.
func (s *Store) file(name string) string { return filepath.Join(s.path, name+".db") }

// Current returns the name in the file current.
func (s *Store) Current(context.Context) (string, error) {
	b, err := os.ReadFile(filepath.Join(s.path, "current"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", readmodel.ErrNone
	}
	if err != nil {
		return "", fmt.Errorf("sqlite: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// SetCurrent replaces the file current by one rename, and flushes it.
func (s *Store) SetCurrent(_ context.Context, name string) error {
	f, err := os.CreateTemp(s.path, "current-*")
	if err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	_, err = f.WriteString(name + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(s.path, "current"))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("sqlite: %w", err), os.Remove(f.Name()))
	}
	return fsync(s.path)
}

// Generations returns the names of the files, without their suffix.
func (s *Store) Generations(context.Context) ([]string, error) {
	files, err := os.ReadDir(s.path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	var names []string
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), ".db"); ok {
			names = append(names, name)
		}
	}
	return names, nil
}

// Open opens a generation for reading.
func (s *Store) Open(_ context.Context, name string) (readmodel.Generation, error) {
	db, err := openDatabase(s.file(name), "query_only(1)", "busy_timeout(5000)", "mmap_size(1073741824)")
	if err != nil {
		return nil, err
	}
	return generation{db}, nil
}

// Remove deletes the file of a generation. Readers that have it open keep it
// until they close.
func (s *Store) Remove(_ context.Context, name string) error {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(s.file(name) + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sqlite: %w", err)
		}
	}
	return nil
}

// Close does nothing, since a Store keeps no file open.
func (s *Store) Close() error { return nil }

// openDatabase opens a file with some settings. Transactions take the write lock when
// they begin.
func openDatabase(path string, pragmas ...string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	q := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: abs}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", filepath.Base(path), err)
	}
	return db, nil
}

// fsync flushes a file, or what happened to the names in a directory.
func fsync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	return nil
}

// A generation is a file that is open, and implements readmodel.Generation.
type generation struct{ db *sql.DB }

func (g generation) Query(ctx context.Context, query string, args ...any) (readmodel.Rows, error) {
	r, err := g.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, wrap(err)
	}
	return rows{r}, nil
}

func (g generation) Close() error { return wrap(g.db.Close()) }

type rows struct{ *sql.Rows }

func (r rows) Err() error { return wrap(r.Rows.Err()) }

// wrap adds ErrUnusable to an error of SQLite that says that the file is not a
// database, is damaged, is not there, or lacks a table or column.
func wrap(err error) error {
	if err == nil {
		return nil
	}
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN:
			return fmt.Errorf("%w: %w", readmodel.ErrUnusable, err)
		}
	}
	return fmt.Errorf("sqlite: %w", err)
}
