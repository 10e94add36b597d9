// Package storetest is the conformance suite of the stores of the read model: a
// driver runs [Run] against itself, and shows with [RecordQueries] that it answers
// every query of a Reader by index. The other functions build generations from
// synthetic logs and read them back, for tests of other packages.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// Run runs the suite. open returns a store without generations, a new one for each
// test; the test closes it.
func Run(t *testing.T, open func(*testing.T) readmodel.Store) {
	for name, test := range map[string]func(*testing.T, readmodel.Store){
		"directory": testDirectory, "fence": testFence, "unfinished": testUnfinished, "rows": testRows, "resume": testResume, "says": testStatus, "pulse": testPulse,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// views are two views that contribute nothing, one of deltas and one of spans.
var views = []view.View{
	{Name: "sums", Version: 1},
	{Name: "spans", Version: 2, Spans: func(*timeline.Post, func(view.Span)) {}},
}

func newDir(t *testing.T, s readmodel.Store) *readmodel.Dir {
	d := readmodel.NewDir(s)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// createFinished makes the next generation, without rows, and returns its name.
func createFinished(t *testing.T, d *readmodel.Dir) string {
	t.Helper()
	ctx := t.Context()
	name, err := d.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	w, err := d.Create(ctx, name, views)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Finish(ctx), w.Close()); err != nil {
		t.Fatal(err)
	}
	return name
}

// Goal: a directory names generations in order, switches, and keeps the one before.
// Method: four generations are made and switched to; then the way back is taken, and
// the store is given a name that is no generation's.
func testDirectory(t *testing.T, s readmodel.Store) {
	ctx := t.Context()
	d := newDir(t, s)
	if _, err := d.Reader(ctx); !errors.Is(err, readmodel.ErrNone) {
		t.Errorf("empty directory: %v", err)
	}
	for i := 1; i <= 4; i++ {
		name := createFinished(t, d)
		if want := fmt.Sprintf("gen-%06d", i); name != want {
			t.Errorf("%s, want %s", name, want)
		}
		if err := d.Switch(ctx, name); err != nil {
			t.Fatal(err)
		}
		r, err := d.Reader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := r.Meta(ctx); err != nil || m.Generation != name || m.Ord != 0 || m.Views["spans"] != 2 {
			t.Errorf("%+v, %v", m, err)
		}
	}
	if all, err := d.Generations(ctx); err != nil || fmt.Sprint(all) != "[gen-000003 gen-000004]" {
		t.Errorf("kept: %v, %v", all, err)
	}
	if err := d.Switch(ctx, "gen-000003"); err != nil {
		t.Errorf("way back: %v", err)
	}
	if now, err := d.Current(ctx); err != nil || now != "gen-000003" {
		t.Errorf("after the way back: %s, %v", now, err)
	}
	if err := d.Remove(ctx, "gen-000009"); err != nil {
		t.Errorf("remove what is not there: %v", err)
	}
	if err := s.SetCurrent(ctx, "../../etc/passwd"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Reader(ctx); !errors.Is(err, readmodel.ErrUnusable) {
		t.Errorf("foreign name: %v", err)
	}
}

// Goal: a generation is not made twice, and none is used that is not finished, is gone
// or has other views.
// Method: each of these is tried.
func testUnfinished(t *testing.T, s readmodel.Store) {
	ctx := t.Context()
	d := newDir(t, s)
	name := createFinished(t, d)
	if _, err := d.Create(ctx, name, views); !errors.Is(err, fs.ErrExist) {
		t.Errorf("create over a generation: %v", err)
	}
	w, err := d.Create(ctx, "gen-000002", views)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if all, err := d.Generations(ctx); err != nil || !slices.Equal(all, []string{"gen-000001", "gen-000002"}) {
		t.Errorf("generations: %v, %v", all, err)
	}
	for _, name := range []string{"gen-000002", "gen-000003"} {
		if err := d.Switch(ctx, name); !errors.Is(err, readmodel.ErrUnusable) {
			t.Errorf("switch to %s: %v", name, err)
		}
		if _, err := d.TakeOver(ctx, name, views); !errors.Is(err, readmodel.ErrUnusable) {
			t.Errorf("take over %s: %v", name, err)
		}
	}
	if _, err := d.TakeOver(ctx, name, views[:1]); !errors.Is(err, readmodel.ErrUnusable) {
		t.Errorf("other views: %v", err)
	}
}

// oneCommit returns a batch of one commit and nothing else.
func oneCommit(ord uint64, id string) *readmodel.Batch {
	c := readmodel.Commit{Ord: ord, ID: id, Position: log.At(ord, 0)}
	return &readmodel.Batch{Commits: []readmodel.CommitRow{{Commit: c, Keys: []byte{}, Subjects: []byte{}}}}
}

// Goal: a writer that was taken over writes nothing.
// Method: a second writer takes over between two batches of the first.
func testFence(t *testing.T, s readmodel.Store) {
	ctx := t.Context()
	d := newDir(t, s)
	name := createFinished(t, d)
	take := func() *readmodel.Writer {
		t.Helper()
		w, err := d.TakeOver(ctx, name, views)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { w.Close() })
		return w
	}
	first := take()
	if err := first.Write(ctx, oneCommit(1, "first")); err != nil {
		t.Fatal(err)
	}
	if err := first.CheckFence(ctx); err != nil {
		t.Errorf("nobody has taken over: %v", err)
	}
	second := take()
	if err := first.CheckFence(ctx); !errors.Is(err, readmodel.ErrFenced) {
		t.Errorf("the first writer, asked: %v", err)
	}
	if err := first.Write(context.WithoutCancel(ctx), oneCommit(2, "late")); !errors.Is(err, readmodel.ErrFenced) {
		t.Errorf("the first writer: %v", err)
	}
	if second.Ord() != 1 {
		t.Errorf("the second begins after %d", second.Ord())
	}
	if err := second.Write(ctx, oneCommit(2, "second")); err != nil {
		t.Fatal(err)
	}
	if c, err := second.Commit(ctx, 2); err != nil || c.ID != "second" {
		t.Errorf("commit 2 is %q, %v", c.ID, err)
	}
}

// Goal: a writer gives signs of life until it lets go or is taken over.
// Method: the pulse is read after each step of two writers.
func testPulse(t *testing.T, s readmodel.Store) {
	ctx := t.Context()
	d := newDir(t, s)
	name := createFinished(t, d)
	r, err := d.Open(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	take := func() *readmodel.Writer {
		t.Helper()
		w, err := d.TakeOver(ctx, name, views)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	last := readmodel.Pulse{Generation: name}
	see := func(when string, alive bool) {
		t.Helper()
		p, err := r.Pulse(ctx)
		if err != nil || p == last || p.Generation != name || (p.Beat > 0) != alive {
			t.Errorf("%s: %+v after %+v, %v", when, p, last, err)
		}
		last = p
	}
	first := take()
	see("taken over", true)
	if err := first.Beat(ctx); err != nil {
		t.Fatal(err)
	}
	see("a beat", true)
	second := take()
	see("taken over by another", true)
	if err := first.Beat(ctx); !errors.Is(err, readmodel.ErrFenced) {
		t.Errorf("a beat of who was taken over: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if p, err := r.Pulse(ctx); err != nil || p != last {
		t.Errorf("who was taken over let go of what is not its own: %+v, %v", p, err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	see("let go", false)
}
