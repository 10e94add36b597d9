package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/muster-works/muster/projections/readmodel"
)

// Goal: an interrupted bulk load goes on from its last checkpoint, without what came
// after it; a load does not that has no checkpoint, is still under way or is finished.
// Method: loads are closed at each of these points and resumed.
func testResume(t *testing.T, s readmodel.Store) {
	ctx := t.Context()
	d := newDir(t, s)
	none := func(when string) {
		t.Helper()
		if w, err := d.Resume(ctx, views); !errors.Is(err, readmodel.ErrNone) {
			t.Errorf("%s: %v, %v", when, w, err)
		}
	}
	write := func(w *readmodel.Writer, ord uint64, id string, checkpoint ...[]byte) {
		t.Helper()
		b := oneCommit(ord, id)
		b.Checkpoint = checkpoint
		if err := w.Write(ctx, b); err != nil {
			t.Fatal(err)
		}
	}
	none("nothing there")
	createFinished(t, d)
	none("a finished one")
	w, err := d.Create(ctx, "gen-000002", views)
	if err != nil {
		t.Fatal(err)
	}
	write(w, 1, "first")
	none("somebody is at it")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	none("no checkpoint was reached")

	if w, err = d.Create(ctx, "gen-000003", views); err != nil {
		t.Fatal(err)
	}
	write(w, 1, "first")
	write(w, 2, "second", []byte("old"), []byte("older"), []byte("oldest"))
	write(w, 3, "third")
	write(w, 4, "fourth", []byte("new"), []byte{0, 1})
	write(w, 5, "lost")
	if c, err := w.Commit(ctx, 5); err != nil || c.ID != "lost" {
		t.Errorf("commit 5, under way: %q, %v", c.ID, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resume(ctx, views[:1]); !errors.Is(err, readmodel.ErrNone) {
		t.Errorf("with other views: %v", err)
	}
	if w, err = d.Resume(ctx, views); err != nil {
		t.Fatal(err)
	}
	parts, err := w.Checkpoint(ctx)
	if err != nil || len(parts) != 2 || string(parts[0]) != "new" || !slices.Equal(parts[1], []byte{0, 1}) {
		t.Errorf("checkpoint %q, %v", parts, err)
	}
	if w.Name() != "gen-000003" || w.Ord() != 4 || !w.Bulk() {
		t.Errorf("%s goes on after %d, in bulk: %v", w.Name(), w.Ord(), w.Bulk())
	}
	if _, err := w.Commit(ctx, 5); !errors.Is(err, readmodel.ErrUnknown) {
		t.Errorf("what came after the checkpoint: %v", err)
	}
	write(w, 5, "fifth")
	if err := w.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	if c, err := w.Commit(ctx, 5); err != nil || c.ID != "fifth" || w.Bulk() {
		t.Errorf("commit 5 is %q, %v", c.ID, err)
	}
	if parts, err := w.Checkpoint(ctx); err != nil || len(parts) > 0 {
		t.Errorf("checkpoint when finished: %q, %v", parts, err)
	}
	none("a finished one with a writer")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	none("all are finished")
}

// Goal: readers see what a projector set aside and why it stopped.
// Method: a writer stops, writes nothing new, and goes on.
func testStatus(t *testing.T, s readmodel.Store) {
	ctx := t.Context()
	d := newDir(t, s)
	name := createFinished(t, d)
	w, err := d.TakeOver(ctx, name, views)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r, err := d.Open(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b := oneCommit(1, "first")
	why, goesOn := "cannot be read", ""
	b.Stopped = &why
	b.Commits[0].State = readmodel.State{1, 2, 3}
	b.SetAside = []readmodel.SetAside{{Event: 1 << 10, Position: b.Commits[0].Position, Why: "bad"}}
	for _, b := range []*readmodel.Batch{b, {}} {
		if err := w.Write(ctx, b); err != nil {
			t.Fatal(err)
		}
	}
	m, err := r.Meta(ctx)
	if err != nil || m.Stopped != why || len(m.SetAside) != 1 || m.SetAside[0] != b.SetAside[0] || m.State != b.Commits[0].State {
		t.Errorf("%+v, %v", m, err)
	}
	if err := w.Write(ctx, &readmodel.Batch{Stopped: &goesOn}); err != nil {
		t.Fatal(err)
	}
	if m, err := r.Meta(ctx); err != nil || m.Stopped != "" || m.Ord != 1 {
		t.Errorf("%+v, %v", m, err)
	}
}
