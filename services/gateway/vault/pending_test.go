package vault

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
)

func settle(t testing.TB, v *Vault, all ...Outcome) {
	t.Helper()
	if err := v.Settle(t.Context(), all); err != nil {
		t.Fatal(err)
	}
}

func revealed(t testing.TB, v *Vault, p events.Person, want events.Identity) {
	t.Helper()
	if id, err := v.Reveal(t.Context(), p); err != nil || id != want {
		t.Errorf("Reveal = %+v, %v; want %+v", id, err, want)
	}
}

// need returns the need of an event with a number.
func need(i byte) Need {
	return Need{Key: [16]byte{i}, Since: log.At(7, 2), Deadline: time.Unix(1_700_000_000, 0)}
}

// enterFor enters people for events, one each.
func enterFor(t testing.TB, v *Vault, ids []events.Identity, needs ...Need) []events.Person {
	t.Helper()
	profiles, pending, err := v.EnterFor(t.Context(), ids, needs)
	if err != nil || slices.Contains(pending, false) {
		t.Fatalf("%v, %v", pending, err)
	}
	var people []events.Person
	for _, p := range profiles {
		people = append(people, p.Person)
	}
	return people
}

// isKnown reports whether anybody but the submissions that wait sees the person.
func isKnown(t testing.TB, v *Vault, i int, p events.Person) bool {
	t.Helper()
	_, _, born := v.Birth(p)
	_, err := v.Reveal(t.Context(), p)
	recalled, failed := v.Recall(t.Context(), []events.Person{p})
	found := v.Find(nil, number(i))[0] == p
	if failed != nil || born != found || (err == nil) != found || (recalled[0].Person == p) != found || err != nil && !errors.Is(err, ErrUnknown) {
		t.Fatalf("%v: born %v, found %v, %v, %v", p, born, found, err, failed)
	}
	return found
}

// testPending: somebody who is new is seen by nobody until an event stands, has one pseudonym for
// all events meanwhile, and outlives a restart with the needs as they were.
func testPending(t *testing.T, s testStore) {
	v := s.openVault(t)
	p := enterFor(t, v, []events.Identity{identity(1)}, need(1))[0]
	if again := enterFor(t, v, []events.Identity{identity(1), identity(1)}, need(2), need(3)); again[0] != p || again[1] != p {
		t.Errorf("one number has pseudonyms %v and %v", p, again)
	}
	if isKnown(t, v, 1, p) {
		t.Error("a pending person is known")
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	v = s.openVault(t)
	pending, err := v.Pending(t.Context())
	if err != nil || !slices.Equal(pending[p], []Need{need(1), need(2), need(3)}) {
		t.Fatalf("%v, %v", pending, err)
	}
	settle(t, v, Outcome{Person: p, Key: need(1).Key})
	if isKnown(t, v, 1, p) {
		t.Error("known though no event stands")
	}
	settle(t, v, Outcome{Person: p, Key: need(2).Key, Stands: true})
	if !isKnown(t, v, 1, p) {
		t.Error("unknown though an event stands")
	}
	settle(t, v, Outcome{Person: p, Key: need(3).Key}) // a later refusal changes nothing
	if !isKnown(t, v, 1, p) {
		t.Error("unknown after a refusal")
	}
	if _, pending, err := v.EnterFor(t.Context(), []events.Identity{identity(1)}, []Need{need(4)}); err != nil || pending[0] {
		t.Errorf("a known person is pending again: %v %v", pending, err)
	}
}

// testRefused: nothing stays of somebody whose events were all refused, unless another event
// needs the person before the sweep.
func testRefused(t *testing.T, s testStore) {
	v := s.openVault(t)
	beside := enter(t, v, events.Identity{IDNumber: number(3), Name: identity(1).Name})[0].Person
	people := enterFor(t, v, []events.Identity{identity(1), identity(2)}, need(1), need(2))
	settle(t, v, Outcome{Person: people[0], Key: need(1).Key}, Outcome{Person: people[1], Key: need(2).Key})
	enterFor(t, v, []events.Identity{identity(2)}, need(3))
	if err := v.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if pending, err := v.Pending(t.Context()); err != nil || len(pending) != 1 || v.Len() != 2 || isKnown(t, v, 2, people[1]) {
		t.Errorf("after the sweep %v, %v, %d persons", pending, err, v.Len())
	}
	settle(t, v, Outcome{Person: people[1], Key: need(3).Key, Stands: true})
	revealed(t, v, people[1], identity(2))
	revealed(t, v, beside, events.Identity{IDNumber: number(3), Name: identity(1).Name})
	if h, _ := v.hashValue(phoneValue, identity(1).Phone); v.tokens[h] != 0 {
		t.Error("the token of a phone that nobody has stays")
	}
	if h, _ := v.hashValue(nameValue, identity(1).Name); v.tokens[h] == 0 {
		t.Error("the token of a name that somebody else has is gone")
	}
	if p := enter(t, v, identity(1))[0].Person; p == people[0] {
		t.Error("the pseudonym of somebody who was refused came back")
	}
}

// testStrangers: somebody whom a register alone has named is found by registers, before and after a
// restart, and by nobody else; a hire that is refused leaves a stranger, and one that stands makes
// the person known, with what it says.
func testStrangers(t *testing.T, s testStore) {
	v := s.openVault(t)
	bare := events.Identity{IDNumber: number(1)}
	p := enterFor(t, v, []events.Identity{bare}, need(1))[0]
	if v.FindStrangers(nil, number(1))[0] == p {
		t.Error("a register finds somebody before the fact stands")
	}
	settle(t, v, Outcome{Person: p, Key: need(1).Key, Stands: true, Stranger: true})
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	v = s.openVault(t)
	if err := v.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	pending, err := v.Pending(t.Context())
	if found := v.FindStrangers(nil, number(1), number(2)); err != nil || len(pending) != 0 || found[0] != p || found[1] != (events.Person{}) || isKnown(t, v, 1, p) || v.Strangers() != 1 {
		t.Errorf("found %v, pending %v, %v", found, pending, err)
	}
	hire := func(key byte, stands bool) {
		t.Helper()
		if got := enterFor(t, v, []events.Identity{identity(1)}, need(key))[0]; got != p {
			t.Fatalf("a hire of %v has the pseudonym %v", p, got)
		}
		settle(t, v, Outcome{Person: p, Key: need(key).Key, Stands: stands, Identity: identity(1)})
		if err := v.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	hire(2, false)
	if isKnown(t, v, 1, p) || v.FindStrangers(nil, number(1))[0] != p {
		t.Error("a refused hire makes a stranger known, or unknown to registers")
	}
	hire(3, true)
	revealed(t, v, p, identity(1))
	if v.Strangers() != 0 {
		t.Errorf("%d strangers", v.Strangers())
	}
	settle(t, v, Outcome{Person: p, Key: need(9).Key, Stands: true, Stranger: true}) // a later fact
	if !isKnown(t, v, 1, p) {
		t.Error("a fact makes a known person a stranger")
	}
}
