package runner_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/internal/synthetic"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/projections/timeline"
)

func programme(t *testing.T, seed uint64) log.Log {
	t.Helper()
	l := memlog.New()
	if _, err := synthetic.Fill(t.Context(), l, synthetic.Size{Posts: 20, Months: 2, Counties: 2, Seed: seed}); err != nil {
		t.Fatal(err)
	}
	return l
}

func openDir(t *testing.T) *readmodel.Dir {
	t.Helper()
	return openDirAt(t, t.TempDir())
}

func openDirAt(t *testing.T, path string) *readmodel.Dir {
	t.Helper()
	d, err := sqlite.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// A second runner takes the generation over; the first one writes nothing any
// more and ends.
func TestFenced(t *testing.T) {
	l, d := programme(t, 1), openDir(t)
	first := start(l, d, runner.Options{})
	first.wait(t, l)
	second := start(l, d, runner.Options{})
	second.wait(t, l)
	before, err := reader(t, d).Meta(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	erase(t, l, "x-1")
	second.wait(t, l)
	first.fenced(t)
	second.stop(t)
	after, err := reader(t, d).Meta(t.Context())
	if err != nil || after.Ord != before.Ord+1 {
		t.Errorf("commit %d, then %d: %v", before.Ord, after.Ord, err)
	}
	same(t, l, d)
}

// A paused log yields commits up to a position, and the rest once it is let go.
type paused struct {
	log.Log
	at      log.Position
	reached chan<- struct{}
	letGo   <-chan struct{}
}

func (l paused) Follow(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		for c, err := range l.Log.Follow(ctx, from, f) {
			if err == nil && c.Position.Compare(l.at) == 0 {
				close(l.reached)
				<-l.letGo
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// Goal: a runner that was taken over says so wherever it is, and builds nothing:
// rows that its successor has written on are not damaged ones.
// Method: the first runner waits in the middle of the log while the second comes
// to its end; then it goes on.
func TestFencedWhileReading(t *testing.T) {
	t.Parallel()
	l := wholeSource(t)
	head, _, err := l.Head(t.Context(), log.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	var commits []log.Commit
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		commits = append(commits, c)
	}
	for at := len(commits) / 4; at < len(commits)-1; at += len(commits) / 16 {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			d := openDir(t)
			if _, err := runner.Build(t.Context(), l, d, "gen-000001", projections.Views(), log.At(1, 0), runner.Options{}); err != nil {
				t.Fatal(err)
			}
			if err := d.Switch(t.Context(), "gen-000001"); err != nil {
				t.Fatal(err)
			}
			reached, letGo := make(chan struct{}), make(chan struct{})
			first := start(paused{l, commits[at].Position, reached, letGo}, d, runner.Options{MaxFacts: 100})
			<-reached
			second := start(l, d, runner.Options{})
			second.wait(t, l)
			second.stop(t)
			close(letGo)
			first.fenced(t)
			if m, err := reader(t, d).Meta(t.Context()); err != nil || m.Generation != "gen-000001" || m.Position != head.Commit() {
				t.Errorf("%s shows %s, the log ends at %s: %v", m.Generation, m.Position, head, err)
			}
			same(t, l, d)
		})
	}
}

// same says that the read model is that of an undisturbed build.
func same(t *testing.T, l log.Log, d *readmodel.Dir) {
	t.Helper()
	want, got := hashes(t, build(t, l, openDir(t), runner.Options{})), hashes(t, reader(t, d))
	for table, h := range want {
		if got[table] != h {
			t.Errorf("table %s differs", table)
		}
	}
}

func erase(t *testing.T, l log.Log, id string) {
	t.Helper()
	_, revision, err := l.Head(t.Context(), log.Filter{Boundary: "gateway"})
	if err != nil {
		t.Fatal(err)
	}
	e := &events.Event{ID: id, Source: "/agency/a", Type: events.PersonErasedType, Data: &events.PersonErased{Person: personID(1), Reason: "asked"}}
	raw, err := e.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Append(t.Context(), log.Commit{ID: id, Boundary: "gateway", Events: [][]byte{raw}}, revision); err != nil {
		t.Fatal(err)
	}
}

// A read model of another log, a damaged one, an unfinished one and one of
// other views are noticed at the start and built anew.
func TestRebuiltWhenUnusable(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, d *readmodel.Dir, path string){
		"another log": func(t *testing.T, d *readmodel.Dir, path string) {
			build(t, programme(t, 99), d, runner.Options{})
		},
		"a longer log": func(t *testing.T, d *readmodel.Dir, path string) {
			l := programme(t, 1)
			erase(t, l, "more")
			build(t, l, d, runner.Options{})
		},
		"damaged": func(t *testing.T, d *readmodel.Dir, path string) {
			build(t, programme(t, 1), d, runner.Options{})
			d.Close()
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			copy(b[len(b)/4:], bytes.Repeat([]byte{0xa5}, len(b)/2))
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"no database": func(t *testing.T, d *readmodel.Dir, path string) {
			build(t, programme(t, 1), d, runner.Options{})
			d.Close()
			if err := os.WriteFile(path, []byte("nothing of the kind"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"gone": func(t *testing.T, d *readmodel.Dir, path string) {
			build(t, programme(t, 1), d, runner.Options{})
			d.Close()
			if err := d.Remove(t.Context(), "gen-000001"); err != nil {
				t.Fatal(err)
			}
		},
		"other views": func(t *testing.T, d *readmodel.Dir, path string) {
			l, ctx := programme(t, 1), t.Context()
			if _, err := runner.Build(ctx, l, d, "gen-000001", projections.Views()[1:], log.Position{}, runner.Options{}); err != nil {
				t.Fatal(err)
			}
			if err := d.Switch(ctx, "gen-000001"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			d := openDirAt(t, path)
			spoil(t, d, path+"/gen-000001.db")
			l := programme(t, 1)
			r := start(l, d, runner.Options{})
			r.wait(t, l)
			r.stop(t)
			if name, err := d.Current(t.Context()); err != nil || name == "gen-000001" {
				t.Errorf("in use: %s, %v", name, err)
			}
			same(t, l, d)
		})
	}
}

// An event that cannot be read stops the runner with its position; what came
// before it is shown, and nothing behind it.
func TestPoisoned(t *testing.T) {
	for name, raw := range map[string]string{
		"type":    `{"specversion":"1.0","id":"1","source":"/agency/a","type":"post.exploded","data":{}}`,
		"version": `{"specversion":"1.0","id":"1","source":"/agency/a","type":"post.closed","dataschema":"urn:muster:schemas/post.closed/v9","data":{}}`,
		"json":    `{"specversion":}`,
	} {
		t.Run(name, func(t *testing.T) {
			l, d := memlog.New(), openDir(t)
			r := start(l, d, runner.Options{})
			erase(t, l, "good")
			r.wait(t, l)
			good, revision, err := l.Head(t.Context(), log.Filter{Boundary: "gateway"})
			if err != nil {
				t.Fatal(err)
			}
			erase(t, l, "good-2")
			c := log.Commit{ID: "bad", Boundary: "gateway", Events: [][]byte{[]byte(`{"specversion":"1.0","id":"0","source":"/agency/a","type":"person.erased","data":{"reason":"asked"}}`), []byte(raw)}}
			bad, _, err := l.Append(t.Context(), c, revision+1)
			if err != nil {
				t.Fatal(err)
			}
			erase(t, l, "behind")
			err = <-r.done
			if !errors.Is(err, runner.ErrPoisoned) || !strings.Contains(err.Error(), bad.Event(1).String()) {
				t.Errorf("%v, want position %s", err, bad.Event(1))
			}
			m, err := reader(t, d).Meta(t.Context())
			if err != nil || m.Ord != 2 || m.Position.Compare(good) <= 0 || !strings.Contains(m.Stopped, bad.Event(1).String()) || len(m.SetAside) > 0 {
				t.Errorf("shows commit %d at %s, stopped %q, set aside %v: %v", m.Ord, m.Position, m.Stopped, m.SetAside, err)
			}
			setAside(t, l, d, bad.Event(1))
		})
	}
}

// setAside starts the runner again with an event set aside: it reads on to the
// head, says so, and says no more that it stopped. Another event set aside does
// not help, and one that can be read is not left out. A rebuild with the same
// event set aside is the same.
func setAside(t *testing.T, l log.Log, d *readmodel.Dir, bad log.Position) {
	t.Helper()
	other := start(l, d, runner.Options{SetAside: []log.Position{bad.Commit()}})
	if err := <-other.done; !errors.Is(err, runner.ErrPoisoned) {
		t.Errorf("with another one set aside: %v", err)
	}
	r := start(l, d, runner.Options{SetAside: []log.Position{bad.Commit(), bad}})
	r.wait(t, l)
	r.stop(t)
	model := reader(t, d)
	m, err := model.Meta(t.Context())
	if err != nil || m.Ord != 4 || m.Stopped != "" || len(m.SetAside) != 1 || m.SetAside[0].Position != bad || m.SetAside[0].Why == "" {
		t.Errorf("%+v, %v", m, err)
	}
	var agency []timeline.Ref
	if err := model.AgencyEvents(t.Context(), "a", 0, timeline.Head, func(ref timeline.Ref) bool { agency = append(agency, ref); return true }); err != nil || fmt.Sprint(agency) != "[1/0 2/0 3/0 4/0]" {
		t.Errorf("events of the agency, but for 3/1: %v, %v", agency, err)
	}
	// Once it is behind, the runner needs not be told.
	r = start(l, d, runner.Options{})
	erase(t, l, "after")
	r.wait(t, l)
	r.stop(t)
	again := build(t, l, openDir(t), runner.Options{SetAside: []log.Position{bad}})
	if want, got := hashes(t, model), hashes(t, again); !maps.Equal(got, want) {
		t.Errorf("rebuilt:\n got %v\nwant %v", got, want)
	}
}

// Status tells how far the read model is behind the head of the log.
func TestStatus(t *testing.T) {
	at := time.Date(2022, 5, 10, 12, 0, 0, 0, time.UTC)
	l, d := memlog.New(memlog.WithClock(func() time.Time { return at })), openDir(t)
	r := start(l, d, runner.Options{})
	erase(t, l, "one")
	r.wait(t, l)
	s, err := r.Status(t.Context(), at.Add(time.Hour))
	if err != nil || s.Behind || s.Age != 0 || s.Ord != 1 || s.Generation != "gen-000001" || !s.Recorded.Equal(at) {
		t.Errorf("%+v, %v", s, err)
	}
	r.stop(t)
	erase(t, l, "two")
	s, err = r.Status(t.Context(), at.Add(time.Hour))
	if err != nil || !s.Behind || s.Age != time.Hour || s.Head.String() != "2-0" {
		t.Errorf("%+v, %v", s, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := r.Wait(ctx, s.Head); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for what does not come: %v", err)
	}
}

// The reader resolves instants and positions to commits, and finds people,
// posts, agencies and what was retracted.
func TestReader(t *testing.T) {
	l, ctx := memlog.New(), t.Context()
	hire := &events.Event{ID: "h-1", Source: "/agency/a/x", Type: events.HirePlacedType, AuthID: "a", Division: "370211102231",
		Data: &events.HirePlaced{Who: events.Who{Person: personID(1)}, Post: "p", Seat: 1, From: first, Group: "older", Sex: "F"}}
	dev := &events.Event{ID: "p-1", Source: "/agency/a/x", Type: events.PostDevelopedType, AuthID: "a", Division: "370211102231",
		Data: &events.PostDeveloped{Post: "p", Category: "public_service", Area: "rural", Seats: 1, From: first}}
	again := *hire
	again.ID, again.Replaces = "h-2", "h-1"
	revision := appendCommit(t, l, "c-1", []*events.Event{dev, hire}, 0, moment(0))
	revision = appendCommit(t, l, "c-2", []*events.Event{dev}, revision, moment(0).Add(-time.Hour)) // the clock stepped back
	appendCommit(t, l, "c-3", []*events.Event{&again}, revision, moment(2))
	r := build(t, l, openDir(t), runner.Options{})

	for _, c := range []struct {
		at   time.Time
		want uint64
	}{{moment(0).Add(-1), 0}, {moment(0), 2}, {moment(2).Add(-1), 2}, {moment(2), 3}, {moment(9), 3}} {
		if got, err := r.ResolveKnown(ctx, c.at); err != nil || got.Ord != c.want {
			t.Errorf("known at %v: commit %d, %v, want %d", c.at, got.Ord, err, c.want)
		}
	}
	p, err := log.ParsePosition("3-0")
	if err != nil {
		t.Fatal(err)
	}
	if c, err := r.ResolvePosition(ctx, p.Event(5)); err != nil || c.Ord != 3 || c.ID != "c-3" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := r.ResolvePosition(ctx, log.At(9, 9)); !errors.Is(err, readmodel.ErrUnknown) {
		t.Errorf("position beyond the head: %v", err)
	}
	if by, target, err := r.Retraction(ctx, hire.Key().Hash()); err != nil || by != timeline.MakeRef(3, 0) || target == 0 {
		t.Errorf("retracted by %v, %v", by, err)
	}
	if by, _, err := r.Retraction(ctx, again.Key().Hash()); err != nil || by != 0 {
		t.Errorf("the replacement is retracted by %v, %v", by, err)
	}
	var refs []timeline.Ref
	if err := r.AgencyEvents(ctx, "a", 0, timeline.Head, func(ref timeline.Ref) bool { refs = append(refs, ref); return len(refs) < 2 }); err != nil ||
		fmt.Sprint(refs) != "[1/0 1/1]" {
		t.Errorf("agency: %v, %v", refs, err)
	}
	for known, want := range map[uint64]string{1: "[1/1]", 3: "[1/1 3/0]"} {
		person, err := r.Person(ctx, personID(1), known)
		if err != nil || fmt.Sprint(person.Trail()) != want || len(person.Placements()) != 1 {
			t.Errorf("person at %d: %v, %v", known, person, err)
		}
	}
	n := 0
	err = r.PostsUnder(ctx, "3702", timeline.Head, func(no timeline.Number, name string, p *timeline.Post) {
		n++
		err := r.Persons(ctx, []timeline.Number{p.Placements()[0].Person}, timeline.Head, func(no timeline.Number, p *timeline.Person) {
			n++
			if ids, err := r.PersonIDs(ctx, []timeline.Number{no, no}); err != nil || ids[1] != personID(1) || p.Placements()[0].Post == 0 {
				t.Errorf("%v, %v", ids, err)
			}
		})
		if err != nil || name != "p" {
			t.Error(name, err)
		}
	})
	if err != nil || n != 2 {
		t.Errorf("%d found, %v", n, err)
	}
	for _, err := range []error{
		errOf(r.Post(ctx, "q", 1)), errOf(r.Person(ctx, personID(2), 1)), errOf(r.PostName(ctx, 7)), errOf(r.PersonIDs(ctx, []timeline.Number{7})),
		errOf(r.RunName(ctx, 7)), errOf(r.Commit(ctx, 4)), r.AgencyEvents(ctx, "b", 0, 1, nil), r.Deltas(ctx, "none", 0, nil), r.Spans(ctx, "none", 0, nil),
	} {
		if !errors.Is(err, readmodel.ErrUnknown) {
			t.Errorf("%v, want ErrUnknown", err)
		}
	}
}

func errOf[T any](_ T, err error) error { return err }
