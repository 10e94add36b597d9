package placement_test

import (
	"bytes"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
	"github.com/muster-works/muster/services/internal/snapshot"
	"pgregory.net/rapid"
)

// restored loads a state from the snapshot b, whose index holds so many events.
func restored(b []byte, events int) (*placement.State, error) {
	s, r := placement.New(), snapshot.NewReader(bytes.NewReader(b))
	become := s.Load(r, uint32(events))
	if err := r.Close(); err != nil {
		return nil, err
	}
	become()
	return s, nil
}

func saved(write func(*snapshot.Writer)) []byte {
	var b bytes.Buffer
	w := snapshot.NewWriter(&b)
	write(w)
	if err := w.Close(); err != nil {
		panic(err) // a buffer never fails
	}
	return b.Bytes()
}

// A state that is saved and loaded is equal, and stays equal when more events are applied.
// The idempotency index is saved by package command and not here.
func TestSaved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := tell(t, 60)
		s := fold(b)
		r, err := restored(saved(s.Save), s.Len())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := r.Dump(), s.Dump(); got != want {
			t.Fatalf("%s\nwant:\n%s", got, want)
		}
		r.StateBase = s.StateBase
		more := &eventGenerator{name: "m", pick: evenly(t)}
		for _, e := range b {
			more.accepted(e)
		}
		before := r.Dump()
		r.Begin()
		for range 20 {
			b = append(b, more.next())
			command.Apply(r, b[len(b)-1])
		}
		if got, want := r.Dump(), fold(b).Dump(); got != want {
			t.Fatalf("gone on:\n%s\nwant:\n%s", got, want)
		}
		r.Rollback()
		if got := r.Dump(); got != before {
			t.Fatalf("after the undo:\n%s\nwant:\n%s", got, before)
		}
	})
}

// FuzzLoad checks that a snapshot of any content is refused, or gives a state that can be asked.
func FuzzLoad(f *testing.F) {
	sample := book{
		Developed("d", "a", 2, "2022-01-01"), Hired("h1", "a", 1, 1, "2022-02-01"), Renewed("n1", "a", 1, "2023-08-01"),
		Exited("x", "a", 1, "2023-09-01"), Hired("h2", "a", 2, 2, "2023-10-01"), Withdrawn("w", events.HireRenewedType, "n1"),
	}
	b := saved(fold(sample).Save)
	f.Add(b[24 : len(b)-8]) // the values of the frame
	f.Fuzz(func(t *testing.T, values []byte) {
		s, err := restored(saved(func(w *snapshot.Writer) { w.Bytes(values) }), len(sample))
		if err != nil {
			return
		}
		s.Dump()
		for _, e := range sample {
			s.Contradictions(e)
		}
		s.Placements(Person(1))
		s.Post("a")
	})
}
