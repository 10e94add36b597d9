package deployment

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/pgtest"
	"github.com/muster-works/muster/services/attendance"
	"github.com/muster-works/muster/services/exit"
	"github.com/muster-works/muster/services/hire"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	"github.com/muster-works/muster/services/internal/rules"
)

// A postgresPeer is the usual alternative to event sourcing: tables in PostgreSQL, and
// a transaction for each event. It keeps the same promises for the events of the
// benchmarks: an event is durable before its receipt, idempotent by (family, source,
// id), a person has one post, a seat has one person, attendance is only of people in
// place, and no fund falls below zero. The rules of the policy pack are decided by the
// same code.
//
// The peer is built for speed. Two partial unique indexes are the constraints; they
// look at open placements alone, and so ask less than the services do. Everything that
// can share a round trip shares one. The connection is a Unix socket, and statements
// are prepared.
type postgresPeer struct {
	pool  *pgxpool.Pool
	packs *rules.State
}

const peerTables = `
CREATE TABLE events (
	position bigint GENERATED ALWAYS AS IDENTITY, family text, source text, id text, digest text NOT NULL, body text NOT NULL,
	PRIMARY KEY (family, source, id));
CREATE TABLE posts (
	post text PRIMARY KEY, division text NOT NULL, area text NOT NULL, category text NOT NULL, seats int NOT NULL, since int NOT NULL);
CREATE TABLE placements (
	person uuid NOT NULL, post text NOT NULL REFERENCES posts, seat int NOT NULL, since int NOT NULL, until int);
CREATE UNIQUE INDEX one_post ON placements (person) WHERE until IS NULL;
CREATE UNIQUE INDEX one_person ON placements (post, seat) WHERE until IS NULL;
CREATE INDEX stays ON placements (post, person);
CREATE TABLE funds (fund text PRIMARY KEY, remains bigint NOT NULL CHECK (remains >= 0));
CREATE TABLE pay_lines (
	run text, line text, person uuid NOT NULL, fund text NOT NULL REFERENCES funds, amount bigint NOT NULL, settled bool NOT NULL DEFAULT false,
	PRIMARY KEY (run, line));`

// newPeer starts a PostgreSQL that flushes each commit.
func newPeer(b *testing.B, packs *rules.State) *postgresPeer {
	b.Helper()
	config, err := pgxpool.ParseConfig(pgtest.Start(b, "shared_buffers=512MB", "max_wal_size=8GB"))
	if err != nil {
		b.Fatal(err)
	}
	config.MaxConns = 64
	pool, err := pgxpool.NewWithConfig(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var value string
		if err := pool.QueryRow(b.Context(), "SHOW "+setting).Scan(&value); err != nil || value != "on" {
			b.Fatalf("%s is %q: %v", setting, value, err)
		}
	}
	if _, err := pool.Exec(b.Context(), peerTables); err != nil {
		b.Fatal(err)
	}
	return &postgresPeer{pool, packs}
}

// Submit implements gateway.Submitter with a transaction for each event.
func (p *postgresPeer) Submit(ctx context.Context, _ events.Family, batch []*events.Event, _ time.Time) ([]events.Receipt, error) {
	receipts := make([]events.Receipt, 0, len(batch))
	for _, e := range batch {
		r, err := p.submit(ctx, e)
		if err != nil {
			return receipts, fmt.Errorf("%w: %w", log.ErrUnavailable, err)
		}
		receipts = append(receipts, r)
	}
	return receipts, nil
}

func (p *postgresPeer) Try(context.Context, events.Family, []*events.Event, []*events.Event, time.Time) ([]events.Receipt, error) {
	return nil, errors.New("the peer knows no trials")
}

// A transaction is a transaction that is under way. The first round trip begins it,
// enters the event, and asks what the decision needs. The second changes the tables and
// commits.
type transaction struct {
	first, second pgx.Batch
	judge         func() events.Reasons // runs between the two round trips
}

func (p *postgresPeer) submit(ctx context.Context, e *events.Event) (events.Receipt, error) {
	r := events.Receipt{ID: e.ID, Source: e.Source, Status: events.Accepted}
	var w transaction
	var position int64
	w.first.Queue("BEGIN")
	body, err := e.Append(nil)
	if err != nil {
		return r, err
	}
	entered := false
	w.first.Queue("INSERT INTO events (family, source, id, digest, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING position",
		e.Family(), e.Source, e.ID, e.Digest, body).QueryRow(func(row pgx.Row) error {
		if err := row.Scan(&position); !errors.Is(err, pgx.ErrNoRows) {
			entered = true
			return err
		}
		return nil
	})
	switch d := e.Data.(type) {
	case *events.PostDeveloped:
		w.second.Queue("INSERT INTO posts VALUES ($1, $2, $3, $4, $5, $6)", d.Post, e.Division, d.Area, d.Category, d.Seats, int(d.From))
	case *events.HirePlaced:
		p.hire(&w, e, d, &r)
	case *events.ExitRecorded:
		p.exit(&w, e, d)
	case *events.AttendanceReported:
		p.attend(&w, e, d)
	case *events.TrainingCompleted:
		r.Person = d.Person
	case *events.FundAllocated:
		w.second.Queue("INSERT INTO funds VALUES ($1, $2)", d.Fund, int64(d.Amount))
	case *events.PaymentInstructed:
		p.pay(&w, d)
	case *events.PaymentSettled:
		for _, l := range d.Lines {
			w.second.Queue("UPDATE pay_lines SET settled = true WHERE run = $1 AND line = $2 AND NOT settled", d.Run, l.Line).Exec(oneRow)
		}
	}
	w.second.Queue("COMMIT")
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return r, err
	}
	defer conn.Release()
	err = conn.SendBatch(ctx, &w.first).Close()
	var reasons events.Reasons
	switch {
	case err != nil:
	case !entered:
		err = p.again(ctx, conn, e, &r)
	default:
		if w.judge != nil {
			reasons = w.judge()
		}
		if reasons == nil {
			r.Position = log.At(uint64(position), 0)
			if err = conn.SendBatch(ctx, &w.second).Close(); err == nil {
				return r, nil
			}
		}
	}
	if err != nil || reasons != nil {
		r = events.Reject(e, reasons)
	}
	_, undone := conn.Exec(ctx, "ROLLBACK")
	return r, errors.Join(err, undone)
}

var errNone = errors.New("no row was changed")

// oneRow makes a transaction fail if a statement changed no row.
func oneRow(tag pgconn.CommandTag) error {
	if tag.RowsAffected() == 0 {
		return errNone
	}
	return nil
}

// again answers an event whose key another event has: duplicate if they are equal.
func (p *postgresPeer) again(ctx context.Context, conn *pgxpool.Conn, e *events.Event, r *events.Receipt) error {
	var position int64
	var digest string
	if err := conn.QueryRow(ctx, "SELECT position, digest FROM events WHERE (family, source, id) = ($1, $2, $3)", e.Family(), e.Source, e.ID).Scan(&position, &digest); err != nil {
		return err
	}
	if digest != e.Digest {
		*r = events.Reject(e, events.Refusal(command.IDReused, "id", events.Say("was used for an event with other content", "该编号已用于内容不同的事件")))
		return nil
	}
	r.Status, r.Position = events.Duplicate, log.At(uint64(position), 0)
	return nil
}

// A postRow is a post as the tables have it.
type postRow struct {
	name, division, area, category string
	seats                          int
	since                          int32
	found                          bool
}

func (p *postRow) scan(row pgx.Row) error {
	err := row.Scan(&p.division, &p.area, &p.category, &p.seats, &p.since)
	if p.found = err == nil; errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}

// known returns a state that holds the post and the people on it.
func (p *postRow) known() *placement.State {
	s := placement.New()
	if p.found {
		command.Apply(s, &events.Event{ID: "p", Type: events.PostDevelopedType, Division: division.Code(p.division), Data: &events.PostDeveloped{
			Post: p.name, Area: p.area, Category: p.category, Seats: p.seats, From: civil.Date(p.since),
		}})
	}
	return s
}

func put(s *placement.State, post string, person events.Person, seat int, since int32, until *int32) {
	who := events.Who{Person: person}
	command.Apply(s, &events.Event{ID: fmt.Sprint("h", person, since), Type: events.HirePlacedType, Data: &events.HirePlaced{Who: who, Post: post, Seat: seat, From: civil.Date(since)}})
	if until != nil {
		command.Apply(s, &events.Event{ID: fmt.Sprint("x", person, since), Type: events.ExitRecordedType, Data: &events.ExitRecorded{Who: who, Post: post, On: civil.Date(*until)}})
	}
}

// hire locks the post and takes its lowest free seat. The service decides the rest, on
// a state made of what the tables hold.
func (p *postgresPeer) hire(w *transaction, e *events.Event, d *events.HirePlaced, r *events.Receipt) {
	post := postRow{name: d.Post}
	taken := map[int]bool{}
	elsewhere := false
	w.first.Queue("SELECT division, area, category, seats, since FROM posts WHERE post = $1 FOR UPDATE", d.Post).QueryRow(post.scan)
	w.first.Queue("SELECT seat FROM placements WHERE post = $1 AND until IS NULL", d.Post).Query(func(rows pgx.Rows) error {
		var seat int
		_, err := pgx.ForEachRow(rows, []any{&seat}, func() error { taken[seat] = true; return nil })
		return err
	})
	w.first.Queue("SELECT 1 FROM placements WHERE person = $1 AND until IS NULL", d.Person).Query(func(rows pgx.Rows) error {
		elsewhere = rows.Next()
		rows.Close()
		return rows.Err()
	})
	w.judge = func() events.Reasons {
		seat := max(d.Seat, 1)
		for d.Seat == 0 && taken[seat] {
			seat++
		}
		data, record := *d, *e
		data.Seat, record.Data = seat, &data
		if elsewhere {
			return events.Refusal(placement.PersonPlaced, "data.person", events.Say("is in place elsewhere", "该人员在别处在岗"))
		}
		if taken[seat] {
			return events.Refusal(placement.SeatTaken, "data.seat", events.Say("is taken", "已有人"))
		}
		if _, refused := hire.New(post.known(), p.packs).Decide(&record); refused != nil {
			return refused
		}
		r.Person, r.Seat = d.Person, seat
		w.second = pgx.Batch{}
		w.second.Queue("INSERT INTO placements (person, post, seat, since) VALUES ($1, $2, $3, $4)", d.Person, d.Post, seat, int(d.From))
		w.second.Queue("COMMIT")
		return nil
	}
}

func (p *postgresPeer) exit(w *transaction, e *events.Event, d *events.ExitRecorded) {
	post := postRow{name: d.Post}
	var since int32
	placed := false
	w.first.Queue("SELECT division, area, category, seats, since FROM posts WHERE post = $1", d.Post).QueryRow(post.scan)
	w.first.Queue("SELECT since FROM placements WHERE person = $1 AND post = $2 AND until IS NULL FOR UPDATE", d.Person, d.Post).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&since)
		if placed = err == nil; errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	w.judge = func() events.Reasons {
		s := post.known()
		if placed {
			put(s, d.Post, d.Person, 1, since, nil)
		}
		_, refused := exit.New(s, p.packs).Decide(e)
		return refused
	}
	w.second.Queue("UPDATE placements SET until = $3 WHERE person = $1 AND post = $2 AND until IS NULL", d.Person, d.Post, int(d.On)).Exec(oneRow)
}

func (p *postgresPeer) attend(w *transaction, e *events.Event, d *events.AttendanceReported) {
	post := postRow{name: d.Post}
	var s *placement.State
	persons := make([]uuid.UUID, len(d.Lines))
	for i, l := range d.Lines {
		persons[i] = l.Person
	}
	w.first.Queue("SELECT division, area, category, seats, since FROM posts WHERE post = $1", d.Post).QueryRow(func(row pgx.Row) error {
		err := post.scan(row)
		s = post.known()
		return err
	})
	w.first.Queue("SELECT person, seat, since, until FROM placements WHERE post = $1 AND person = ANY($2)", d.Post, persons).Query(func(rows pgx.Rows) error {
		var person uuid.UUID
		var seat int
		var since int32
		var until *int32
		_, err := pgx.ForEachRow(rows, []any{&person, &seat, &since, &until}, func() error { put(s, d.Post, person, seat, since, until); return nil })
		return err
	})
	w.judge = func() events.Reasons {
		_, refused := attendance.New(s).Decide(e)
		return refused
	}
}

func (p *postgresPeer) pay(w *transaction, d *events.PaymentInstructed) {
	placed := 0
	for _, l := range d.Lines {
		end := (d.Month + 1).First()
		w.first.Queue("SELECT count(*) FROM placements WHERE post = $1 AND person = $2 AND since < $3 AND (until IS NULL OR until > $4)",
			l.Post, l.Person, int(end), int(d.Month.First())).QueryRow(func(row pgx.Row) error {
			var n int
			err := row.Scan(&n)
			placed += min(n, 1)
			return err
		})
		// The fund comes last, since its row is locked until the transaction ends.
		w.second.Queue("INSERT INTO pay_lines (run, line, person, fund, amount) VALUES ($1, $2, $3, $4, $5)", d.Run, l.Line, l.Person, d.Fund, int64(l.Amount))
		w.second.Queue("UPDATE funds SET remains = remains - $2 WHERE fund = $1", d.Fund, int64(l.Amount)).Exec(oneRow)
	}
	w.judge = func() events.Reasons {
		if placed < len(d.Lines) {
			return events.Refusal("not_placed", "data.lines", events.Say("the person was not in place", "该人员不在岗"))
		}
		return nil
	}
}
