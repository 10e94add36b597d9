package readmodel

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/timeline"
)

// A Reader reads one generation. It is safe for concurrent use.
type Reader struct {
	generation Generation
	name       string
	// views are the versions; they do not change within a generation.
	views map[string]int
}

// Close closes the generation.
func (r *Reader) Close() error { return r.generation.Close() }

// Query asks the generation in SQL, see [Generation]. It serves those who read whole
// tables, such as package comparison.
func (r *Reader) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	return r.generation.Query(ctx, query, args...)
}

// Tables returns the tables of the generation: those of every generation, and those
// of its views by name.
func (r *Reader) Tables(ctx context.Context) ([]Table, error) {
	all := slices.Clip(commonTables)
	for _, name := range slices.Sorted(maps.Keys(r.views)) {
		spans, err := r.hasSpans(ctx, name)
		if err != nil {
			return nil, err
		}
		all = append(all, viewTable(name, spans))
	}
	return all, nil
}

// hasSpans reports whether the table of a view has spans and not deltas.
func (r *Reader) hasSpans(ctx context.Context, view string) (bool, error) {
	rows, err := r.generation.Query(ctx, `SELECT * FROM `+view+` WHERE last = 0`)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil || len(columns) != 2 {
		return false, fmt.Errorf("%w: columns of %s are %v: %w", ErrUnusable, view, columns, err)
	}
	return columns[1] == spansColumn, nil
}

// usable checks what a generation was made by, and that it is in a state, and
// returns the views.
func checkMeta(ctx context.Context, g Generation, state string) (map[string]int, error) {
	meta := map[string]string{}
	err := eachRow(ctx, g, func(rows Rows) error {
		var name, value string
		err := rows.Scan(&name, &value)
		meta[name] = value
		return err
	}, metaQuery)
	if err != nil {
		return nil, err
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
	c, err := r.queryCommit(ctx, headQuery)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return m, err
	}
	m.Commit = c
	if err := queryValue(ctx, r.generation, &m.Stopped, stoppedQuery); err != nil {
		return m, err
	}
	m.SetAside, err = querySetAside(ctx, r.generation, timeline.MakeRef(m.Ord+1, 0))
	return m, err
}

// setAside returns the events before one that were set aside, in log order.
func querySetAside(ctx context.Context, g Generation, before timeline.Ref) (all []SetAside, err error) {
	err = eachRow(ctx, g, func(rows Rows) error {
		var s SetAside
		var position string
		err := rows.Scan(&s.Event, &position, &s.Why)
		if err == nil {
			s.Position, err = log.ParsePosition(position)
		}
		all = append(all, s)
		return err
	}, setAsideQuery, int64(before))
	return all, err
}

// Pulse tells whether somebody keeps the generation up to date: ask twice.
func (r *Reader) Pulse(ctx context.Context) (Pulse, error) {
	p, err := queryPulse(ctx, r.generation)
	p.Generation = r.name
	return p, err
}

func queryPulse(ctx context.Context, g Generation) (p Pulse, err error) {
	err = eachRow(ctx, g, func(rows Rows) error { return rows.Scan(&p.Epoch, &p.Ord, &p.Beat) }, pulseQuery)
	return p, err
}

// Commit returns the commit with an ordinal; ErrUnknown when there is none. To
// read it from the log, read after the position of the commit before it.
func (r *Reader) Commit(ctx context.Context, ord uint64) (Commit, error) {
	return r.queryCommit(ctx, commitQuery, int64(ord))
}

// ResolveKnown returns the last commit recorded by an instant: what was known
// then. Its ordinal is 0 when that is nothing.
func (r *Reader) ResolveKnown(ctx context.Context, t time.Time) (Commit, error) {
	c, err := r.queryCommit(ctx, knownQuery, t.UnixNano())
	if errors.Is(err, ErrUnknown) {
		return Commit{}, nil
	}
	return c, err
}

// ResolvePosition returns the commit that a position lies in; ErrUnknown when
// the read model has not reached it or the log has no such commit.
func (r *Reader) ResolvePosition(ctx context.Context, p log.Position) (Commit, error) {
	return r.queryCommit(ctx, positionQuery, p.Commit().String())
}

func (r *Reader) queryCommit(ctx context.Context, query string, args ...any) (Commit, error) {
	return queryCommit(ctx, r.generation, nil, query, args...)
}

// commit returns a commit, and scans what else is selected behind it.
func queryCommit(ctx context.Context, g Generation, more []any, query string, args ...any) (c Commit, err error) {
	var position string
	var recorded int64
	var state []byte
	found := false
	err = eachRow(ctx, g, func(rows Rows) error {
		found = true
		return rows.Scan(append([]any{&c.Ord, &position, &c.ID, &recorded, &state}, more...)...)
	}, query, args...)
	switch {
	case err != nil:
		return Commit{}, err
	case !found:
		return Commit{}, fmt.Errorf("commit: %w", ErrUnknown)
	}
	if c.Position, err = log.ParsePosition(position); err != nil {
		return Commit{}, fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	c.Recorded = time.Unix(0, recorded).UTC()
	return c, copyExactly(c.State[:], state)
}

func (r *Reader) eachRow(ctx context.Context, scan func(Rows) error, query string, args ...any) error {
	return eachRow(ctx, r.generation, scan, query, args...)
}

// each runs a query and calls scan on every row.
func eachRow(ctx context.Context, g Generation, scan func(Rows) error, query string, args ...any) error {
	rows, err := g.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("readmodel: %w", err)
		}
	}
	return rows.Err()
}

// one scans the one value that a query finds; ErrUnknown when it finds none.
func queryValue(ctx context.Context, g Generation, to any, query string, args ...any) error {
	found := false
	err := eachRow(ctx, g, func(rows Rows) error {
		found = true
		return rows.Scan(to)
	}, query, args...)
	if err == nil && !found {
		err = ErrUnknown
	}
	return err
}
