package deployment

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/gateway"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/meter"
	"github.com/muster-works/muster/services/internal/rules"
)

// A testDeployment is a gateway behind HTTP, and the log that its services append to.
// The deployment is that of Up without the projector. The benchmarks measure what comes
// in over HTTP and is durable when the receipt goes out. They compare it with other
// ways to do the same on this machine, measured in the same run.
type testDeployment struct {
	*gateway.Gateway
	url string
	log log.Log
}

// startTestDeployment starts a deployment whose gateway submits to its own services, or
// to other if that is not nil. The deployment ends with the benchmark, or when closed
// is called.
func startTestDeployment(tb testing.TB, other gateway.Submitter, change ...func(*Config)) (d *testDeployment, closed func()) {
	tb.Helper()
	c := Config{Data: tb.TempDir(), NATS: "127.0.0.1:0", Out: io.Discard}
	for _, f := range change {
		f(&c)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(tb.Context()))
	infra, err := c.startEmbedded(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	services, err := newServiceSet(infra.log, events.Families...)
	if err != nil {
		tb.Fatal(err)
	}
	var submitter gateway.Submitter = services.handlers
	if other != nil {
		submitter = other
	}
	divisions, err := c.readEditions(ctx, infra.log)
	if err != nil {
		tb.Fatal(err)
	}
	gate, closeVault, err := c.openGateway(ctx, submitter, services, infra.log, divisions, meter.New())
	if err != nil {
		tb.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- services.run(ctx, nil, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		tb.Fatal(err)
	}
	if other == nil {
		pack, err := policy.Reference()
		if err != nil {
			tb.Fatal(err)
		}
		r, err := services.handlers.Submit(ctx, events.Policy, []*events.Event{events.Adoption(pack)}, time.Time{})
		if err != nil || r[0].Status != events.Accepted {
			tb.Fatal(r, err)
		}
	}
	server := httptest.NewServer(gate.Handler())
	closed = sync.OnceFunc(func() {
		server.Close()
		stop()
		<-ended
		_ = closeVault()
		infra.close()
	})
	tb.Cleanup(closed)
	return &testDeployment{gate, server.URL, infra.log}, closed
}

// reference returns the rules of the reference pack.
func reference(tb testing.TB) *rules.State {
	tb.Helper()
	pack, err := policy.Reference()
	if err != nil {
		tb.Fatal(err)
	}
	s := rules.New()
	command.Apply(s, events.Adoption(pack))
	return s
}

const (
	benchVillage = "370211102231"
	benchSeats   = 10 // seats of a post
)

var onDuty = civil.MustDate("2022-05-01")

func benchEvent(id string, d events.Data) *events.Event {
	return &events.Event{ID: id, Source: "/agency/370211-rsj", Type: d.Type(), Division: benchVillage, Data: d}
}

func benchPostID(n int) string { return fmt.Sprintf("%s-%06d", benchVillage, n) }

// idNumber returns the i-th of many valid identity numbers of women born from 1962 to
// 1971.
func idNumber(i int) string {
	birth := civil.MustDate("1962-01-01") + civil.Date(i/500%3600)
	digits := fmt.Sprintf("37%04d%s%03d", 100+i/1_800_000, strings.ReplaceAll(birth.String(), "-", ""), i%500*2)
	return digits + string(idnumber.Check(digits))
}

func developedPost(n int) *events.Event {
	return benchEvent(fmt.Sprintf("p-%06d", n), &events.PostDeveloped{
		Post: benchPostID(n), Category: "public_service", Area: "rural", Seats: benchSeats, From: onDuty - 30, Fund: fmt.Sprintf("F-%03d", n%150),
	})
}

// hired returns an event that places who on post n, with all papers.
func hired(id string, who events.Who, n int, from civil.Date) *events.Event {
	return benchEvent(id, &events.HirePlaced{
		Who: who, Post: benchPostID(n), From: from, Until: from.AddMonths(36), Group: "older", Review: &events.Reviewed{On: from - 12},
		Publicity: &events.Publicity{From: from - 11, Until: from - 7}, Agreement: &events.Agreement{Number: "A-17", Signed: from - 3},
	})
}

func identified(i int) events.Who {
	return events.Who{Identity: &events.Identity{
		IDNumber: idNumber(i), Name: fmt.Sprintf("王小%d", i), Phone: fmt.Sprintf("139%08d", i), Household: fmt.Sprintf("东村%d号", i/3),
	}}
}

// take submits events to the gateway, all of which must be accepted or be duplicates,
// and returns their receipts.
func (d *testDeployment) take(tb testing.TB, list []*events.Event) []events.Receipt {
	tb.Helper()
	receipts, err := d.Submit(tb.Context(), admission.Local(), asItems(list), time.Time{})
	if err != nil {
		tb.Fatal(err)
	}
	for i, r := range receipts {
		if r.Status != events.Accepted {
			tb.Fatalf("%s: %+v", list[i].ID, r)
		}
	}
	return receipts
}

func asItems(list []*events.Event) (items []intake.Item) {
	for _, e := range list {
		items = append(items, intake.Item{Event: e})
	}
	return items
}

// people develops posts and makes n persons known. If placed is set, each is placed on
// a seat. people returns the pseudonyms.
func (d *testDeployment) people(tb testing.TB, n int, placed bool) []events.Person {
	tb.Helper()
	var posts, who []*events.Event
	for p := range (n + benchSeats - 1) / benchSeats {
		posts = append(posts, developedPost(p))
	}
	for i := range n {
		e := benchEvent(fmt.Sprintf("t-%06d", i), &events.TrainingCompleted{Who: identified(i), Course: "pre-service", Hours: 16, On: onDuty - 20, PreService: true})
		if placed {
			e = hired(fmt.Sprintf("h-%06d", i), identified(i), i/benchSeats, onDuty)
		}
		who = append(who, e)
	}
	d.take(tb, posts)
	persons := make([]events.Person, n)
	for i, r := range d.take(tb, who) {
		persons[i] = r.Person
	}
	return persons
}

// month returns the events of a month as agencies submit them: an attendance sheet for
// each post, and pay runs of 500 lines, instructed and settled.
func month(persons []events.Person, m civil.Month) (sheets, instructions, settlements []*events.Event) {
	marks := "PPPPP..PPPPP..PPPLP..PPPPP..PPP"[:(m+1).First()-m.First()]
	for at := 0; at < len(persons); at += benchSeats {
		d := &events.AttendanceReported{Post: benchPostID(at / benchSeats), Month: m, Recorder: "village-clerk-3"}
		for _, p := range persons[at:min(at+benchSeats, len(persons))] {
			d.Lines = append(d.Lines, events.AttendanceLine{Person: p, Marks: marks})
		}
		sheets = append(sheets, benchEvent(fmt.Sprintf("a-%s-%06d", m, at), d))
	}
	for at := 0; at < len(persons); at += 500 {
		pay := &events.PaymentInstructed{Run: fmt.Sprintf("R-%s-%06d", m, at), Month: m, Fund: fmt.Sprintf("F-%03d", at/500%150)}
		paid := &events.PaymentSettled{Run: pay.Run, PaidOn: (m + 1).First() + 9}
		for i := at; i < min(at+500, len(persons)); i++ {
			id := fmt.Sprintf("%06d", i)
			pay.Lines = append(pay.Lines, events.PayLine{Line: id, Person: persons[i], Post: benchPostID(i / benchSeats), Amount: 80_000})
			paid.Lines = append(paid.Lines, events.SettledLine{Line: id})
		}
		instructions = append(instructions, benchEvent("i-"+pay.Run, pay))
		settlements = append(settlements, benchEvent("s-"+pay.Run, paid))
	}
	return sheets, instructions, settlements
}

func funds() (list []*events.Event) {
	for f := range 150 {
		list = append(list, benchEvent(fmt.Sprintf("f-%03d", f), &events.FundAllocated{Fund: fmt.Sprintf("F-%03d", f), Year: 2022, Amount: 1e15}))
	}
	return list
}

// raw publishes the commits of the log after from to an empty server, one by one. It
// returns the facts per second, in messages of 1,000 facts, which is the measure of the
// goals, and in the very commits of the services, of up to 900 KB.
func (d *testDeployment) raw(b *testing.B, from log.Position) (packs, commits float64) {
	b.Helper()
	_, packs, _ = republish(b, d.log, from, 1000)
	_, commits, _ = republish(b, d.log, from, 0)
	return packs, commits
}

// inParallel runs fn for each element of parts in a goroutine of its own, and returns
// how long all took.
func inParallel[T any](parts []T, fn func(T)) time.Duration {
	start := time.Now()
	var wg sync.WaitGroup
	for _, p := range parts {
		wg.Go(func() { fn(p) })
	}
	wg.Wait()
	return time.Since(start)
}

// Goal: sheets and pay runs, decided and durable, come in at half the rate of
// publishing the same events raw, 1,000 facts a message, with sync always and one
// message outstanding, and at a hundred times the rate of a transaction for each fact.
// Method: six months of 20,000 people are submitted by two agencies at once, by turns
// as events to the gateway and as NDJSON over HTTP. Then the same events are published
// to an empty server, in messages of 1,000 facts and in the very commits. Then the same
// facts are given one by one to the PostgreSQL peer, by 64 callers without HTTP, for
// some seconds.
func BenchmarkDuties(b *testing.B) {
	const n, months = 20_000, 6
	for b.Loop() {
		server, closed := startTestDeployment(b, nil)
		persons := server.people(b, n, true)
		server.take(b, funds())
		var rates [2]float64
		before, _, err := server.log.Head(b.Context(), log.Filter{})
		if err != nil {
			b.Fatal(err)
		}
		var took [2]time.Duration
		for i := range months {
			submit := []func(testing.TB, []*events.Event){server.give, server.post}[i%2]
			sheets, pay, paid := month(persons, civil.MustMonth("2022-05")+civil.Month(i))
			took[i%2] += inParallel([][]*events.Event{sheets, append(pay, paid...)}, func(list []*events.Event) { submit(b, list) })
		}
		for i, took := range took {
			rates[i] = float64(len(persons)*3*months/2) / took.Seconds()
		}
		packs, commits := server.raw(b, before)
		closed()

		peer := newPeer(b, reference(b))
		one := peer.facts(b, 3*time.Second)
		b.ReportMetric(rates[0], "facts/s")
		b.ReportMetric(rates[0]/packs, "of-raw-publish")
		b.ReportMetric(rates[0]/commits, "of-the-commits-raw")
		b.ReportMetric(rates[1], "http-facts/s")
		b.ReportMetric(rates[1]/packs, "http-of-raw-publish")
		b.ReportMetric(rates[1]/commits, "http-of-the-commits-raw")
		b.ReportMetric(rates[0]/one, "of-a-transaction-a-fact")
		b.ReportMetric(one, "peer-facts/s")
	}
}

// give submits events to the gateway as the importer does, without HTTP.
func (d *testDeployment) give(tb testing.TB, list []*events.Event) {
	receipts, err := d.Submit(tb.Context(), admission.Local(), asItems(list), time.Time{})
	if err != nil {
		tb.Error(err)
	}
	for i, r := range receipts {
		if r.Status != events.Accepted {
			tb.Errorf("%s: %+v", list[i].ID, r)
			return
		}
	}
}

// post submits events over HTTP as NDJSON.
func (d *testDeployment) post(tb testing.TB, list []*events.Event) {
	var body []byte
	for _, e := range list {
		raw, err := e.Append(nil)
		if err != nil {
			tb.Error(err)
			return
		}
		body = append(append(body, raw...), '\n')
	}
	receipts, _ := submission{url: d.url}.send(tb, body)
	for i, r := range receipts {
		if r.Status != events.Accepted {
			tb.Errorf("%s: %+v", list[i].ID, r)
			return
		}
	}
}

// A submission sends bodies over HTTP.
type submission struct {
	url    string
	client *http.Client // nil is http.DefaultClient
	kind   string       // media type of the body; empty is NDJSON
	token  string
}

// send posts a body until it is answered with all receipts. again reports that the body
// was sent more than once, so that its events may be duplicates.
func (s submission) send(tb testing.TB, body []byte) (receipts []events.Receipt, again bool) {
	if s.client == nil {
		s.client = http.DefaultClient
	}
	if s.kind == "" {
		s.kind = "application/x-ndjson"
	}
	for ; ; again = true {
		status, text, err := s.post(tb.Context(), body)
		var got struct {
			Receipts []events.Receipt `json:"receipts"`
			Problem  jsontext.Value   `json:"problem"`
		}
		if err == nil {
			err = json.Unmarshal(text, &got)
		}
		switch {
		case err != nil:
			tb.Errorf("%d: %s: %v", status, text, err)
		case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable, got.Problem != nil:
			time.Sleep(20 * time.Millisecond)
			continue
		case status != http.StatusOK:
			tb.Errorf("%d: %s", status, text)
		}
		return got.Receipts, again
	}
}

func (s submission) post(ctx context.Context, body []byte) (status int, text []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/v1/events", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", s.kind)
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err = io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}

// facts gives a peer the facts of a month, one in each transaction, until during is
// over.
func (p *postgresPeer) facts(b *testing.B, during time.Duration) (rate float64) {
	b.Helper()
	const n = 5_000
	persons := make([]events.Person, n)
	var infra []*events.Event
	for i := range persons {
		persons[i] = seeded(uint64(i))
		if i%benchSeats == 0 {
			infra = append(infra, developedPost(i/benchSeats))
		}
		e := hired(fmt.Sprint("h-", i), events.Who{Person: persons[i]}, i/benchSeats, onDuty)
		d := e.Data.(*events.HirePlaced)
		d.BirthMonth, d.Sex = civil.MustMonth("1965-01"), "F"
		infra = append(infra, e)
	}
	submit := func(e *events.Event) {
		e.Digest = fmt.Sprintf("%032x", 1)
		if r, err := p.Submit(b.Context(), e.Family(), []*events.Event{e}, time.Time{}); err != nil || r[0].Status != events.Accepted {
			b.Error(r, err)
		}
	}
	for _, e := range append(funds(), infra...) {
		submit(e)
	}
	sheets, pay, _ := month(persons, civil.MustMonth("2022-05"))
	var singles []*events.Event
	for _, e := range sheets {
		for i, l := range e.Data.(*events.AttendanceReported).Lines {
			d := *e.Data.(*events.AttendanceReported)
			d.Lines = []events.AttendanceLine{l}
			singles = append(singles, benchEvent(fmt.Sprint(e.ID, "-", i), &d))
		}
	}
	for _, e := range pay {
		for i, l := range e.Data.(*events.PaymentInstructed).Lines {
			d := *e.Data.(*events.PaymentInstructed)
			// The pay lines are spread over the funds, whose rows are locked.
			d.Fund, d.Lines = fmt.Sprintf("F-%03d", i%150), []events.PayLine{l}
			singles = append(singles, benchEvent(fmt.Sprint(e.ID, "-", i), &d))
		}
	}
	var next, done atomic.Int64
	end := time.Now().Add(during)
	took := inParallel(make([]struct{}, 64), func(struct{}) {
		for time.Now().Before(end) {
			i := next.Add(1) - 1
			if i >= int64(len(singles)) {
				return
			}
			// The line of a sheet and the line of a run take turns.
			submit(singles[int(i)/2+int(i)%2*len(singles)/2])
			done.Add(1)
		}
	})
	return float64(done.Load()) / took.Seconds()
}

// Goal: people who were unknown, hired with their identity, come in at a tenth of the
// rate of publishing the same commits raw. Method: bodies of 1,000 hires over HTTP,
// four at a time.
func BenchmarkNewHires(b *testing.B) {
	const n = 20_000
	for b.Loop() {
		server, closed := startTestDeployment(b, nil)
		var posts []*events.Event
		bodies := make([][]byte, n/1000)
		for i := range n {
			if i%benchSeats == 0 {
				posts = append(posts, developedPost(i/benchSeats))
			}
			raw, err := hired(fmt.Sprintf("h-%06d", i), identified(i), i/benchSeats, onDuty).Append(nil)
			if err != nil {
				b.Fatal(err)
			}
			bodies[i/1000] = append(append(bodies[i/1000], raw...), '\n')
		}
		server.take(b, posts)
		before, _, err := server.log.Head(b.Context(), log.Filter{})
		if err != nil {
			b.Fatal(err)
		}
		var next atomic.Int64
		took := inParallel(make([]struct{}, 4), func(struct{}) {
			for i := next.Add(1) - 1; i < int64(len(bodies)); i = next.Add(1) - 1 {
				receipts, _ := submission{url: server.url}.send(b, bodies[i])
				for _, r := range receipts {
					if r.Status != events.Accepted {
						b.Errorf("%+v", r)
						return
					}
				}
			}
		})
		rate := n / took.Seconds()
		b.ReportMetric(rate, "hires/s")
		packs, commits := server.raw(b, before)
		b.ReportMetric(rate/packs, "of-raw-publish")
		b.ReportMetric(rate/commits, "of-the-commits-raw")
		closed()
	}
}

// Goal: single events over HTTP from 64 clients are taken three times as fast as by a
// PostgreSQL with the same rules, a transaction for each event, behind the same HTTP
// server. Method: each client has people and posts of its own. It submits hires, days
// of attendance and exits in turn, by pseudonym; and, in a second run, hires of people
// who were unknown. Gateway, vault, HTTP server and the number of events are the same
// for both.
func BenchmarkOneByOne(b *testing.B) {
	for b.Loop() {
		ours, closed := startTestDeployment(b, nil)
		told, new := ours.oneByOne(b)
		closed()
		theirs, closed := startTestDeployment(b, newPeer(b, reference(b)))
		toldPeer, newPeer := theirs.oneByOne(b)
		closed()
		b.ReportMetric(told, "events/s")
		b.ReportMetric(toldPeer, "peer-events/s")
		b.ReportMetric(told/toldPeer, "of-peer")
		b.ReportMetric(new, "new-hires/s")
		b.ReportMetric(newPeer, "peer-new-hires/s")
		b.ReportMetric(new/newPeer, "new-hires-of-peer")
	}
}

func (d *testDeployment) oneByOne(b *testing.B) (told, new float64) {
	b.Helper()
	const clients, people = 64, 10 // each client has one post
	persons := d.people(b, clients*people, false)
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	tell := func(e *events.Event) {
		raw, err := e.Append(nil)
		if err != nil {
			b.Error(err)
			return
		}
		receipts, _ := submission{url: d.url, client: client, kind: "application/cloudevents+json"}.send(b, raw)
		for _, r := range receipts {
			if r.Status != events.Accepted {
				b.Errorf("%s: %+v", e.ID, r)
			}
		}
	}
	each := make([]int, clients)
	for i := range each {
		each[i] = i
	}
	const rounds = 3
	took := inParallel(each, func(c int) {
		for round := range rounds {
			from := onDuty + civil.Date(100*round)
			for i := range people {
				who := events.Who{Person: persons[c*people+i]}
				id := fmt.Sprintf("%d-%d-%d", c, round, i)
				tell(hired("h-"+id, who, c, from))
				tell(benchEvent("a-"+id, &events.AttendanceReported{Post: benchPostID(c), Date: from + 1, Lines: []events.AttendanceLine{{Person: who.Person, Mark: "P"}}}))
				tell(benchEvent("x-"+id, &events.ExitRecorded{Who: who, Post: benchPostID(c), On: from + 50, Kind: "natural", Code: "N5"}))
			}
		}
	})
	told = float64(clients*people*rounds*3) / took.Seconds()
	for c := range clients {
		for p := range 2 {
			d.take(b, []*events.Event{developedPost(1000 + 2*c + p)})
		}
	}
	took = inParallel(each, func(c int) {
		for i := range 2 * benchSeats {
			n := 100_000 + c*2*benchSeats + i
			tell(hired(fmt.Sprintf("n-%d", n), identified(n), 1000+2*c+i/benchSeats, onDuty))
		}
	})
	return told, float64(clients*2*benchSeats) / took.Seconds()
}
