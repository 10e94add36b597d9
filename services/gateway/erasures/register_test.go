package erasures

import (
	"errors"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
)

// vaultErased is a vault that has lost this many persons.
type vaultErased uint64

func (n *vaultErased) Erased() uint64 { return uint64(*n) }

// record appends an event of the gateway's own family, as a gateway would.
func record(t *testing.T, l *memlog.Log, id string, d events.Data) {
	t.Helper()
	e := &events.Event{ID: id, Source: "/gateway", Type: d.Type(), Time: time.Now(), AuthType: "token", AuthID: "province", Data: d}
	raw, err := e.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, revision, err := l.Head(t.Context(), ownEvents)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Append(t.Context(), log.Commit{ID: id, Boundary: ownEvents.Boundary, Events: [][]byte{raw}}, revision); err != nil {
		t.Fatal(err)
	}
}

// Goal: an erasure through another gateway is learned of when the vault has lost the
// person, and the log is not read before. Method: erasures are recorded without the
// register's knowledge.
func TestCatchUp(t *testing.T) {
	l, erased := memlog.New(), new(vaultErased)
	r := NewRegister(l, erased)
	first, second := events.Person{1}, events.Person{2}
	record(t, l, "1", &events.PersonErased{Person: first, Reason: "asked for it"})
	record(t, l, "2", &events.PersonRevealed{Person: second, Fields: []string{"name"}, Purpose: "audit of person.erased"})
	if err := r.CatchUp(t.Context()); err != nil || !r.IsEmpty() {
		t.Fatalf("the log was read while the vault had lost nobody: %v", err)
	}
	*erased = 1
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, found := r.Find(first)
	if !found || c.Reason != "asked for it" || c.By != "province" || c.Commit != "1" || c.Position.IsZero() || c.Recorded.IsZero() {
		t.Errorf("certificate %+v, %v", c, found)
	}
	if _, found := r.Find(second); found {
		t.Error("a person who was revealed counts as erased")
	}
	// The second erasure of a person does not replace the certificate of the first.
	record(t, l, "3", &events.PersonErased{Person: first, Reason: "once more"})
	record(t, l, "4", &events.PersonErased{Person: second, Reason: "retention has ended"})
	*erased = 2
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c, _ := r.Find(first); c.Commit != "1" {
		t.Errorf("certificate of the commit %s, want 1", c.Commit)
	}
	if list := r.Persons(); len(list) != 2 {
		t.Errorf("erased %v", list)
	}
}

// Without a log there is nothing to catch up with.
func TestNoHistory(t *testing.T) {
	erased := vaultErased(1)
	if err := NewRegister(nil, &erased).CatchUp(t.Context()); err != nil {
		t.Error(err)
	}
}

// An event that cannot be read ends the reading with its position.
func TestUnreadableErasure(t *testing.T) {
	l := memlog.New()
	raw := []byte(`{"type":"person.erased"}`)
	if _, _, err := l.Append(t.Context(), log.Commit{ID: "1", Boundary: ownEvents.Boundary, Events: [][]byte{raw}}, 0); err != nil {
		t.Fatal(err)
	}
	err := NewRegister(l, new(vaultErased)).ReadOn(t.Context())
	if err == nil || errors.Is(err, log.ErrUnavailable) {
		t.Errorf("ReadOn = %v", err)
	}
}
