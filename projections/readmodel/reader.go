package readmodel

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
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
		return nil, fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	defer rows.Close()
	meta := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnusable, err)
		}
		meta[name] = value
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnusable, err)
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
	c, err := r.commit(ctx, `SELECT c.ord, c.position, c.id, c.recorded FROM progress p JOIN commits c ON c.ord = p.ord`)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return m, err
	}
	m.Commit = c
	return m, nil
}

// Commit returns the commit with an ordinal; ErrUnknown when there is none. To
// read it from the log, read after the position of the commit before it.
func (r *Reader) Commit(ctx context.Context, ord uint64) (Commit, error) {
	return r.commit(ctx, `SELECT ord, position, id, recorded FROM commits WHERE ord = ?`, int64(ord))
}

// ResolveKnown returns the last commit recorded by an instant: what was known
// then. Its ordinal is 0 when that is nothing.
func (r *Reader) ResolveKnown(ctx context.Context, t time.Time) (Commit, error) {
	c, err := r.commit(ctx, `SELECT ord, position, id, recorded FROM commits
		WHERE recorded <= ? ORDER BY recorded DESC, ord DESC LIMIT 1`, t.UnixNano())
	if errors.Is(err, ErrUnknown) {
		return Commit{}, nil
	}
	return c, err
}

// ResolvePosition returns the commit that a position lies in; ErrUnknown when
// the read model has not reached it or the log has no such commit.
func (r *Reader) ResolvePosition(ctx context.Context, p log.Position) (Commit, error) {
	return r.commit(ctx, `SELECT ord, position, id, recorded FROM commits WHERE position = ?`, p.Commit().String())
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

// Cells calls yield with the cells after a number, ascending. Views number the
// places of their rows by them.
func (r *Reader) Cells(ctx context.Context, after int64, yield func(Cell)) error {
	return r.each(ctx, func(rows *sql.Rows) error {
		var c Cell
		err := scanCell(rows, &c)
		yield(c)
		return err
	}, selectCells+` WHERE id > ? ORDER BY id`, after)
}

// A Difference is one row of a view: N more in a cell from Date on, known
// since the commit Ord. ID grows with Ord.
type Difference struct {
	ID      int64
	Ord     uint64
	Cell    int64
	Date    civil.Date
	Measure int
	N       int
}

// Differences calls yield with the rows of a view after an ID, ascending. Read
// the cells after them: a row never names a cell that is not there yet.
func (r *Reader) Differences(ctx context.Context, view string, after int64, yield func(Difference)) error {
	if _, ok := r.views[view]; !ok {
		return fmt.Errorf("view %q: %w", view, ErrUnknown)
	}
	return r.each(ctx, func(rows *sql.Rows) error {
		var d Difference
		err := rows.Scan(&d.ID, &d.Ord, &d.Cell, &d.Date, &d.Measure, &d.N)
		yield(d)
		return err
	}, `SELECT id, ord, cell, date, measure, n FROM `+view+` WHERE id > ? ORDER BY id`, after)
}

// A Span is a row of a view of spans.
type Span struct {
	ID     int64
	Post   string
	Cell   Cell
	Seat   int
	Since  civil.Date
	Until  civil.Date // OpenEnd where it is open
	Filled bool
}

// Spans calls yield with the spans of a view that hold on a business date as
// known at an ordinal, in the divisions under a prefix, by Since and ID.
func (r *Reader) Spans(ctx context.Context, view string, asOf civil.Date, known uint64, prefix string, yield func(Span)) error {
	if _, ok := r.views[view]; !ok {
		return fmt.Errorf("view %q: %w", view, ErrUnknown)
	}
	prefix = division.Trim(prefix)
	nodes := ancestors(known)
	args := make([]any, 0, len(nodes)+6)
	for _, n := range nodes {
		args = append(args, n)
	}
	args = append(args, asOf, asOf, int64(known), int64(known), prefix, prefix+":")
	return r.each(ctx, func(rows *sql.Rows) error {
		var s Span
		c := &s.Cell
		err := rows.Scan(&s.ID, &s.Post, &s.Seat, &s.Since, &s.Until, &s.Filled,
			&c.ID, &c.Division, &c.Category, &c.Kind, &c.Area, &c.Group, &c.Sex, &c.Reason)
		yield(s)
		return err
	}, `SELECT s.id, p.name, s.seat, s.since, s.until, s.filled,
		c.id, c.division, c.category, c.kind, c.area, c.grp, c.sex, c.reason
		FROM `+view+` s JOIN cell c ON c.id = s.cell JOIN post p ON p.no = s.post
		WHERE s.node IN (0`+strings.Repeat(",?", len(nodes))+`) AND s.until > ? AND s.since <= ?
		AND s.ord_from <= ? AND s.ord_until > ? AND c.division >= ? AND c.division < ?
		ORDER BY s.since, s.id`, args...)
}

// Post returns the timeline of a post as known at an ordinal; ErrUnknown when
// no event has named the post.
func (r *Reader) Post(ctx context.Context, name string, known uint64) (*timeline.Post, error) {
	var facts []byte
	err := r.db.QueryRowContext(ctx, `SELECT facts FROM post WHERE name = ?`, name).Scan(&facts)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("post %q: %w", name, ErrUnknown)
	}
	if err != nil {
		return nil, fmt.Errorf("readmodel: post: %w", err)
	}
	return timeline.ReadPost(facts, known)
}

// PostName returns the name of the post with a number.
func (r *Reader) PostName(ctx context.Context, no timeline.Number) (string, error) {
	var name string
	err := r.db.QueryRowContext(ctx, `SELECT name FROM post WHERE no = ?`, no).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("post number %d: %w", no, ErrUnknown)
	}
	return name, err
}

// PersonID returns the pseudonym of the person with a number.
func (r *Reader) PersonID(ctx context.Context, no timeline.Number) (uuid.UUID, error) {
	var id []byte
	err := r.db.QueryRowContext(ctx, `SELECT id FROM person WHERE no = ?`, no).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return uuid.UUID{}, fmt.Errorf("person number %d: %w", no, ErrUnknown)
	}
	if err != nil {
		return uuid.UUID{}, err
	}
	return uuid.FromBytes(id)
}

// Person returns the timeline of a person as known at an ordinal; ErrUnknown
// when no event has named the person.
func (r *Reader) Person(ctx context.Context, id uuid.UUID, known uint64) (*timeline.Person, error) {
	var no timeline.Number
	err := r.db.QueryRowContext(ctx, `SELECT no FROM person WHERE id = ?`, id[:]).Scan(&no)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("person %s: %w", id, ErrUnknown)
	}
	if err != nil {
		return nil, fmt.Errorf("readmodel: person: %w", err)
	}
	folio, slot := no.Folio()
	leaves, err := r.leaves(ctx, folio)
	if err != nil {
		return nil, err
	}
	return timeline.ReadPerson(leaves, slot, known)
}

// Persons calls yield with the timelines of the persons with given numbers, as
// known at an ordinal, by number. Those of one folio, which mostly are of one
// county, cost little more than one.
func (r *Reader) Persons(ctx context.Context, numbers []timeline.Number, known uint64, yield func(timeline.Number, *timeline.Person)) error {
	wanted := slices.Compact(slices.Sorted(slices.Values(numbers)))
	for len(wanted) > 0 {
		folio, _ := wanted[0].Folio()
		n := 1
		for n < len(wanted) && uint32(wanted[n])/timeline.FolioSize == folio {
			n++
		}
		leaves, err := r.leaves(ctx, folio)
		if err != nil {
			return err
		}
		var want [timeline.FolioSize]bool
		for _, no := range wanted[:n] {
			_, slot := no.Folio()
			want[slot] = true
		}
		all, err := timeline.ReadFolio(leaves, known, func(slot byte) bool { return want[slot] })
		if err != nil {
			return err
		}
		for _, no := range wanted[:n] {
			_, slot := no.Folio()
			if p := all[slot]; p != nil {
				yield(no, p)
			}
		}
		wanted = wanted[n:]
	}
	return nil
}

func (r *Reader) leaves(ctx context.Context, folio uint32) (leaves [][]byte, err error) {
	err = r.each(ctx, func(rows *sql.Rows) error {
		var b []byte
		err := rows.Scan(&b)
		leaves = append(leaves, b)
		return err
	}, `SELECT facts FROM leaf WHERE folio = ? ORDER BY last`, folio)
	return leaves, err
}

// PostsUnder calls yield with the posts of the divisions under a prefix as
// known at an ordinal.
func (r *Reader) PostsUnder(ctx context.Context, prefix string, known uint64, yield func(no timeline.Number, name string, p *timeline.Post)) error {
	prefix = division.Trim(prefix)
	return r.each(ctx, func(rows *sql.Rows) error {
		var no timeline.Number
		var name string
		var facts sql.RawBytes
		if err := rows.Scan(&no, &name, &facts); err != nil {
			return err
		}
		p, err := timeline.ReadPost(facts, known)
		if err != nil {
			return fmt.Errorf("post %q: %w", name, err)
		}
		yield(no, name, p)
		return nil
	}, `SELECT no, name, facts FROM post WHERE division >= ? AND division < ?`, prefix, prefix+":")
}

// Run returns the name of the pay run with a number.
func (r *Reader) Run(ctx context.Context, no timeline.Number) (string, error) {
	var name string
	err := r.db.QueryRowContext(ctx, `SELECT name FROM run WHERE no = ?`, no).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("run number %d: %w", no, ErrUnknown)
	}
	return name, err
}

// Agency calls yield with the events of an agency known at an ordinal, in log
// order, beginning after a Ref; yield returns false to stop. ErrUnknown says
// that the agency has submitted none.
func (r *Reader) Agency(ctx context.Context, name string, after timeline.Ref, known uint64, yield func(timeline.Ref) bool) error {
	var no int64
	err := r.db.QueryRowContext(ctx, `SELECT no FROM agency WHERE name = ?`, name).Scan(&no)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("agency %q: %w", name, ErrUnknown)
	}
	if err != nil {
		return fmt.Errorf("readmodel: agency: %w", err)
	}
	more := true
	return r.each(ctx, func(rows *sql.Rows) error {
		var leaf sql.RawBytes
		if err := rows.Scan(&leaf); err != nil || !more {
			return err
		}
		return timeline.ReadRefs(leaf, func(ref timeline.Ref) {
			if more && ref > after {
				more = ref.Ord() <= known && yield(ref)
			}
		})
	}, `SELECT events FROM agency_leaf WHERE agency = ? AND last > ? ORDER BY last`, no, after)
}

// Voided returns the event that replaced or withdrew the event with a key
// hash, 0 while it stands.
func (r *Reader) Voided(ctx context.Context, key [16]byte) (timeline.Ref, error) {
	var by timeline.Ref
	err := r.db.QueryRowContext(ctx, `SELECT by FROM void WHERE key = ?`, key[:]).Scan(&by)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return by, err
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
