package command

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/services/internal/snapshot"
)

// synthetic returns a catalogue of 64 types, for which every durable form must have room.
func synthetic() []events.Type {
	list := make([]events.Type, 64)
	for n := range list {
		list[n] = events.Type(fmt.Sprintf("synthetic.%d", n+1))
	}
	return list
}

// oneOfEach returns one event of each type of a catalogue.
func oneOfEach(catalogue []events.Type) (all []*events.Event) {
	for n, name := range catalogue {
		e := take(fmt.Sprint("e-", n+1), "course", n)
		e.Type = name
		all = append(all, e)
	}
	return all
}

// completeLog is a log that holds every commit that it is asked for.
type completeLog struct{}

func (completeLog) Verify(context.Context, log.Position, string) error { return nil }

// Goal: a catalogue of 64 types fits the idempotency index and the file of a fold.
// Method: an event of each type is added and found, sent again, and sent with other
// content. This is done with the fold that applied the events, and with a fold that was
// loaded from its file.
func TestRoomFor64Types(t *testing.T) {
	catalogue := synthetic()
	defer ReplaceTypes(catalogue)()
	sent := oneOfEach(catalogue)
	first := NewFold(memlog.New(), "training", new(Stateless))
	for n, e := range sent {
		Apply(first.state, e)
		first.base.addCommit(log.At(uint64(n+1), 0), first.base.end())
	}
	first.last = commitRef{log.At(uint64(len(sent)), 0), "last"}
	var file bytes.Buffer
	w := snapshot.NewWriter(&file)
	first.save(w, first.last)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	second := NewFold(memlog.New(), "training", new(Stateless))
	if err := second.load(t.Context(), snapshot.NewReader(&file), completeLog{}); err != nil {
		t.Fatal(err)
	}
	for name, fold := range map[string]*Fold{"the fold that saw them": first, "the fold that was written down": second} {
		d := NewHandler("training", nil, fold)
		for n, e := range sent {
			known, ok := fold.base.Find(e.Key())
			if !ok || known.Type != catalogue[n] || known.Number != uint32(n+1) || known.Superseded {
				t.Fatalf("%s, type number %d: found %v %+v, want type %s and number %d", name, n+1, ok, known, catalogue[n], n+1)
			}
			if r, number, err := d.answerKnownKey(t.Context(), e, known); err != nil || r.Status != events.Duplicate || number != known.Number {
				t.Errorf("%s, type number %d, sent again: %+v", name, n+1, r)
			}
			other := *e
			other.Digest = take("", "", n+100).Digest
			if r, _, err := d.answerKnownKey(t.Context(), &other, known); err != nil || r.Status != events.Rejected || r.Reasons[0].Code != IDReused {
				t.Errorf("%s, type number %d, with other content: %+v", name, n+1, r)
			}
		}
	}
}

// TestCatalogueFits fails when the contract has more types than the idempotency index has
// room for. If it fails, raise typeBits and snapshotFormat.
func TestCatalogueFits(t *testing.T) {
	if n := len(events.Types()); n > maxTypes {
		t.Errorf("the contract has %d types, the index has room for %d", n, maxTypes)
	}
}
