package replay_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/headcount"
	"github.com/muster-works/muster/projections/internal/synthetic"
	"github.com/muster-works/muster/projections/plan"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/replay"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/vacancy"
	_ "modernc.org/sqlite"
)

// A world is a log with a runner that keeps a directory up to date with the
// log.
func world(t *testing.T) (log.Log, *readmodel.Dir, *runner.Runner) {
	t.Helper()
	return worldAt(t, t.TempDir())
}

func worldAt(t *testing.T, path string) (log.Log, *readmodel.Dir, *runner.Runner) {
	t.Helper()
	l := memlog.New()
	if _, err := synthetic.Fill(t.Context(), l, synthetic.Size{Posts: 30, Months: 3, Counties: 3, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	dir, err := sqlite.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	r := runner.New(l, dir, projections.Views(), runner.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("runner: %v", err)
		}
		dir.Close()
	})
	wait(t, l, r)
	return l, dir, r
}

func wait(t *testing.T, l log.Log, r *runner.Runner) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	head, _, err := l.Head(ctx, log.Filter{})
	if err == nil {
		err = r.Wait(ctx, head)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, l log.Log, dir *readmodel.Dir, o replay.Options) replay.Report {
	t.Helper()
	report, err := replay.Run(t.Context(), l, dir, projections.Views(), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func changes(r replay.Report) map[string]string {
	all := map[string]string{}
	for _, d := range r.Tables {
		if !d.Same() {
			all[d.Table] = fmt.Sprintf("+%d -%d ~%d", d.Added, d.Gone, d.Changed)
		}
	}
	return all
}

// A replay of a sound read model finds no difference and switches to the new
// generation while a runner is running; Back undoes the switch.
func TestReplay(t *testing.T) {
	l, dir, r := world(t)
	steps := 0
	report := run(t, l, dir, replay.Options{DryRun: true, Progress: func(p runner.Progress) { steps++ }})
	if !report.Same() || report.Switched || steps == 0 || report.Living != "gen-000001" || report.LivingState != report.At.State || report.At.State.String() == "" {
		t.Fatalf("dry run: %+v, %d steps", report, steps)
	}
	compared := 0
	for _, d := range report.Tables {
		compared += d.Rows
		if d.Rows == 0 && d.Table != "void" && d.Table != "plan_line" && d.Table != plan.PlannedViewName {
			t.Errorf("no row of %s was compared", d.Table)
		}
	}
	if compared < 1000 {
		t.Errorf("%d rows were compared", compared)
	}
	report = run(t, l, dir, replay.Options{})
	if !report.Same() || !report.Switched {
		t.Fatalf("replay: %+v", report)
	}
	current(t, dir, r, "gen-000002")
	if name, err := replay.Back(t.Context(), dir); err != nil || name != "gen-000001" {
		t.Fatalf("back to %s: %v", name, err)
	}
	current(t, dir, r, "gen-000001")
}

func current(t *testing.T, dir *readmodel.Dir, r *runner.Runner, want string) {
	t.Helper()
	if name, err := dir.Current(t.Context()); err != nil || name != want {
		t.Fatalf("current is %s: %v, want %s", name, err, want)
	}
	for range 100 {
		if s, err := r.Status(t.Context(), time.Now()); err != nil || s.Generation == want && !s.Behind {
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the runner did not go over to %s", want)
}

// A replay reports each row that was changed without the projector, with the
// events from which the row is derived.
func TestDifferences(t *testing.T) {
	path := t.TempDir()
	l, dir, _ := worldAt(t, path)
	db, err := sql.Open("sqlite", "file:"+path+"/gen-000001.db?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	inFirst(t, db, headcount.ViewName, "differences", editDeltas(func(rows []packing.Delta) []packing.Delta {
		rows[0].N++
		return rows
	}))
	inFirst(t, db, plan.DevelopedViewName, "differences", editDeltas(func(rows []packing.Delta) []packing.Delta {
		return slices.Delete(rows, 1, 2)
	}))
	inFirst(t, db, vacancy.FilledViewName, "differences", editDeltas(func(rows []packing.Delta) []packing.Delta {
		more := rows[0]
		more.Date, more.Measure = more.Date+1, more.Measure+7
		return append(rows, more)
	}))
	inFirst(t, db, vacancy.ViewName, "spans", func(ord uint64, packed []byte) []byte {
		changes, err := packing.ReadSpans(packed, nil)
		if err != nil {
			t.Fatal(err)
		}
		changes[0].Seat += 50
		return packing.AppendSpans(nil, changes)
	})
	for _, q := range []string{
		`UPDATE post SET facts = substr(facts, 1, 0) WHERE no = 3`,
		`UPDATE commits SET recorded = recorded + 1 WHERE ord = 2`,
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	report := run(t, l, dir, replay.Options{DryRun: true})
	want := map[string]string{"headcount": "+0 -0 ~1", "developed": "+1 -0 ~0", "filled": "+0 -1 ~0", "vacancy": "+1 -1 ~0", "post": "+1 -0 ~0", "commits": "+0 -0 ~1"}
	if got := changes(report); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	for _, d := range report.Tables {
		for _, e := range d.Examples {
			if d.Table == "commits" {
				continue
			}
			if len(e.Events) == 0 {
				t.Errorf("%s: no event behind %s", d.Table, e.Key)
			}
			for _, p := range e.Events {
				if !there(t, l, p) {
					t.Errorf("%s: no event at %s", d.Table, p)
				}
			}
		}
	}
}

// inFirst edits what the first commit with rows in a view brought.
func inFirst(t *testing.T, db *sql.DB, view, body string, edit func(ord uint64, packed []byte) []byte) {
	t.Helper()
	var last int64
	var leaf []byte
	if err := db.QueryRow(`SELECT last, `+body+` FROM `+view+` ORDER BY last LIMIT 1`).Scan(&last, &leaf); err != nil {
		t.Fatal(err)
	}
	var edited timeline.Leaf
	err := timeline.ReadRows(leaf, func(ord uint64, packed []byte) error {
		if edited.Len() == 0 {
			packed = edit(ord, packed)
		}
		edited.AddRows(ord, packed)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`UPDATE `+view+` SET `+body+` = ? WHERE last = ?`, edited.Bytes(), last); err != nil {
		t.Fatal(err)
	}
}

func editDeltas(edit func([]packing.Delta) []packing.Delta) func(uint64, []byte) []byte {
	return func(ord uint64, packed []byte) []byte {
		rows, err := packing.ReadDeltas(packed, ord, nil)
		if err != nil {
			panic(err)
		}
		return packing.AppendDeltas(nil, edit(rows))
	}
}

func there(t *testing.T, l log.Log, p log.Position) bool {
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Position == p.Commit() {
			return p.Index() < len(c.Events)
		}
	}
	return false
}

// A generation that ends at an earlier commit equals the living generation as
// of that commit.
func TestUntil(t *testing.T) {
	l, dir, _ := world(t)
	var positions []log.Position
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		positions = append(positions, c.Position)
	}
	for _, i := range []int{0, len(positions) / 2, len(positions) - 2} {
		report := run(t, l, dir, replay.Options{Until: positions[i]})
		if !report.Same() || report.Switched || report.At.Ord != uint64(i+1) {
			t.Errorf("until commit %d: %v, at %d", i+1, changes(report), report.At.Ord)
		}
	}
	if names, err := dir.Generations(t.Context()); err != nil || len(names) != 1 {
		t.Errorf("generations left: %v, %v", names, err)
	}
}

// A replay into another directory up to an earlier commit is compared with the
// living generation, leaves that generation in use, and is switched to in its
// own directory.
func TestInto(t *testing.T) {
	l, dir, _ := world(t)
	var positions []log.Position
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		positions = append(positions, c.Position)
	}
	into, err := sqlite.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer into.Close()
	half := positions[len(positions)/2]
	report := run(t, l, dir, replay.Options{Until: half, Into: into})
	if !report.Same() || !report.Switched || report.Living != "gen-000001" || report.Rebuilt != "gen-000001" {
		t.Errorf("%+v", report)
	}
	model, err := into.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if m, err := model.Meta(t.Context()); err != nil || m.Position != half {
		t.Errorf("the other directory shows %s: %v, want %s", m.Position, err, half)
	}
	if names, err := dir.Generations(t.Context()); err != nil || len(names) != 1 {
		t.Errorf("generations beside the living one: %v, %v", names, err)
	}
}

// Events appended during a replay are in the generation that the replay
// switches to and are not reported as differences.
func TestReplayUnderWrites(t *testing.T) {
	l, dir, r := world(t)
	_, revision, err := l.Head(t.Context(), log.Filter{Boundary: "registry"})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	add := func(runner.Progress) {
		n++
		e := &events.Event{ID: fmt.Sprint("r-", n), Source: "/agency/x", Type: events.PersonErasedType, Data: &events.PersonErased{Reason: "asked"}}
		raw, err := e.Append(nil)
		if err == nil {
			_, revision, err = l.Append(t.Context(), log.Commit{ID: fmt.Sprint("r-", n), Boundary: "registry", Events: [][]byte{raw}}, revision)
		}
		if err != nil {
			t.Error(err)
		}
	}
	report := run(t, l, dir, replay.Options{Progress: add})
	if !report.Same() || !report.Switched || n == 0 {
		t.Errorf("%v, %d appended", changes(report), n)
	}
	wait(t, l, r)
	current(t, dir, r, "gen-000002")
}

// A name that is added during the comparison is not reported as a difference:
// the living generation keeps following the log, and the name was not there
// when the comparison began.
func TestNamesThatComeMeanwhile(t *testing.T) {
	l, dir, r := world(t)
	_, revision, err := l.Head(t.Context(), log.Filter{Boundary: "registry"})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for n := 0; n < 1000; n++ { // bounded, so that a slow machine does not get more than it can read
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
			e := &events.Event{ID: fmt.Sprint("m-", n), Source: fmt.Sprint("/agency/new-", n), Type: events.PersonErasedType, Data: &events.PersonErased{Reason: "asked"}}
			raw, err := e.Append(nil)
			if err == nil {
				_, revision, err = l.Append(t.Context(), log.Commit{ID: fmt.Sprint("m-", n), Boundary: "registry", Events: [][]byte{raw}}, revision)
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 8 {
		if report := run(t, l, dir, replay.Options{DryRun: true}); !report.Same() {
			t.Errorf("%v", changes(report))
		}
	}
	close(done)
	writer.Wait()
	wait(t, l, r)
}
