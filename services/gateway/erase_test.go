package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division/editions"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/erasures"
	"github.com/muster-works/muster/services/gateway/submission"
	"github.com/muster-works/muster/services/gateway/vault"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
)

// newErasingFixture returns a fixture whose own events are decided as in a deployment, by the
// placements in the log. What agencies submit is taken as it comes.
func newErasingFixture(t testing.TB) *fixture {
	t.Helper()
	b := newFixture(t)
	placed := placement.New()
	fold := command.NewFold(b.log, events.Hire.Boundary(), placed)
	d := command.NewHandler(events.Gateway, NewDecider(placed, time.FixedZone("CST", 8*3600)),
		command.NewFold(b.log, events.Gateway.Boundary(), &command.Stateless{}), fold)
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- d.Run(ctx, func() { close(ready) }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("desk: %v", err)
		}
	})
	<-ready
	b.desks.Local[events.Gateway] = d
	b.catchUp = fold.CatchUp
	b.submit(t, admission.Local(), event("p", &events.PostDeveloped{Post: "p-1", Category: "public_service", Area: "rural", Seats: 9,
		From: civil.MustDate("2022-01-01"), Division: village}))
	return b
}

func leave(id string, p events.Person, on civil.Date) *events.Event {
	return event(id, &events.ExitRecorded{Who: events.Who{Person: p}, Post: "p-1", On: on, Kind: "natural", Code: "N1"})
}

func code(err error) string {
	var reasons events.Reasons
	if errors.As(err, &reasons) {
		return string(reasons[0].Code) + " " + reasons[0].Field
	}
	return fmt.Sprint(err)
}

// A person in place is not erased; whoever is erased is gone from the vault,
// stays in the log, and comes back as somebody else.
func TestErase(t *testing.T) {
	b := newErasingFixture(t)
	hired := b.submit(t, admission.Local(), hire(1), hire(2))
	p := hired[0].Person
	erase := func(p events.Person, reason string) (erasures.Certificate, error) {
		return b.Erase(t.Context(), admission.Local(), p, reason)
	}

	if _, err := erase(p, "asked for it"); code(err) != "in_place person" {
		t.Errorf("in place: %v", err)
	}
	tomorrow := civil.DateIn(time.Now(), time.UTC) + 2
	b.submit(t, admission.Local(), leave("x-1", p, tomorrow))
	if _, err := erase(p, "asked for it"); code(err) != "in_place person" || !strings.Contains(err.Error(), tomorrow.String()) {
		t.Errorf("in place until the day after tomorrow: %v", err)
	}
	late := leave("x-2", p, civil.MustDate("2022-06-15"))
	late.Replaces = "x-1"
	b.submit(t, admission.Local(), late)
	for reason, want := range map[string]string{
		"":                              "missing reason",
		strings.Repeat("long ", 50):     "invalid reason",
		"two\nlines":                    "invalid reason",
		"王小1 asked for it":              "identity_in_clear reason",
		"call 139-0000 0001":            "identity_in_clear reason",
		"see " + number(7) + " instead": "identity_in_clear reason",
	} {
		if _, err := erase(p, reason); code(err) != want {
			t.Errorf("reason %q: %v, want %s", reason, err, want)
		}
	}
	if _, err := erase(events.Person{9}, "asked for it"); code(err) != "unknown_person person" {
		t.Errorf("nobody: %v", err)
	}
	county := admission.Caller{Agency: "370211-rsj", Reveal: true, Record: true, AuthType: "token"}
	if _, err := b.Erase(t.Context(), county, p, "asked for it"); code(err) != "not_entitled " {
		t.Errorf("no operator: %v", err)
	}
	if own, _ := b.records(t, events.Gateway); len(own) != 0 {
		t.Fatalf("refusals were recorded: %+v", own[0])
	}

	before := time.Now().Add(-time.Second)
	cert, err := erase(p, "asked for it")
	if err != nil {
		t.Fatal(err)
	}
	own, _ := b.records(t, events.Gateway)
	if len(own) != 1 || own[0].AuthID != "local" || own[0].Data.(*events.PersonErased).Person != p {
		t.Fatalf("recorded %+v", own)
	}
	if cert.Person != p || cert.Reason != "asked for it" || cert.By != "local" || cert.Position.IsZero() || cert.Recorded.Before(before) ||
		uuid.Validate(cert.Commit) != nil || cert.Destroyed.Keys != 1 || cert.Destroyed.Tokens != 2 || len(cert.Destroyed.Fields) != 4 {
		t.Errorf("certificate %+v", cert)
	}
	if _, err := b.vault.Reveal(t.Context(), p); !errors.Is(err, vault.ErrUnknown) {
		t.Errorf("the vault still knows the person: %v", err)
	}
	again, err := erase(p, "another reason")
	if err != nil || again.Destroyed.Keys != 0 || again.Position != cert.Position || again.Reason != cert.Reason {
		t.Errorf("erased again: %+v, %v", again, err)
	}

	// The same file again: its hire is in the log, and the vault stays ignorant.
	twice := b.submit(t, admission.Local(), hire(2), hire(1), sheet("s", 1))
	if got := all(twice); got[0] != "duplicate" || got[1] != "duplicate" || got[2] != "unknown_person data.lines[0].id_number" {
		t.Errorf("sent again: %v", got)
	}
	if twice[1].Position != hired[0].Position || twice[1].Person != (events.Person{}) || b.vault.Find(nil, number(1))[0] != (events.Person{}) {
		t.Errorf("sent again: %+v; the vault knows %v", twice[1], b.vault.Find(nil, number(1)))
	}
	back := hire(1)
	back.ID = "h-back"
	if r := b.submit(t, admission.Local(), back)[0]; r.Status != events.Accepted || r.Person == p || r.Person == (events.Person{}) {
		t.Errorf("the returner is %+v", r)
	}
}

// An erasure that is in the log happens, whatever became of the process or of
// the vault in between.
func TestForget(t *testing.T) {
	b := newErasingFixture(t)
	hired := b.submit(t, admission.Local(), hire(1), hire(2), hire(3))
	old := t.TempDir()
	if err := os.CopyFS(filepath.Join(old, "vault"), os.DirFS(filepath.Join(b.dir, "vault"))); err != nil {
		t.Fatal(err)
	}
	copies, err := filepath.Glob(filepath.Join(old, "vault", "*"))
	if err != nil || len(copies) == 0 {
		t.Fatal(copies, err)
	}
	for _, f := range append(copies, filepath.Join(old, "vault")) {
		if err := os.Chmod(f, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range hired[:2] {
		b.submit(t, admission.Local(), leave(fmt.Sprint("x-", i), r.Person, civil.MustDate("2022-06-15")))
		if _, err := b.Erase(t.Context(), admission.Local(), r.Person, "retention has ended"); err != nil {
			t.Fatal(err)
		}
	}

	restored, err := vault.Open(filepath.Join(old, "vault"), filepath.Join(b.dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	defer restored.Close()
	if restored.Len() != 3 {
		t.Fatalf("the copy knows %d persons, want 3", restored.Len())
	}
	g, err := New(Options{Services: b.desks, Vault: restored, Divisions: editions.Fixed(table()), History: b.log})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := g.Forget(t.Context()); n != 2 || err != nil {
		t.Errorf("Forget = %d, %v", n, err)
	}
	if got := restored.Find(nil, number(1), number(2), number(3)); got[0] != (events.Person{}) || got[1] != (events.Person{}) || got[2] != hired[2].Person {
		t.Errorf("the restored vault knows %v", got)
	}
	if n, err := g.Forget(t.Context()); n != 0 || err != nil {
		t.Errorf("Forget again = %d, %v", n, err)
	}
	cert, err := g.Erase(t.Context(), admission.Local(), hired[0].Person, "once more")
	if err != nil || cert.Reason != "retention has ended" || cert.Destroyed.Keys != 0 {
		t.Errorf("certificate after a restart %+v, %v", cert, err)
	}
}

// Goal: nobody is hired under a pseudonym that is erased. Method: people are
// hired and leave again and again while others try to erase them; the log is
// the judge.
func TestEraseWhileHired(t *testing.T) {
	b := newErasingFixture(t)
	const people = 8
	var persons []events.Person
	for i := range people {
		persons = append(persons, b.submit(t, admission.Local(), hire(i))[0].Person)
		b.submit(t, admission.Local(), leave(fmt.Sprint("x-", i), persons[i], civil.MustDate("2022-05-02")))
	}
	var all sync.WaitGroup
	for i, p := range persons {
		all.Go(func() {
			for n := range 30 {
				e := hire(i)
				e.ID = fmt.Sprintf("h-%d-%d", i, n)
				e.Data.(*events.HirePlaced).Who = events.Who{Person: p}
				e.Data.(*events.HirePlaced).From = civil.MustDate("2022-06-01") + civil.Date(2*n)
				x := leave(fmt.Sprintf("x-%d-%d", i, n), p, civil.MustDate("2022-06-02")+civil.Date(2*n))
				for _, e := range []*events.Event{e, x} {
					if _, err := b.Submit(context.Background(), admission.Local(), items(e), time.Time{}); err != nil {
						t.Error(err)
					}
				}
			}
		})
		all.Go(func() {
			for range 20 {
				time.Sleep(time.Millisecond)
				if _, err := b.Erase(context.Background(), admission.Local(), p, "asked for it"); err == nil {
					return
				} else if code(err) != "in_place person" {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	erased, in := map[events.Person]bool{}, map[events.Person]int{}
	for c, err := range b.log.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range c.Events {
			e, err := events.Decode(raw)
			if err != nil {
				t.Fatal(err)
			}
			switch d := e.Data.(type) {
			case *events.HirePlaced:
				in[d.Person]++
				if erased[d.Person] {
					t.Errorf("%s: %s was hired after being erased", e.ID, d.Person)
				}
			case *events.ExitRecorded:
				in[d.Person]--
			case *events.PersonErased:
				erased[d.Person] = true
				if in[d.Person] != 0 {
					t.Errorf("%s was erased while in place", d.Person)
				}
			}
		}
	}
	if len(erased) == 0 {
		t.Error("nobody was erased")
	}
	t.Logf("%d of %d persons were erased", len(erased), people)
}

// What is told is on record before it is told, and only those with the right
// to are told.
func TestReveal(t *testing.T) {
	b := newErasingFixture(t)
	p := b.submit(t, admission.Local(), hire(1))[0].Person
	county := admission.Caller{Agency: "370211-rsj", Prefix: "370211", Reveal: true, AuthType: "token"}
	other := admission.Caller{Agency: "370212-rsj", Prefix: "370212", Reveal: true, AuthType: "token"}
	for name, c := range map[string]struct {
		caller  admission.Caller
		person  events.Person
		fields  []string
		purpose string
		want    string
	}{
		"no right":         {admission.Caller{Agency: "a", Import: true}, p, []string{"name"}, "audit", "not_entitled "},
		"elsewhere":        {other, p, []string{"name"}, "audit", "not_entitled person"},
		"nobody":           {county, events.Person{9}, []string{"name"}, "audit", "unknown_person person"},
		"no field":         {county, p, nil, "audit", "missing fields"},
		"unknown field":    {county, p, []string{"account"}, "audit", "invalid fields"},
		"a field twice":    {county, p, []string{"name", "name"}, "audit", "invalid fields"},
		"no purpose":       {county, p, []string{"name"}, " ", "missing purpose"},
		"purpose in clear": {county, p, []string{"name"}, "is it 王小1?", "identity_in_clear purpose"},
	} {
		if _, err := b.Reveal(t.Context(), c.caller, c.person, c.fields, c.purpose); code(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	b.desks.fail = func(_ int, f events.Family) error {
		if f == events.Gateway {
			return log.ErrUnavailable
		}
		return nil
	}
	if r, err := b.Reveal(t.Context(), county, p, []string{"name"}, "audit"); !errors.Is(err, log.ErrUnavailable) || r.Fields != nil {
		t.Errorf("without a log: %+v, %v", r, err)
	}
	b.desks.fail = nil
	if own, _ := b.records(t, events.Gateway); len(own) != 0 {
		t.Fatalf("recorded %+v", own[0])
	}
	r, err := b.Reveal(t.Context(), county, p, []string{"name", "phone"}, "audit 2022-17")
	want := []vault.Field{{Name: "name", Text: "王小1"}, {Name: "phone", Text: "13900000001"}}
	if err != nil || !slices.Equal(r.Fields, want) || r.Person != p {
		t.Errorf("%+v, %v; want %+v", r, err, want)
	}
	own, raw := b.records(t, events.Gateway)
	d, ok := own[0].Data.(*events.PersonRevealed)
	if !ok || d.Person != p || d.Purpose != "audit 2022-17" || !slices.Equal(d.Fields, []string{"name", "phone"}) || own[0].AuthID != "370211-rsj" || own[0].Division != "370211000000" {
		t.Errorf("recorded %s", raw[0])
	}
	if strings.Contains(string(raw[0]), "王小1") || strings.Contains(string(raw[0]), "13900000001") {
		t.Errorf("recorded in clear: %s", raw[0])
	}
}

// The same over HTTP, with what a stranger is answered.
func TestPersonsOverHTTP(t *testing.T) {
	b := newErasingFixture(t)
	p := b.submit(t, admission.Local(), hire(1))[0].Person
	server := httptest.NewServer(b.Handler())
	defer server.Close()
	ask := func(what, id, body string, headers ...string) (int, map[string]any) {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, server.URL+"/v1/persons/"+id+"/"+what, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var answer map[string]any
		if err := json.UnmarshalRead(resp.Body, &answer); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, answer
	}
	const why = `{"reason":"asked for it"}`
	for name, c := range map[string]struct {
		what, id, body string
		headers        []string
		status         int
		code           any
	}{
		"in place":      {"erase", p.String(), why, nil, 409, "in_place"},
		"nobody":        {"erase", events.Person{9}.String(), why, nil, 404, "unknown_person"},
		"a number":      {"erase", number(1), why, nil, 400, "invalid"},
		"no JSON":       {"erase", p.String(), "why", nil, 400, "malformed"},
		"more than due": {"erase", p.String(), `{"reason":"x","force":true}`, nil, 400, "malformed"},
		"by a form":     {"erase", p.String(), why, []string{"Content-Type", "text/plain"}, 415, nil},
		"no reason":     {"erase", p.String(), `{}`, nil, 400, "missing"},
		"no purpose":    {"reveal", p.String(), `{"fields":["name"]}`, nil, 400, "missing"},
	} {
		status, answer := ask(c.what, c.id, c.body, c.headers...)
		if status != c.status || answer["code"] != c.code || strings.Contains(fmt.Sprint(answer), number(1)) {
			t.Errorf("%s: %d %v, want %d %v", name, status, answer, c.status, c.code)
		}
	}
	if status, answer := ask("reveal", p.String(), `{"fields":["name"],"purpose":"audit"}`); status != 200 || !strings.Contains(fmt.Sprint(answer["fields"]), "王小1") {
		t.Errorf("reveal: %d %v", status, answer)
	}
	b.submit(t, admission.Local(), leave("x", p, civil.MustDate("2022-06-15")))
	status, answer := ask("erase", p.String(), why)
	if status != 200 || answer["person"] != p.String() || answer["reason"] != "asked for it" || answer["commit"] == "" || answer["position"] == "" {
		t.Errorf("erase: %d %v", status, answer)
	}
	if status, answer := ask("reveal", p.String(), `{"fields":["name"],"purpose":"audit"}`); status != 404 {
		t.Errorf("reveal after erasing: %d %v", status, answer)
	}

	b.auth = agencies(t)
	for token, want := range map[string]int{"": 401, "county-token": 403} {
		if status, answer := ask("reveal", p.String(), `{"fields":["name"],"purpose":"audit"}`, "Authorization", "Bearer "+token); status != want {
			t.Errorf("token %q: %d %v, want %d", token, status, answer, want)
		}
	}
}

// A training before the hire makes its person known, once and for all; any
// other does not.
func TestTrainingBeforeTheHire(t *testing.T) {
	for _, name := range []string{"for real", "dry"} {
		b := newFixture(t)
		train := func(id string, i int, before bool) *events.Event {
			return event(id, &events.TrainingCompleted{Course: "safety", Hours: 8, On: civil.MustDate("2022-04-20"), PreService: before,
				Who: events.Who{Identity: &events.Identity{IDNumber: number(i), Name: fmt.Sprint("王小", i)}}})
		}
		s := submission.New(admission.Local(), 0)
		if name == "dry" {
			s = b.pipeline.NewDryRun(admission.Local(), 0)
		}
		got, err := b.pipeline.Submit(t.Context(), s, items(train("t-1", 1, true), train("t-2", 2, false), hire(1), train("t-3", 1, false)), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"accepted", "unknown_person data.identity.id_number", "accepted", "accepted"}
		if !slices.Equal(all(got), want) || got[0].Person != got[2].Person || got[0].Person != got[3].Person {
			t.Errorf("%s: %v %+v, want %v", name, all(got), got, want)
		}
		if name == "dry" {
			if b.vault.Len() != 0 {
				t.Errorf("the vault knows %d persons after a dry run", b.vault.Len())
			}
			continue
		}
		_, raw := b.records(t, events.Training)
		if s := string(raw[0]); strings.Contains(s, number(1)) || strings.Contains(s, "王小") || strings.Contains(s, "identity") {
			t.Errorf("recorded %s", s)
		}
		if id, err := b.vault.Reveal(t.Context(), got[0].Person); err != nil || id.Name != "王小1" || id.Phone == "" {
			t.Errorf("the vault holds %+v, %v", id, err)
		}
	}
}
