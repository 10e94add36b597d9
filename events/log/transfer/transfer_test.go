package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog"
	"github.com/muster-works/muster/events/log/eslog/estest"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
	"github.com/muster-works/muster/events/log/transfer"
	"github.com/muster-works/muster/events/merkle"
)

// drivers returns functions that make an empty log, by driver.
func drivers(t *testing.T) map[string]func() log.Log {
	s, err := embedded.Start(embedded.Options{Dir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	nc, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return map[string]func() log.Log{
		"memlog":  func() log.Log { return memlog.New() },
		"natslog": func() log.Log { return jetStream(t, nc) },
		"eslog":   func() log.Log { return eventStore(t) },
	}
}

func jetStream(t *testing.T, nc *nats.Conn) log.Log {
	t.Helper()
	name := nuid.Next()
	o := natslog.Options{Stream: "T-" + name, Prefix: "t." + name}
	if err := natslog.Provision(t.Context(), nc, o); err != nil {
		t.Fatal(err)
	}
	l, err := natslog.Open(t.Context(), nc, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func eventStore(t *testing.T) log.Log {
	t.Helper()
	s, err := estest.Start(estest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	l, err := eslog.Open(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// fill appends n commits to three boundaries: some imported, some with many events,
// IDs that are not plain, and bytes that a careless codec would change.
func fill(t *testing.T, l log.Log, n int) {
	t.Helper()
	random := rand.New(rand.NewPCG(7, uint64(n)))
	imported := time.Date(2022, 5, 1, 8, 0, 0, 123456789, time.FixedZone("", 8*3600))
	last := map[string]log.Revision{}
	for i := range n {
		c := log.Commit{ID: fmt.Sprintf("提交-%d", i), Boundary: []string{"placement", "attendance", "a.b-c"}[random.IntN(3)]}
		events := 1 + random.IntN(4)
		if i%25 == 7 {
			events = log.MaxEvents
		}
		for j := range events {
			c.Events = append(c.Events, fmt.Appendf(nil, `{"id":"%d-%d","type":"hire.placed","n":1.0,"text":"济南 <&> \u002f","list":[1,  2]}`, i, j))
		}
		if i < n/2 {
			c.Imported = imported.Add(time.Duration(i) * time.Hour)
		}
		_, rev, err := l.Append(t.Context(), c, last[c.Boundary])
		if err != nil {
			t.Fatal(err)
		}
		last[c.Boundary] = rev
	}
}

// all returns the commits of a log.
func all(t *testing.T, l log.Log) (list []log.Commit) {
	t.Helper()
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

// copied fails the test unless to is a copy of from and the report says so.
func copied(t *testing.T, r transfer.Report, from, to []log.Commit) {
	t.Helper()
	if len(from) != len(to) {
		t.Fatalf("%d commits, want %d", len(to), len(from))
	}
	var tree merkle.Tree
	for i, c := range from {
		d := to[i]
		if d.ID != c.ID || d.Boundary != c.Boundary || !d.Recorded.Equal(c.Recorded) || !d.Imported.Equal(c.Recorded) || len(d.Events) != len(c.Events) {
			t.Fatalf("commit %d: %s %s %s of %d, want %s %s %s of %d", i, d.ID, d.Boundary, d.Recorded, len(d.Events), c.ID, c.Boundary, c.Recorded, len(c.Events))
		}
		for j, e := range c.Events {
			if string(d.Events[j]) != string(e) {
				t.Fatalf("event %d of commit %d: %s, want %s", j, i, d.Events[j], e)
			}
			tree.Add(e)
		}
	}
	want := transfer.Summary{Commits: uint64(len(from)), Events: tree.Size(), Root: tree.Root()}
	if len(from) > 0 {
		want.Head = from[len(from)-1].Position
	}
	if r.Source != want || !r.Same() {
		t.Errorf("source %+v, target %+v, want %+v", r.Source, r.Target, want)
	}
	if len(to) > 0 && r.Target.Head != to[len(to)-1].Position {
		t.Errorf("the target's head is %s, want %s", r.Target.Head, to[len(to)-1].Position)
	}
}

// Goal: a log is unchanged after a transfer through all drivers, and a transfer that
// is run again copies nothing.
func TestRoundTrips(t *testing.T) {
	open := drivers(t)
	for _, way := range []string{"natslog eslog memlog natslog", "eslog natslog eslog", "memlog eslog"} {
		t.Run(way, func(t *testing.T) {
			names := strings.Fields(way)
			from := open[names[0]]()
			fill(t, from, 60)
			first := all(t, from)
			for _, name := range names[1:] {
				to := open[name]()
				r, err := transfer.Run(t.Context(), from, to, nil)
				if err != nil {
					t.Fatalf("to %s: %v", name, err)
				}
				copied(t, r, all(t, from), all(t, to))
				again, err := transfer.Run(t.Context(), from, to, nil)
				if err != nil || again.Found != 60 || again.Target != r.Target || !again.Same() {
					t.Errorf("again: %+v, %v", again, err)
				}
				from = to
			}
			for i, c := range all(t, from) {
				if !c.Recorded.Equal(first[i].Recorded) {
					t.Errorf("commit %d was recorded at %s, and now at %s", i, first[i].Recorded, c.Recorded)
				}
			}
		})
	}
}

func TestEmpty(t *testing.T) {
	r, err := transfer.Run(t.Context(), memlog.New(), memlog.New(), nil)
	if err != nil {
		t.Fatal(err)
	}
	copied(t, r, nil, nil)
}

// Goal: a transfer that is ended anywhere goes on where it was, and no commit
// is there twice. Method: its context ends after some commits, again and again.
func TestResumed(t *testing.T) {
	open := drivers(t)
	for _, way := range [][2]string{{"natslog", "eslog"}, {"eslog", "natslog"}} {
		from, to := open[way[0]](), open[way[1]]()
		fill(t, from, 60)
		random := rand.New(rand.NewPCG(3, 3))
		for run := 0; ; run++ {
			if run > 100 {
				t.Fatal("no progress")
			}
			ctx, cancel := context.WithCancel(t.Context())
			left := 1 + random.IntN(12)
			r, err := transfer.Run(ctx, from, to, func(p transfer.Progress) {
				if p.Stage == transfer.Append {
					if left--; left == 0 {
						cancel()
					}
				}
			})
			cancel()
			if err == nil {
				if run < 5 {
					t.Errorf("done after %d runs", run)
				}
				copied(t, r, all(t, from), all(t, to))
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
	}
}

// Goal: a target with other commits than the source is refused before anything is
// written, with the position.
func TestDiverged(t *testing.T) {
	event := func(id string) [][]byte { return [][]byte{fmt.Appendf(nil, `{"id":%q}`, id)} }
	commit := func(n int) log.Commit {
		id := fmt.Sprint("c-", n)
		return log.Commit{ID: id, Boundary: "policy", Events: event(id), Imported: time.Unix(int64(n), 0).UTC()}
	}
	write := func(l log.Log, commits ...log.Commit) log.Log {
		last := map[string]log.Revision{}
		for _, c := range commits {
			_, rev, err := l.Append(t.Context(), c, last[c.Boundary])
			if err != nil {
				t.Fatal(err)
			}
			last[c.Boundary] = rev
		}
		return l
	}
	for name, c := range map[string]struct {
		change func(*log.Commit)
		want   string
	}{
		"id":        {func(c *log.Commit) { c.ID = "other" }, "the id other"},
		"boundary":  {func(c *log.Commit) { c.Boundary = "review" }, "the boundary review"},
		"bytes":     {func(c *log.Commit) { c.Events = event("c-9") }, "other bytes"},
		"more":      {func(c *log.Commit) { c.Events = append(c.Events, c.Events[0]) }, "number of events"},
		"recorded":  {func(c *log.Commit) { c.Imported = c.Imported.Add(1) }, "recorded time"},
		"live":      {func(c *log.Commit) { c.Imported = time.Time{} }, "no imported time"},
		"too long":  {nil, "goes on"},
		"unchanged": {func(*log.Commit) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			source := write(memlog.New(), commit(1), commit(2), commit(3))
			changed := []log.Commit{commit(1), commit(2)}
			if c.change == nil {
				changed = append(changed, commit(3), commit(4))
			} else {
				c.change(&changed[1])
			}
			target := write(eventStore(t), changed...)
			_, err := transfer.Run(t.Context(), source, target, nil)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			there, at := all(t, target), 1
			if c.change == nil {
				at = 3
			}
			if len(there) <= at || !errors.Is(err, transfer.ErrDiverged) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), there[at].Position.String()) {
				t.Errorf("%v, want %q at commit %d", err, c.want, at)
			}
			if len(there) != len(changed) {
				t.Errorf("%d commits in the target, there were %d", len(there), len(changed))
			}
		})
	}
}

// Goal: another writer to the target causes a conflict on the same boundary, and a
// difference of the roots on another boundary.
func TestNotAlone(t *testing.T) {
	for _, boundary := range []string{"placement", "review"} {
		source, target := memlog.New(), eventStore(t)
		var last log.Revision
		for i := range 5 {
			var err error
			c := log.Commit{ID: fmt.Sprint("c-", i), Boundary: "placement", Events: [][]byte{[]byte(`{}`)}}
			if _, last, err = source.Append(t.Context(), c, last); err != nil {
				t.Fatal(err)
			}
		}
		r, err := transfer.Run(t.Context(), source, target, func(p transfer.Progress) {
			if p.Stage == transfer.Append && p.Events == 3 {
				_, expected, err := target.Head(t.Context(), log.Filter{Boundary: boundary})
				if err == nil {
					_, _, err = target.Append(t.Context(), log.Commit{ID: "intruder", Boundary: boundary, Events: [][]byte{[]byte(`{"a":1}`)}}, expected)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
		if boundary == "placement" {
			if !errors.Is(err, log.ErrConflict) || !strings.Contains(err.Error(), "somebody else") {
				t.Errorf("same boundary: %v", err)
			}
		} else if err != nil || r.Same() || r.Target.Events != 6 || r.Source.Root == r.Target.Root {
			t.Errorf("other boundary: %+v, %v", r, err)
		}
		if _, err := transfer.Run(t.Context(), source, target, nil); !errors.Is(err, transfer.ErrDiverged) {
			t.Errorf("run again: %v", err)
		}
	}
}

// Goal: each stage counts up to its total. The total is exact at the end of the stage
// and a good estimate before.
func TestProgress(t *testing.T) {
	open := drivers(t)
	for _, way := range [][2]string{{"natslog", "eslog"}, {"eslog", "natslog"}} {
		source, target := open[way[0]](), open[way[1]]()
		fill(t, source, 60)
		for _, stages := range [][]transfer.Stage{{transfer.Append, transfer.Check}, {transfer.Compare, transfer.Check}} {
			last := map[transfer.Stage]transfer.Progress{}
			r, err := transfer.Run(t.Context(), source, target, func(p transfer.Progress) {
				if before := last[p.Stage]; p.Events <= before.Events || p.Total < p.Events {
					t.Errorf("%v: %+v after %+v", way, p, before)
				}
				last[p.Stage] = p
			})
			if err != nil || len(last) != len(stages) {
				t.Fatalf("%v: %v, %v", way, last, err)
			}
			for _, s := range stages {
				if p := last[s]; p.Events != r.Source.Events || p.Total != r.Source.Events {
					t.Errorf("%v: %+v at the end of %d events", way, p, r.Source.Events)
				}
			}
		}
	}
}

// Goal: an error of either log names the log, and nothing more is written.
func TestFaults(t *testing.T) {
	source := memlog.New()
	fill(t, source, 10)
	closed := memlog.New()
	closed.Close()
	target := memlog.New()
	if _, err := transfer.Run(t.Context(), closed, target, nil); !errors.Is(err, log.ErrUnavailable) || !strings.Contains(err.Error(), "read the source") {
		t.Error(err)
	}
	if _, err := transfer.Run(t.Context(), source, closed, nil); !errors.Is(err, log.ErrUnavailable) || !strings.Contains(err.Error(), "read the target") {
		t.Error(err)
	}
	_, err := transfer.Run(t.Context(), source, target, func(p transfer.Progress) {
		if p.Stage == transfer.Append && p.Events > 3 {
			target.Close()
		}
	})
	if !errors.Is(err, log.ErrUnavailable) || !strings.Contains(err.Error(), "write commit") {
		t.Error(err)
	}
}
