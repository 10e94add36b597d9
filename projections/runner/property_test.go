package runner_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/logtest"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/agency"
	"github.com/muster-works/muster/projections/headcount"
	"github.com/muster-works/muster/projections/plan"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/comparison"
	"github.com/muster-works/muster/projections/readmodel/storetest"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/vacancy"
	"pgregory.net/rapid"
)

// everything is what a read model answers at its head, for every business date,
// without anything that the order of the log decides.
func everything(t fataler, r *readmodel.Reader) []string {
	t.Helper()
	var all []string
	cells := storetest.Cells(t, r)
	for _, view := range []string{headcount.ViewName, plan.PlannedViewName, plan.DevelopedViewName, vacancy.FilledViewName} {
		sums := map[string]int{}
		for _, d := range storetest.Deltas(t, r, view) {
			sums[fmt.Sprint(view, cells[d.Cell], d.Date, d.Measure)] += d.N
		}
		for _, k := range slices.Sorted(maps.Keys(sums)) {
			if sums[k] != 0 {
				all = append(all, fmt.Sprint(k, sums[k]))
			}
		}
	}
	// How late something was recorded depends on when, and is left out.
	conduct := map[string]int{}
	for _, d := range storetest.Deltas(t, r, agency.ViewName) {
		conduct[fmt.Sprint("agencies", cells[d.Cell], d.Date)] += d.N
	}
	for k, n := range conduct {
		all = append(all, fmt.Sprint(k, n))
	}
	for i := range posts {
		all = append(all, onSheets(t, r, postName(i))...)
	}
	for on := first - 1; on < first+days+30; on += 5 {
		_, free := shown(t, r, on, timeline.Head)
		all = append(all, fmt.Sprint(on, free))
	}
	for i := range persons {
		all = append(all, person(t, r, personID(i))...)
	}
	slices.Sort(all)
	return all
}

// onSheets are the persons on the sheets of a post, by month.
func onSheets(t fataler, r *readmodel.Reader, name string) (all []string) {
	ctx := context.Background()
	p, err := r.Post(ctx, name, timeline.Head)
	if errors.Is(err, readmodel.ErrUnknown) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for month := first.Month(); month <= first.Month()+3; month++ {
		var numbers []timeline.Number
		err := p.Reported(month, func(no timeline.Number) { numbers = append(numbers, no) })
		if err != nil {
			t.Fatal(err)
		}
		ids, err := r.PersonIDs(ctx, numbers)
		if err != nil {
			t.Fatal(err)
		}
		var on []string
		for _, id := range ids {
			on = append(on, id.String())
		}
		slices.Sort(on)
		all = append(all, fmt.Sprint(name, month, on))
	}
	return all
}

// person is what is known of a person, in words.
func person(t fataler, r *readmodel.Reader, id uuid.UUID) []string {
	ctx := context.Background()
	p, err := r.Person(ctx, id, timeline.Head)
	if errors.Is(err, readmodel.ErrUnknown) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	post := func(no timeline.Number) string {
		if no == 0 {
			return ""
		}
		name, err := r.PostName(ctx, no)
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	var all []string
	say := func(a ...any) { all = append(all, fmt.Sprint(a...)) }
	for _, p := range p.Placements() {
		say(id, post(p.Post), p.Seat, p.From, p.Exit, p.Term, p.Group, p.Sex, p.ExitKind, p.ExitCode)
	}
	for _, s := range p.Attendance() {
		say(id, post(s.Post), s.Month, s.By, s.Marks)
	}
	for _, l := range p.Pay() {
		run, err := r.RunName(ctx, l.Run)
		if err != nil {
			t.Fatal(err)
		}
		say(id, run, l.Line, post(l.Post), l.Month, l.Kind, l.Amount, l.On, l.Instructed != 0)
		for _, m := range l.Movements {
			say(id, run, l.Line, m.Statement, m.Reversed, m.Account)
		}
	}
	for _, x := range p.Trainings() {
		say(id, x.On, x.Hours, x.PreService)
	}
	for _, x := range p.Accounts() {
		say(id, x.Token, x.From)
	}
	for _, x := range p.Registry() {
		say(id, x.Registry, x.From, x.Until)
	}
	slices.Sort(all)
	return all
}

// The same events in another log order, some of them twice, with replacements
// before what they replace, give equal answers at the head for every date.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	dirs := tempDirs(t)
	rapid.Check(t, func(t *rapid.T) {
		all := draw(t)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		one := everything(t, build(t, write(t, all, 6, r), dirs(t), runner.Options{}))
		other := everything(t, build(t, write(t, shuffled(all, r), 6, r), dirs(t), runner.Options{}))
		if !slices.Equal(one, other) {
			t.Fatalf("answers differ:\n%s", differing(one, other))
		}
	})
}

func differing(a, b []string) string {
	var out []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, "- "+s)
		}
	}
	for _, s := range b {
		if !slices.Contains(a, s) {
			out = append(out, "+ "+s)
		}
	}
	return strings.Join(out, "\n")
}

// The same log gives byte-equal rows, whatever the batches, the number of
// goroutines and the restarts, in bulk and live, and nothing of a commit is in use
// once it was folded.
func TestBatchesDoNotMatter(t *testing.T) {
	t.Parallel()
	dirs := tempDirs(t)
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		l := write(t, shuffled(draw(t), r), 6, r)
		want := hashes(t, build(t, l, dirs(t), runner.Options{}))
		got := hashes(t, build(t, logtest.Forgetful(l), dirs(t), runner.Options{Workers: rapid.IntRange(1, 4).Draw(t, "workers"), MaxFacts: rapid.IntRange(1, 20).Draw(t, "facts")}))
		if !maps.Equal(got, want) {
			t.Fatalf("bulk in other batches:\n got %v\nwant %v", got, want)
		}
		if rapid.IntRange(0, 4).Draw(t, "interrupted") == 0 { // each checkpoint is flushed to the disk
			if got = hashes(t, interruptedBuild(t, l, dirs(t), r)); !maps.Equal(got, want) {
				t.Fatalf("bulk, interrupted:\n got %v\nwant %v", got, want)
			}
		}
		got = hashes(t, grow(t, l, dirs(t), r))
		if !maps.Equal(got, want) {
			t.Fatalf("live with restarts:\n got %v\nwant %v", got, want)
		}
	})
}

// interruptedBuild builds a generation with a checkpoint at every turn, and stops
// after some of them. What comes after goes on from there.
func interruptedBuild(t fataler, l log.Log, d *readmodel.Dir, r *rand.Rand) *readmodel.Reader {
	t.Helper()
	for {
		ctx, cancel := context.WithCancel(context.Background())
		left := 1 + r.IntN(6)
		opts := runner.Options{MaxFacts: 1 + r.IntN(4), Gather: 1, Progress: func(runner.Progress) {
			if left--; left == 0 {
				cancel()
			}
		}}
		name, _, err := runner.Rebuild(ctx, l, d, projections.Views(), log.Position{}, opts)
		cancel()
		if errors.Is(err, context.Canceled) {
			continue
		}
		if err == nil {
			err = d.Switch(context.Background(), name)
		}
		if err != nil {
			t.Fatal(err)
		}
		return reader(t, d)
	}
}

func hashes(t fataler, r *readmodel.Reader) map[string]string {
	t.Helper()
	h, err := comparison.Hashes(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// grow copies a log commit by commit under a runner that follows it, and starts
// the runner anew now and then.
func grow(t fataler, from log.Log, d *readmodel.Dir, r *rand.Rand) *readmodel.Reader {
	t.Helper()
	ctx := context.Background()
	to := memlog.New()
	forgetful := logtest.Forgetful(to)
	run := start(forgetful, d, runner.Options{Every: time.Nanosecond})
	var revision log.Revision
	for c, err := range from.Read(ctx, log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, revision, err = to.Append(ctx, c, revision); err != nil {
			t.Fatal(err)
		}
		if r.IntN(3) == 0 {
			run.wait(t, to)
		}
		if r.IntN(5) == 0 {
			run.stop(t)
			run = start(forgetful, d, runner.Options{Every: time.Duration(1 + r.IntN(1e6)), MaxFacts: 1 + r.IntN(5)})
		}
	}
	run.wait(t, to)
	run.stop(t)
	return reader(t, d)
}

// A running is a runner under way.
type running struct {
	*runner.Runner
	cancel context.CancelFunc
	done   chan error
}

func start(l log.Log, d *readmodel.Dir, opts runner.Options) running {
	ctx, cancel := context.WithCancel(context.Background())
	r := running{runner.New(l, d, projections.Views(), opts), cancel, make(chan error, 1)}
	go func() { r.done <- r.Run(ctx) }()
	return r
}

// fenced waits until the runner ends since another one took over.
func (r running) fenced(t *testing.T) {
	t.Helper()
	select {
	case err := <-r.done:
		if !errors.Is(err, readmodel.ErrFenced) {
			t.Errorf("the runner ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the runner goes on")
	}
}

// wait waits until the read model shows the head of the log.
func (r running) wait(t fataler, l log.Log) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	head, _, err := l.Head(ctx, log.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	shown := make(chan error, 1)
	go func() { shown <- r.Wait(ctx, head) }()
	select {
	case err = <-shown:
	case err = <-r.done:
		err = fmt.Errorf("runner ended: %w", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// stop stops the runner.
func (r running) stop(t fataler) {
	t.Helper()
	r.cancel()
	if err := <-r.done; !errors.Is(err, context.Canceled) {
		t.Fatalf("runner ended with %v", err)
	}
}
