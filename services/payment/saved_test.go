package payment

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/snapshot"
	"pgregory.net/rapid"
)

// restored loads a state from the snapshot b, whose index holds so many events.
func restored(b []byte, events int) (*State, error) {
	s, r := NewState(), snapshot.NewReader(bytes.NewReader(b))
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

// named gives the lines of some events ids that are not numeric, so that the names of their
// runs are scattered, and some of them amounts that do not fit a packed line.
func named(e *events.Event, pick func(int) int) *events.Event {
	if d, ok := e.Data.(*events.PaymentInstructed); ok && pick(3) == 0 {
		for i := range d.Lines {
			if pick(2) == 0 {
				d.Lines[i].Line += "-x"
			}
			d.Lines[i].Amount <<= 4 * pick(10)
		}
	}
	return e
}

// A state that is saved and loaded is equal, and stays equal when more events are applied.
// The idempotency index is saved by package command and not here.
func TestSaved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pick := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "dice"), 0)).IntN
		who := &eventGenerator{name: "e", pick: pick}
		s, whole := NewState(), NewState()
		tell := func(n int, to ...*State) {
			for range n {
				e := named(who.next(), pick)
				who.accepted(e)
				for _, s := range to {
					command.Apply(s, e)
				}
			}
		}
		tell(rapid.IntRange(0, 80).Draw(t, "events"), s, whole)
		r, err := restored(saved(s.Save), s.Len())
		if err != nil {
			t.Fatal(err)
		}
		before := dump(s)
		if got := dump(r); got != before {
			t.Fatalf("restored:\n%swant:\n%s", got, before)
		}
		r.StateBase = s.StateBase
		r.Begin()
		tell(20, r, whole)
		if got, want := dump(r), dump(whole); got != want {
			t.Fatalf("gone on:\n%swant:\n%s", got, want)
		}
		r.Rollback()
		if got := dump(r); got != before {
			t.Fatalf("undone:\n%swant:\n%s", got, before)
		}
	})
}

// FuzzLoad checks that a snapshot of any content is refused, or gives a state on which
// events can be decided and applied.
func FuzzLoad(f *testing.F) {
	sample := func() []*events.Event {
		return []*events.Event{
			allocate("f", "fund", 1000), instruct("i", "run", "fund", "1", "2", "3"), settle("s", "run", "2", "7"), giveBack("b", "run", "2"),
			instruct("j", "other", "fund", "x", "y"), withdraw("w", events.PaymentInstructedType, "i"), reverse("v", "run", "9"),
		}
	}
	told := NewState()
	for _, e := range sample() {
		command.Apply(told, e)
	}
	b := saved(told.Save)
	f.Add(b[24 : len(b)-8]) // the values of the frame
	f.Fuzz(func(t *testing.T, values []byte) {
		s, err := restored(saved(func(w *snapshot.Writer) { w.Bytes(values) }), len(sample()))
		if err != nil {
			return
		}
		dump(s)
		s.Begin()
		for n := range 4 {
			command.Apply(s, instruct(fmt.Sprint("n", n), "run", "fund", "1", "z", "4"))
			command.Apply(s, settle(fmt.Sprint("m", n), "run", "1", "2"))
			s.revert(uint32(n))
		}
		s.Rollback()
	})
}
