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

// The queries of a Reader find their rows by index, except those of the table
// progress, which has one row; the suite of package storetest holds stores to it.
const (
	metaQuery     = `SELECT name, value FROM meta`
	pulseQuery    = `SELECT epoch, ord, beat FROM progress`
	stoppedQuery  = `SELECT coalesce(stopped, '') FROM progress`
	setAsideQuery = `SELECT event, position, why FROM set_aside WHERE event < ? ORDER BY event`

	commitColumns = `ord, position, id, recorded, state`
	headQuery     = `SELECT c.ord, c.position, c.id, c.recorded, c.state FROM progress p JOIN commits c ON c.ord = p.ord`
	commitQuery   = `SELECT ` + commitColumns + ` FROM commits WHERE ord = ?`
	knownQuery    = `SELECT ` + commitColumns + ` FROM commits WHERE recorded <= ? ORDER BY recorded DESC, ord DESC LIMIT 1`
	positionQuery = `SELECT ` + commitColumns + ` FROM commits WHERE position = ?`
)

// A Reader reads one generation. It is safe for concurrent use, also while a Writer
// writes the generation.
//
// Methods that take a yield function call it row by row while the store reads, and
// return once it was called for all rows or once a row could not be read. Beside the
// errors that they name, all methods fail with ErrUnusable if the generation is
// damaged, with timeline.ErrDamaged if packed bytes are, and with ErrUnavailable if
// the store does not answer.
type Reader struct {
	generation Generation
	name       string
	// views has the version of each view. They do not change within a generation.
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

// checkMeta checks that a generation was made by these versions of tables and
// timelines, and that it is in a state: building or ready. It returns the versions
// of the views.
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
		"schema": fmt.Sprint(SchemaVersion), "timeline": fmt.Sprint(timeline.Version), "state": state,
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

// Meta returns what the generation shows now. Ask everything else at the ordinal in
// it.
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

// querySetAside returns the events before a ref that were set aside, in log order.
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

// Pulse returns the signs of life of the projector that keeps the generation up to
// date. If two pulses some time apart are equal, no projector does.
func (r *Reader) Pulse(ctx context.Context) (Pulse, error) {
	p, err := queryPulse(ctx, r.generation)
	p.Generation = r.name
	return p, err
}

func queryPulse(ctx context.Context, g Generation) (p Pulse, err error) {
	err = eachRow(ctx, g, func(rows Rows) error { return rows.Scan(&p.Epoch, &p.Ord, &p.Beat) }, pulseQuery)
	return p, err
}

// Commit returns the commit with an ordinal; ErrUnknown if there is none. To read
// its events from the log, read after the position of the commit before it.
func (r *Reader) Commit(ctx context.Context, ord uint64) (Commit, error) {
	return r.queryCommit(ctx, commitQuery, int64(ord))
}

// ResolveKnown returns the last commit that was recorded by an instant. What was
// known then is what the generation shows at its ordinal. The ordinal is 0 if no
// commit was.
func (r *Reader) ResolveKnown(ctx context.Context, t time.Time) (Commit, error) {
	c, err := r.queryCommit(ctx, knownQuery, t.UnixNano())
	if errors.Is(err, ErrUnknown) {
		return Commit{}, nil
	}
	return c, err
}

// ResolvePosition returns the commit that a position lies in; ErrUnknown if the
// generation has not reached it or the log has no such commit.
func (r *Reader) ResolvePosition(ctx context.Context, p log.Position) (Commit, error) {
	return r.queryCommit(ctx, positionQuery, p.Commit().String())
}

func (r *Reader) queryCommit(ctx context.Context, query string, args ...any) (Commit, error) {
	return queryCommit(ctx, r.generation, nil, query, args...)
}

// queryCommit returns the commit that a query finds. more takes what is selected
// behind the columns of a commit.
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

// eachRow runs a query and calls scan for every row.
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

// queryValue scans the one value that a query finds; ErrUnknown if it finds none.
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
