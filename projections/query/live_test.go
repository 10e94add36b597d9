package query_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/query"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/query/status"
	"github.com/muster-works/muster/projections/query/workforce"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/runner"
)

// Goal: while the projector writes, every answer is of one commit, the one whose position
// it carries. Method: the writer knows the figures after each commit; readers ask for them
// by several questions at once and compare.
func TestAnswersDuringWrites(t *testing.T) {
	w := newWorld(t)
	const posts, seats, rounds = 5, 100, 150 // more seats than hires
	date := civil.MustDate("2022-05-01")
	var developed []*events.Event
	for i := range posts {
		developed = append(developed, w.event(langya, &events.PostDeveloped{Post: fmt.Sprint("p", i), Category: "public_service", Area: "rural", Seats: seats, From: date}))
	}
	w.commit(now, developed...)
	w.settle()
	// placed[i] is how many are in place after commit i; one seat each.
	placed := make([]int, rounds+2)
	var plans [][]*events.Event
	var inPlace []int
	r := rand.New(rand.NewPCG(rand.Uint64(), 1))
	free := r.Perm(posts * seats)
	for i := range rounds {
		var all []*events.Event
		for range 1 + r.IntN(3) {
			if len(inPlace) > 0 && r.IntN(3) == 0 {
				k := r.IntN(len(inPlace))
				seat := inPlace[k]
				inPlace = slices.Delete(inPlace, k, k+1)
				all = append(all, w.event(langya, &events.ExitRecorded{Who: who(seat), Post: fmt.Sprint("p", seat/seats), On: date + 2, Kind: "natural", Code: "N1"}))
			} else if len(free) > 0 {
				seat := free[0]
				free = free[1:]
				inPlace = append(inPlace, seat)
				all = append(all, w.event(langya, &events.HirePlaced{Who: who(seat), Post: fmt.Sprint("p", seat/seats), Seat: seat%seats + 1, From: date + 1, Group: "older", Sex: "F"}))
			}
		}
		plans = append(plans, all)
		placed[i+2] = len(inPlace)
	}
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	asked := make([]int, 4)
	commitOf := func(p log.Position) int { n, _ := p.Parts(); return int(n) }
	defer readers.Wait()
	defer stop()
	for i, check := range []func() error{
		func() error {
			h, err := fetch[workforce.Headcount](w, "/v1/headcount?by=sex")
			if want := placed[commitOf(h.Position)]; err == nil && h.Total != want {
				err = fmt.Errorf("headcount %d at %v, want %d", h.Total, h.Position, want)
			}
			return err
		},
		func() error {
			p, err := fetch[workforce.Plan](w, "/v1/plan")
			if want := placed[commitOf(p.Position)]; err == nil && (p.Placed != want || p.Developed != posts*seats) {
				err = fmt.Errorf("plan %+v at %v, want %d placed", p.PlanFigures, p.Position, want)
			}
			return err
		},
		func() error {
			v, err := fetch[workforce.Vacancies](w, "/v1/vacancies?limit=1000")
			if want := posts*seats - placed[commitOf(v.Position)]; err == nil && (v.Total != want || len(v.Rows) != want) {
				err = fmt.Errorf("%d vacancies, %d rows at %v, want %d", v.Total, len(v.Rows), v.Position, want)
			}
			return err
		},
		func() error {
			s, err := fetch[workforce.Series](w, "/v1/headcount/series?from=2022-05-03&to=2022-05-04&division=370211")
			for _, row := range s.Rows {
				if want := placed[commitOf(s.Position)]; err == nil && row.Headcount != want {
					err = fmt.Errorf("series %d at %v, want %d", row.Headcount, s.Position, want)
				}
			}
			return err
		},
	} {
		readers.Go(func() {
			for ctx.Err() == nil {
				if err := check(); err != nil {
					t.Error(err)
					return
				}
				asked[i]++
			}
		})
	}
	for i, all := range plans {
		p := w.commit(now.Add(time.Duration(i)*time.Second), all...)
		if i%20 == 0 { // a receipt is visible to who waits for it
			h := ask[workforce.Headcount](w, fmt.Sprintf("/v1/headcount?at_least=%v", p.Event(len(all)-1)))
			if h.Position.Compare(p) < 0 || h.Total != placed[commitOf(h.Position)] {
				t.Errorf("asked for %v at least: %d at %v", p, h.Total, h.Position)
			}
		}
	}
	w.settle()
	stop()
	readers.Wait()
	if slices.Min(asked) < 2 {
		t.Errorf("readers asked %v times", asked)
	}
}

// Goal: the pages of a list are the parts of the list as it was on the first page, whatever
// is written between the pages.
func TestPages(t *testing.T) {
	w := newWorld(t)
	date := civil.MustDate("2022-05-01")
	w.commit(at("2022-05-01 09:00"), w.event(langya, &events.PostDeveloped{Post: "p", Category: "public_service", Area: "rural", Seats: 25, From: date}))
	// Eight kinds of work with a person each, for the pages of figures.
	for i := range 8 {
		post := fmt.Sprint("k", i)
		w.commit(at("2022-05-01 09:00"),
			w.event(jiefang, &events.PostDeveloped{Post: post, Kind: post, Category: "public_service", Area: "rural", Seats: 1, From: date}),
			w.event(jiefang, &events.HirePlaced{Who: who(100 + i), Post: post, Seat: 1, From: date, Group: "older", Sex: "F"}))
	}
	hire := func(seat int) *events.Event {
		return w.event(langya, &events.HirePlaced{Who: who(seat), Post: "p", Seat: seat, From: date, Group: "older", Sex: "F"})
	}
	for seat := 1; seat <= 7; seat++ {
		w.commit(at("2022-05-02 09:00"), hire(seat))
	}
	w.settle()
	read := func(url string, items func(string) (n []string, total int, next string, pos log.Position)) {
		t.Helper()
		whole, total, _, position := items(url + "limit=1000")
		if len(whole) != total || total < 8 {
			t.Fatalf("%s: %d items of %d", url, len(whole), total)
		}
		var all []string
		for cursor := ""; ; {
			page, n, next, pos := items(url + "limit=3&cursor=" + cursor)
			if n != total || pos != position || len(page) > 3 {
				t.Errorf("%s: a page of %d says %d in all at %v, the first one %d at %v", url, len(page), n, pos, total, position)
			}
			all = append(all, page...)
			if cursor = next; cursor == "" {
				break
			}
			w.commit(at("2022-05-03 09:00"), hire(8+w.commits%18))
			w.settle()
		}
		if !slices.Equal(all, whole) {
			t.Errorf("%s: pages\n%v\nthe whole\n%v", url, all, whole)
		}
	}
	vacancies := func(url string) (seats []string, total int, next string, pos log.Position) {
		v := ask[workforce.Vacancies](w, url)
		for _, r := range v.Rows {
			seats = append(seats, fmt.Sprint(r.Post, r.Seat, r.Since, r.Age))
		}
		return seats, v.Total, v.Next, v.Position
	}
	trail := func(url string) (ids []string, total int, next string, pos log.Position) {
		v := ask[trailAnswer](w, url)
		for _, e := range v.Events {
			ids = append(ids, e.ID)
		}
		return ids, v.Total, v.Next, v.Position
	}
	figures := func(url string) (rows []string, total int, next string, pos log.Position) {
		v := ask[workforce.Headcount](w, url)
		for _, r := range v.Rows {
			rows = append(rows, fmt.Sprint(*r.Kind, r.Headcount))
		}
		return rows, 9, v.Next, v.Position // Total is people
	}
	days := func(url string) (rows []string, total int, next string, pos log.Position) {
		v := ask[workforce.Series](w, url)
		for _, r := range v.Rows {
			rows = append(rows, fmt.Sprint(*r.Kind, r.Day, r.Headcount))
		}
		return rows, 18, v.Next, v.Position
	}
	read("/v1/vacancies?", vacancies)
	read("/v1/vacancies?known_at=2022-05-02&", vacancies)
	read("/v1/vacancies?as_of=2022-05-01&known_at=2022-12-31&", vacancies)
	read("/v1/trail/agencies/rsj?", trail)
	read("/v1/trail/posts/p?known_at=2022-05-02&", trail)
	read("/v1/headcount?by=kind&", figures)
	read("/v1/headcount/series?by=kind&from=2022-05-01&to=2022-05-02&", days)
}

// trailAnswer is what a client reads of a trail.
type trailAnswer struct {
	question.Origin
	question.Paged
	Events []struct {
		ID        string `json:"id"`
		Withdrawn bool   `json:"withdrawn"`
	} `json:"events"`
}

// A switch to another generation changes the generation in the answer and
// nothing else.
func TestSwitch(t *testing.T) {
	w := programme(t)
	urls := []string{"/v1/headcount?by=division:township,sex", "/v1/plan?as_of=2022-05-10", "/v1/vacancies", "/v1/trail/posts/b"}
	var before []string
	for _, url := range urls {
		before = append(before, w.get(url, "").Body.String())
	}
	if _, err := runner.Build(t.Context(), w.log, w.dir, "gen-000002", projections.Views(), log.Position{}, runner.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := w.dir.Switch(t.Context(), "gen-000002"); err != nil {
		t.Fatal(err)
	}
	for i, url := range urls {
		got := w.get(url, "").Body.String()
		if want := strings.ReplaceAll(before[i], "gen-000001", "gen-000002"); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", url, got, want)
		}
	}
}

// The policy pack of an answer is the one that was known at known_at.
func TestPolicyAsKnown(t *testing.T) {
	w := programme(t)
	county := pack(t, "county-1", "370211", "2022-01-01")
	county.Backfill.Days = 90
	w.commit(at("2022-06-25 09:00"), named(w.event("370211000000", county), "pack-2"))
	w.commit(at("2022-06-26 09:00"), w.event("370211000000", &events.EventWithdrawn{Of: events.PolicyAdoptedType, ID: "pack-2", Reason: "a mistake"}))
	w.settle()
	for known, want := range map[string]bool{"2022-06-24": true, "2022-06-25": false, "2022-06-26": true} {
		v := ask[workforce.Vacancies](w, "/v1/vacancies?as_of=2022-05-29&limit=1&known_at="+known)
		if v.Rows[0].Post != "b" || v.Rows[0].Over != want {
			t.Errorf("known at %s: %+v, want over_limit %v", known, v.Rows[0], want)
		}
	}
}

// A stream sends the position of each view at once, and again when it changes.
func TestStream(t *testing.T) {
	w := programme(t)
	server := httptest.NewServer(w.handler)
	defer server.Close()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/v1/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("content type %s", got)
	}
	lines := bufio.NewScanner(res.Body)
	await := func(want string) {
		t.Helper()
		for lines.Scan() {
			if lines.Text() == want {
				return
			}
		}
		t.Fatalf("no line %s: %v", want, lines.Err())
	}
	await(`data: {"view":"headcount","position":"10-0","generation":"gen-000001"}`)
	w.commit(now, w.event(langya, &events.PostClosed{Post: "b", On: civil.MustDate("2022-07-01")}))
	await(`data: {"view":"headcount","position":"11-0","generation":"gen-000001"}`)
}

// A thousand streams, half of which nobody reads, are told of a commit, and questions are
// answered meanwhile.
func TestThousandStreams(t *testing.T) {
	w := programme(t)
	server := httptest.NewServer(w.handler)
	defer server.Close()
	defer server.CloseClientConnections()
	var readers []net.Conn
	for i := range 1000 {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "GET /v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if i%2 == 0 {
			readers = append(readers, conn)
		}
	}
	w.commit(now, w.event(langya, &events.PostClosed{Post: "b", On: civil.MustDate("2022-07-01")}))
	begun := time.Now()
	w.get("/v1/headcount", "")
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("a question took %v", took)
	}
	for i, conn := range readers {
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		lines := bufio.NewScanner(conn)
		told := false
		for !told && lines.Scan() {
			told = strings.Contains(lines.Text(), `"position":"11-0"`)
		}
		if !told {
			t.Fatalf("stream %d: %v", i, lines.Err())
		}
	}
}

// Lag counts the commits that the views do not show, up to FarBehind. Age is the age of the
// first of them.
func TestLag(t *testing.T) {
	l := memlog.New()
	dir, err := sqlite.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	w := &world{t: t, log: l, dir: dir, revisions: map[string]log.Revision{}}
	w.handler = query.New(query.Options{Model: dir, Log: l, Zone: shanghai, Now: func() time.Time { return now }}).Handler()
	closed := func(before time.Duration) {
		w.commit(now.Add(-before), w.event(langya, &events.PostClosed{Post: "p", On: civil.MustDate("2022-07-01")}))
	}
	closed(time.Hour)
	if _, err := runner.Build(t.Context(), l, dir, "gen-000001", projections.Views(), log.Position{}, runner.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := dir.Switch(t.Context(), "gen-000001"); err != nil {
		t.Fatal(err)
	}
	number := func(n int) *int { return &n }
	for _, step := range []struct {
		commits  int
		lag      *int
		age      int
		position string
	}{{0, number(0), 0, "1-0"}, {3, number(3), 120, "1-0"}, {97, number(100), 120, "1-0"}, {1, nil, 120, "1-0"}} {
		for range step.commits {
			closed(2*time.Minute - time.Duration(w.commits-1)*time.Second)
		}
		p := ask[status.Projections](w, "/v1/projections")
		if len(p.Rows) != len(projections.Views()) {
			t.Fatalf("rows %+v", p.Rows)
		}
		for _, r := range p.Rows {
			if (r.Lag == nil) != (step.lag == nil) || r.Lag != nil && *r.Lag != *step.lag || r.Age != step.age || r.Position.String() != step.position || r.Head.String() != fmt.Sprintf("%d-0", w.commits) {
				t.Errorf("after %d commits: %+v", w.commits, r)
			}
		}
	}
}

// If there is no read model yet, every question is answered with unavailable.
func TestNoReadModel(t *testing.T) {
	t.Parallel()
	dir, err := sqlite.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, handler: query.New(query.Options{Model: dir, Log: memlog.New(), Zone: shanghai, Now: time.Now}).Handler()}
	if p := w.refused("/v1/plan"); p.Status != http.StatusServiceUnavailable || p.Code != "unavailable" {
		t.Errorf("%+v", p)
	}
}

// Keep reads new rows into memory without a question.
func TestKeep(t *testing.T) {
	w := programme(t)
	ctx, stop := context.WithCancel(t.Context())
	var keeping sync.WaitGroup
	keeping.Go(func() { w.api.Keep(ctx) })
	defer keeping.Wait()
	defer stop()
	grown := func(than int) int {
		t.Helper()
		for range 1000 {
			if n := w.api.RowsInMemory(); n > than {
				return n
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatalf("still %d rows", than)
		return 0
	}
	before := grown(0)
	w.commit(now, w.event(beside, &events.HirePlaced{Who: who(9), Post: "b", Seat: 2, From: civil.MustDate("2022-06-01"), Group: "older", Sex: "F"}))
	grown(before)
}
