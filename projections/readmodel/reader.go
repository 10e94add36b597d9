package readmodel

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/timeline"
)

// A Reader reads one generation. It is safe for concurrent use.
type Reader struct {
	db   *sql.DB
	name string
	// views are the versions; they do not change within a generation.
	views map[string]int
}

// OpenReader opens the generation in a file. It fails with ErrUnusable.
func OpenReader(ctx context.Context, path string) (*Reader, error) {
	db, err := open(path, "query_only(1)", "busy_timeout(5000)", "mmap_size(1073741824)")
	if err != nil {
		return nil, err
	}
	r := &Reader{db: db, name: strings.TrimSuffix(filepath.Base(path), ".db")}
	if r.views, err = usable(ctx, db, "ready"); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", r.name, err)
	}
	return r, nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.db.Close() }

// usable checks what the generation was made by and returns the views.
func usable(ctx context.Context, db *sql.DB, state string) (map[string]int, error) {
	rows, err := db.QueryContext(ctx, `SELECT name, value FROM meta`)
	if err != nil {
		return nil, fmt.Errorf("readmodel: %w", damaged(err))
	}
	defer rows.Close()
	meta := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, fmt.Errorf("readmodel: %w", damaged(err))
		}
		meta[name] = value
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("readmodel: %w", damaged(err))
	}
	for name, want := range map[string]string{
		"schema": fmt.Sprint(schemaVersion), "timeline": fmt.Sprint(timeline.Version), "state": state,
	} {
		if meta[name] != want {
			return nil, fmt.Errorf("%w: %s is %q, want %q", ErrUnusable, name, meta[name], want)
		}
	}
	views := map[string]int{}
	for name, value := range meta {
		if v, ok := strings.CutPrefix(name, "view:"); ok {
			n := 0
			if _, err := fmt.Sscan(value, &n); err != nil {
				return nil, fmt.Errorf("%w: version of view %s: %w", ErrUnusable, v, err)
			}
			views[v] = n
		}
	}
	return views, nil
}

// Meta says what the generation shows now. The ordinal in it is the one to
// ask everything else at.
func (r *Reader) Meta(ctx context.Context) (Meta, error) {
	m := Meta{Generation: r.name, Views: r.views}
	c, err := r.commit(ctx, headQuery)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return m, err
	}
	m.Commit = c
	return m, nil
}

// Commit returns the commit with an ordinal; ErrUnknown when there is none. To
// read it from the log, read after the position of the commit before it.
func (r *Reader) Commit(ctx context.Context, ord uint64) (Commit, error) {
	return r.commit(ctx, commitQuery, int64(ord))
}

// ResolveKnown returns the last commit recorded by an instant: what was known
// then. Its ordinal is 0 when that is nothing.
func (r *Reader) ResolveKnown(ctx context.Context, t time.Time) (Commit, error) {
	c, err := r.commit(ctx, knownQuery, t.UnixNano())
	if errors.Is(err, ErrUnknown) {
		return Commit{}, nil
	}
	return c, err
}

// ResolvePosition returns the commit that a position lies in; ErrUnknown when
// the read model has not reached it or the log has no such commit.
func (r *Reader) ResolvePosition(ctx context.Context, p log.Position) (Commit, error) {
	return r.commit(ctx, positionQuery, p.Commit().String())
}

func (r *Reader) commit(ctx context.Context, query string, args ...any) (Commit, error) {
	return scanCommit(r.db.QueryRowContext(ctx, query, args...))
}

// scanCommit scans a commit and what else is selected behind it.
func scanCommit(row *sql.Row, more ...any) (c Commit, err error) {
	var position string
	var recorded int64
	switch err := row.Scan(append([]any{&c.Ord, &position, &c.ID, &recorded}, more...)...); {
	case errors.Is(err, sql.ErrNoRows):
		return Commit{}, fmt.Errorf("commit: %w", ErrUnknown)
	case err != nil:
		return Commit{}, fmt.Errorf("readmodel: commit: %w", err)
	}
	if c.Position, err = log.ParsePosition(position); err != nil {
		return Commit{}, fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	c.Recorded = time.Unix(0, recorded).UTC()
	return c, nil
}

func (r *Reader) each(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	return each(ctx, r.db, scan, query, args...)
}

// each runs a query and calls scan on every row.
func each(ctx context.Context, db *sql.DB, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("readmodel: %w", damaged(err))
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("readmodel: %w", damaged(err))
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("readmodel: %w", damaged(err))
	}
	return nil
}
