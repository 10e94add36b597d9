package query_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/division/editions"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/query"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/runner"
)

// shandong is read once for all worlds.
var shandong = sync.OnceValues(division.Shandong)

var shanghai = time.FixedZone("Asia/Shanghai", 8*3600)

// now is what the API holds for the present: noon of 2022-07-01 in Shanghai.
var now = time.Date(2022, 7, 1, 4, 0, 0, 0, time.UTC)

// A world is a log with a runner that follows it and an API that answers.
type world struct {
	t         testing.TB
	log       *memlog.Log
	dir       *readmodel.Dir
	runner    *runner.Runner
	api       *query.API
	handler   http.Handler
	ended     chan error
	revisions map[string]log.Revision
	commits   int
	ids       int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	dir, err := sqlite.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	divisions, err := shandong()
	if err != nil {
		t.Fatal(err)
	}
	l := memlog.New()
	w := &world{
		t: t, log: l, dir: dir, ended: make(chan error, 1), revisions: map[string]log.Revision{},
		runner: runner.New(l, dir, projections.Views(), runner.Options{Every: time.Millisecond}),
		api:    query.New(query.Options{Model: dir, Log: l, Editions: editions.Fixed(divisions), Zone: shanghai, Now: func() time.Time { return now }}),
	}
	w.handler = w.api.Handler()
	ctx, stop := context.WithCancel(context.Background())
	go func() { w.ended <- w.runner.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-w.ended; !errors.Is(err, context.Canceled) {
			t.Errorf("runner ended with %v", err)
		}
		if err := dir.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// at is an instant in Shanghai, as 2022-05-01 09:30.
func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, shanghai)
	if err != nil {
		panic(err)
	}
	return t
}

// event makes an event about a place. Ids count up.
func (w *world) event(where division.Code, d events.Data) *events.Event {
	w.ids++
	e := &events.Event{ID: fmt.Sprintf("e-%d", w.ids), Source: "/agency/rsj/a", Type: d.Type(), Division: where, AuthType: "token", AuthID: "rsj", Data: d}
	return e
}

// commit appends events of one boundary, recorded at an instant.
func (w *world) commit(recorded time.Time, all ...*events.Event) log.Position {
	w.t.Helper()
	w.commits++
	boundary := all[0].Family().Boundary()
	c := log.Commit{ID: fmt.Sprintf("c-%d", w.commits), Boundary: boundary, Imported: recorded}
	for _, e := range all {
		raw, err := e.Append(nil)
		if err != nil {
			w.t.Fatal(err)
		}
		c.Events = append(c.Events, raw)
	}
	p, revision, err := w.log.Append(w.t.Context(), c, w.revisions[boundary])
	if err != nil {
		w.t.Fatal(err)
	}
	w.revisions[boundary] = revision
	return p
}

// settle waits until the views show the head.
func (w *world) settle() {
	w.t.Helper()
	head, _, err := w.log.Head(w.t.Context(), log.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	if err := w.runner.Wait(ctx, head); err != nil {
		w.t.Fatal(err)
	}
}

// get asks, and returns the response as it came.
func (w *world) get(url, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", url, nil)
	r.Header.Set("Accept", accept)
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

// fetch asks, and reads the answer into a T.
func fetch[T any](w *world, url string) (v T, err error) {
	rec := w.get(url, "application/json")
	if rec.Code != http.StatusOK {
		return v, fmt.Errorf("%s: %d %s", url, rec.Code, rec.Body)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		return v, fmt.Errorf("%s: %w in %s", url, err, rec.Body)
	}
	return v, nil
}

// ask is fetch in the goroutine of the test.
func ask[T any](w *world, url string) T {
	w.t.Helper()
	v, err := fetch[T](w, url)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func person(i int) uuid.UUID {
	return uuid.UUID{0: 0x10, 6: 0x40, 8: 0x80, 15: byte(i), 14: byte(i >> 8), 13: byte(i >> 16)}
}

func who(i int) events.Who { return events.Who{Person: person(i)} }

// Three villages: two of one county, and one of another prefecture.
const (
	langya  division.Code = "370211102231"
	beside  division.Code = "370211102000"
	jiefang division.Code = "370102001002"
)

func replacing(e *events.Event, id string) *events.Event { e.Replaces = id; return e }

func named(e *events.Event, id string) *events.Event { e.ID = id; return e }

func pack(t testing.TB, version, jurisdiction, from string) *events.PolicyAdopted {
	t.Helper()
	p, err := policy.Reference()
	if err != nil {
		t.Fatal(err)
	}
	p.Version, p.Jurisdiction, p.ValidFrom = version, jurisdiction, civil.MustDate(from)
	return &events.PolicyAdopted{Pack: *p}
}

// programme is a small world: two posts of two seats, a third in another
// prefecture, some people who come, are corrected, and leave late.
func programme(t testing.TB) *world {
	w := newWorld(t)
	date := civil.MustDate
	adopted := w.event("370000000000", pack(t, "province-1", "37", "2021-01-01"))
	adopted.AuthID = "province"
	w.commit(at("2022-03-01 09:00"), adopted)
	w.commit(at("2022-03-02 09:00"),
		w.event("370200000000", &events.PlanSet{Year: 2022, Area: "rural", Posts: 3}),
		w.event("370100000000", &events.PlanSet{Year: 2022, Area: "urban", Posts: 4}),
		w.event("370200000000", &events.PlanSet{Year: 2023, Area: "rural", Posts: 30}))
	w.commit(at("2022-04-01 09:00"),
		w.event(langya, &events.PostDeveloped{Post: "a/1", Category: "public_service", Kind: "cleaning", Area: "rural", Seats: 2, From: date("2022-04-10"), Fund: "f-1"}),
		w.event(beside, &events.PostDeveloped{Post: "b", Category: "facility_maintenance", Area: "rural", Seats: 2, From: date("2022-04-15"), Standard: 80000, RequiredDays: 16, Fund: "f-1"}),
		w.event(jiefang, &events.PostDeveloped{Post: "c", Category: "public_service", Kind: "cleaning", Area: "urban", Seats: 1, From: date("2022-05-01"), Fund: "f-2"}))
	hire := func(i int, post string, seat int, from, group, sex string) *events.HirePlaced {
		return &events.HirePlaced{Who: who(i), Post: post, Seat: seat, From: date(from), Until: date(from).AddMonths(36), Group: group, Sex: sex}
	}
	w.commit(at("2022-04-20 09:00"),
		named(w.event(langya, hire(1, "a/1", 1, "2022-04-20", "older", "F")), "h-1"),
		named(w.event(langya, hire(2, "a/1", 2, "2022-04-21", "older", "M")), "h-2"),
		named(w.event(beside, hire(3, "b", 1, "2022-05-01", "disabled", "M")), "h-3"),
		named(w.event(jiefang, hire(4, "c", 1, "2022-05-02", "other", "F")), "h-4"))
	// Person 2 began a day later and is a woman.
	w.commit(at("2022-04-25 09:00"), replacing(named(w.event(langya, hire(2, "a/1", 2, "2022-04-22", "older", "F")), "h-2b"), "h-2"))
	w.commit(at("2022-06-01 09:00"), named(w.event(langya, &events.AttendanceReported{Post: "a/1", Month: civil.MustMonth("2022-05"), Recorder: "clerk", Lines: []events.AttendanceLine{
		{Person: person(1), Marks: ".PPPPP..PPPPP..PPPLP..PPPPP..PP"}, {Person: person(2), Marks: ".HPPPA"},
	}}), "a-1"))
	// A late exit: person 1 left on the 10th of May.
	w.commit(at("2022-06-20 10:00"), named(w.event(langya, &events.ExitRecorded{Who: who(1), Post: "a/1", On: date("2022-05-10"), Kind: "natural", Code: "N1"}), "x-1"))
	w.commit(at("2022-06-21 09:00"), named(w.event(langya, hire(5, "a/1", 1, "2022-05-30", "older", "M")), "h-5"))
	w.commit(at("2022-06-22 09:00"), named(w.event(jiefang, &events.ExitRecorded{Who: who(4), Post: "c", On: date("2022-06-01"), Kind: "dismissal", Code: "D2"}), "x-4"))
	w.commit(at("2022-06-23 09:00"), named(w.event(jiefang, &events.EventWithdrawn{Of: events.ExitRecordedType, ID: "x-4", Reason: "a mistake"}), "w-1"))
	w.settle()
	return w
}
