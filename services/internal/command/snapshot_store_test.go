package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/services/internal/snapshot"
	"pgregory.net/rapid"
)

// twoFolds are folds of two boundaries over one log: training, whose state is seats, and
// review, which is stateless.
type twoFolds struct {
	seats *seats
	folds []*Fold
}

func newTwoFolds(l log.Log) twoFolds {
	s := newSeats()
	return twoFolds{s, []*Fold{NewFold(l, "training", s), NewFold(l, "review", new(Stateless))}}
}

// appendTo appends events to a boundary as one commit, without a handler.
func appendTo(t interface{ Fatal(...any) }, l log.Log, boundary string, list ...*events.Event) {
	c := log.Commit{ID: uuid.NewString(), Boundary: boundary}
	for _, e := range list {
		raw, err := e.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Events = append(c.Events, raw)
	}
	_, revision, err := l.Head(context.Background(), log.Filter{Boundary: boundary})
	if err == nil {
		_, _, err = l.Append(context.Background(), c, revision)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// differ returns an error if two pairs of folds differ: in the seats, or in what the
// index knows of any key that the tests use.
func (h twoFolds) differ(other twoFolds) error {
	if !maps.Equal(h.seats.taken, other.seats.taken) || !maps.Equal(h.seats.by, other.seats.by) {
		return fmt.Errorf("seats %v by %v, want %v by %v", h.seats.taken, h.seats.by, other.seats.taken, other.seats.by)
	}
	for i, f := range h.folds {
		g := other.folds[i]
		if f.revision != g.revision || f.settled != g.settled || !f.imported.Equal(g.imported) || f.base.Len() != g.base.Len() {
			return fmt.Errorf("%s at %+v of %d events, want %+v of %d", f.boundary, f.last, f.base.Len(), g.last, g.base.Len())
		}
		for n := range 61 {
			e := take(strconv.Itoa(n), "", 0)
			got, ok := f.base.Find(e.Key())
			want, known := g.base.Find(e.Key())
			if ok != known || got != want || f.base.early[e.Key().Hash()] != g.base.early[e.Key().Hash()] || f.base.position(got.Number) != g.base.position(want.Number) {
				return fmt.Errorf("%s %d: %v %+v at %s, want %v %+v at %s", f.boundary, n, ok, got, f.base.position(got.Number), known, want, g.base.position(want.Number))
			}
			for content := range 3 {
				if e := take(e.ID, "", content); ok && f.base.sameContent(got.Number, e) != g.base.sameContent(want.Number, e) {
					return fmt.Errorf("%s %d: content %d is told otherwise", f.boundary, n, content)
				}
			}
		}
	}
	return nil
}

// Goal: a snapshot and the commits after it give the same fold as the whole log. Method: a
// log of two boundaries, with keys used twice and withdrawals of events that come later. At
// any point the folds are written, and others are restored from the files and go on. At the
// end they are compared with folds of the whole log.
func TestSnapshotStore(t *testing.T) {
	parent := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(parent, "")
		if err != nil {
			t.Fatal(err)
		}
		l := memlog.New()
		now := newTwoFolds(l)
		id := rapid.Custom(func(t *rapid.T) string { return strconv.Itoa(rapid.IntRange(0, 60).Draw(t, "id")) })
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				store := NewSnapshotStore(dir, l)
				if err := store.Write(t.Context(), now.folds...); err != nil {
					t.Fatal(err)
				}
				now = newTwoFolds(l)
				if err := store.Restore(t.Context(), now.folds...); err != nil {
					t.Fatal(err)
				}
			case 1:
				if err := CatchUpAll(t.Context(), l, now.folds...); err != nil {
					t.Fatal(err)
				}
			default:
				var list []*events.Event
				for range rapid.IntRange(1, 4).Draw(t, "events") {
					if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
						list = append(list, withdraw(id.Draw(t, "key"), id.Draw(t, "of")))
					} else {
						list = append(list, take(id.Draw(t, "key"), id.Draw(t, "course"), rapid.IntRange(0, 2).Draw(t, "content")))
					}
				}
				appendTo(t, l, rapid.SampledFrom([]string{"training", "review", "elsewhere"}).Draw(t, "boundary"), list...)
			}
		}
		whole := newTwoFolds(l)
		if err := errors.Join(CatchUpAll(t.Context(), l, now.folds...), CatchUpAll(t.Context(), l, whole.folds...)); err != nil {
			t.Fatal(err)
		}
		if err := now.differ(whole); err != nil {
			t.Fatal(err)
		}
	})
}

// A start from snapshots reads only the commits that came after them, even if nothing was
// written to a boundary for long. Handlers decide on the restored folds as before.
func TestReadsOn(t *testing.T) {
	l, dir := memlog.New(), t.TempDir()
	appendTo(t, l, "review", take("early", "x", 0))
	for n := range 50 {
		appendTo(t, l, "training", take(fmt.Sprint("t-", n), fmt.Sprint("c-", n), 0))
	}
	first := newTwoFolds(l)
	if err := errors.Join(CatchUpAll(t.Context(), l, first.folds...), NewSnapshotStore(dir, l).Write(t.Context(), first.folds...)); err != nil {
		t.Fatal(err)
	}
	appendTo(t, l, "training", take("late", "late", 0))
	second := newTwoFolds(&counting{Log: l})
	if err := NewSnapshotStore(dir, l).Restore(t.Context(), second.folds...); err != nil {
		t.Fatal(err)
	}
	c := &counting{Log: l}
	if err := CatchUpAll(t.Context(), c, second.folds...); err != nil {
		t.Fatal(err)
	}
	if c.read != 1 {
		t.Errorf("%d commits were read, one is new", c.read)
	}
	d := NewHandler(events.Training, second.seats, second.folds[0])
	go d.Run(t.Context(), func() {})
	for _, each := range []struct {
		e    *events.Event
		want string
	}{
		{take("t-7", "c-7", 0), "duplicate"}, {take("t-7", "c-7", 1), "rejected id_reused"}, {take("late", "late", 0), "duplicate"},
		{take("new", "c-7", 0), "rejected taken"}, {withdraw("w", "t-7"), "accepted"}, {take("new", "c-7", 0), "accepted"},
	} {
		r := submit(t, d, each.e)[0]
		if got := summary(r); got != each.want {
			t.Errorf("%s: %s, want %s", each.e.ID, got, each.want)
		}
		if each.e.ID == "t-7" && r.Status == events.Duplicate && r.Position.String() != "9-0" {
			t.Errorf("t-7 is at %s", r.Position)
		}
	}
}

// counting is a log that counts the commits it reads.
type counting struct {
	log.Log
	read int
}

func (l *counting) Read(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		for c, err := range l.Log.Read(ctx, from, f) {
			if l.read++; !yield(c, err) {
				return
			}
		}
	}
}

// A snapshot that cannot be relied on is ignored, and Restore returns why. The log is folded
// instead.
func TestUnusableSnapshots(t *testing.T) {
	l := memlog.New()
	for n := range 5 {
		appendTo(t, l, "training", take(fmt.Sprint(n), fmt.Sprint("c-", n), 0))
	}
	whole := newTwoFolds(l)
	if err := CatchUpAll(t.Context(), l, whole.folds...); err != nil {
		t.Fatal(err)
	}
	f := whole.folds[0]
	write := func(change func(*Fold), form func(*bytes.Buffer)) func(string) error {
		return func(path string) error {
			g := Fold{boundary: f.boundary, state: f.state, base: f.base, last: f.last, revision: f.revision}
			change(&g)
			err := snapshot.Replace(path, func(w *snapshot.Writer) { g.save(w, g.last) })
			if err == nil && form != nil {
				var b []byte
				if b, err = os.ReadFile(path); err == nil {
					buf := bytes.NewBuffer(b)
					form(buf)
					err = os.WriteFile(path, buf.Bytes(), 0o600)
				}
			}
			return err
		}
	}
	same := func(*Fold) {}
	for name, each := range map[string]struct {
		write func(path string) error
		want  string
	}{
		"of another log":      {write(func(g *Fold) { g.last.id = uuid.NewString() }, nil), "not of this log"},
		"beyond the log":      {write(func(g *Fold) { g.last.at = log.At(99, 0) }, nil), "not of this log"},
		"of another boundary": {write(func(g *Fold) { g.boundary = "review" }, nil), "of boundary"},
		"cut off":             {write(same, func(b *bytes.Buffer) { b.Truncate(b.Len() / 2) }), "in doubt"},
		"cut off at a frame":  {write(same, func(b *bytes.Buffer) { b.Truncate(b.Len() - 8) }), "in doubt"},
		"damaged":             {write(same, func(b *bytes.Buffer) { b.Bytes()[b.Len()/2] ^= 4 }), "damaged"},
		"empty":               {func(path string) error { return os.WriteFile(path, nil, 0o600) }, "in doubt"},
		"of another form": {func(path string) error {
			return snapshot.Replace(path, func(w *snapshot.Writer) { w.Uint(snapshotFormat + 1) })
		}, fmt.Sprint("of form ", snapshotFormat+1)},
		"longer": {func(path string) error {
			return snapshot.Replace(path, func(w *snapshot.Writer) { f.save(w, f.last); w.Uint(0) })
		}, "goes on"},
		"shorter": {func(path string) error {
			return snapshot.Replace(path, func(w *snapshot.Writer) {
				g := Fold{boundary: f.boundary, state: new(Stateless), base: f.base, last: f.last}
				g.save(w, f.last)
			})
		}, "ends too early"},
	} {
		dir := t.TempDir()
		if err := each.write(filepath.Join(dir, "training")); err != nil {
			t.Fatal(err)
		}
		h := newTwoFolds(l)
		doubt := NewSnapshotStore(dir, l).Restore(t.Context(), h.folds...)
		if doubt == nil || !strings.Contains(doubt.Error(), each.want) {
			t.Errorf("%s: %v, want %q", name, doubt, each.want)
		}
		if h.folds[0].last != (commitRef{}) || h.folds[0].base.Len() != 0 {
			t.Errorf("%s: it was loaded", name)
		}
		if err := CatchUpAll(t.Context(), l, h.folds...); err != nil {
			t.Fatal(err)
		}
		if err := h.differ(whole); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Keep writes snapshots once enough new events have come, and not before.
func TestKeep(t *testing.T) {
	l, dir := memlog.New(), t.TempDir()
	var list []*events.Event
	for n := range log.MaxEvents {
		list = append(list, take(strconv.Itoa(n), "c", 0))
	}
	for range defaultMinNewEvents / log.MaxEvents {
		appendTo(t, l, "training", list...)
	}
	h := newTwoFolds(l)
	if err := CatchUpAll(t.Context(), l, h.folds...); err != nil {
		t.Fatal(err)
	}
	keep := func(until func(*SnapshotStore) bool) {
		t.Helper()
		s := NewSnapshotStore(dir, l)
		fresh := newTwoFolds(l)
		if err := s.Restore(t.Context(), fresh.folds...); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Keep(ctx, time.Millisecond, func(err error) { t.Error(err) }, h.folds...)
		}()
		for !until(s) {
			time.Sleep(time.Millisecond)
		}
		cancel()
		<-done
	}
	file := filepath.Join(dir, "training")
	keep(func(*SnapshotStore) bool { _, err := os.Stat(file); return err == nil })
	if _, err := os.Stat(filepath.Join(dir, "review")); err != nil {
		// Keep may have been stopped between the two files; the next write writes both.
		t.Log(err)
	}
	if err := NewSnapshotStore(dir, l).Write(t.Context(), h.folds...); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	appendTo(t, l, "training", take("one more", "c", 0))
	if err := h.folds[0].CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	looks := 0
	keep(func(*SnapshotStore) bool { looks++; return looks > 20 })
	if after, err := os.Stat(file); err != nil || !os.SameFile(before, after) {
		t.Errorf("written again for one event: %v", err)
	}
}

// FuzzLoad checks that a file of any content is refused, or gives a fold on which events
// can be decided.
func FuzzLoad(f *testing.F) {
	l := memlog.New()
	appendTo(f, l, "training", take("a", "c", 0), withdraw("w", "b"))
	h := newTwoFolds(l)
	if err := CatchUpAll(f.Context(), l, h.folds...); err != nil {
		f.Fatal(err)
	}
	var b bytes.Buffer
	w := snapshot.NewWriter(&b)
	h.folds[0].save(w, h.folds[0].last)
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes()[24 : b.Len()-8]) // what is in the frame
	f.Fuzz(func(t *testing.T, values []byte) {
		var b bytes.Buffer
		w := snapshot.NewWriter(&b)
		w.Bytes(values)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		h := newTwoFolds(l)
		fold := h.folds[0]
		if err := fold.load(t.Context(), snapshot.NewReader(&b), l); err != nil {
			if fold.base.Len() > 0 || fold.last != (commitRef{}) {
				t.Fatal("a refused file changed the fold")
			}
			return
		}
		for n := range fold.base.Len() + 2 {
			fold.base.position(uint32(n))
		}
		fold.base.Begin()
		Apply(fold.state, take("a", "c", 0))
		Apply(fold.state, withdraw("x", "a"))
		fold.base.Rollback()
	})
}
