package vault

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
)

// said is what a person.identified of a test gives, in clear.
type said struct {
	key    byte
	person events.Person
	on     string
	reason string
	given  events.Identity
}

func keyOf(k byte) [16]byte { return [16]byte{0: 0xee, 15: k} }

// reidentify takes an event as a gateway does, up to its decision.
func reidentify(t testing.TB, v *Vault, s said) (IdentityEvent, Reidentified) {
	t.Helper()
	out, err := v.Reidentify(t.Context(), s.person, s.given, keyOf(s.key), time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return IdentityEvent{Key: keyOf(s.key), Person: s.person, On: civil.MustDate(s.on), Restates: s.reason == events.Mistyped, Sealed: out.Profile.Identity.Sealed}, out
}

func takeIn(t testing.TB, v *Vault, at uint64, list ...IdentityEvent) {
	t.Helper()
	if err := v.TakeIn(t.Context(), list, log.At(at, 0), nil, time.Now()); err != nil {
		t.Fatal(err)
	}
}

// leads holds whom identity numbers lead to.
func leads(t testing.TB, v *Vault, want map[int]events.Person) {
	t.Helper()
	for i, p := range want {
		if got := v.Find(nil, number(i))[0]; got != p {
			t.Errorf("number %d leads to %v, want %v", i, got, p)
		}
	}
}

func isCalled(t testing.TB, v *Vault, p events.Person, i int, name string) {
	t.Helper()
	id, err := v.Reveal(t.Context(), p)
	if err != nil || id.IDNumber != number(i) || id.Name != name {
		t.Errorf("%v is %s %q (%v), want number %d, %q", p, id.IDNumber, id.Name, err, i, name)
	}
	month, female, known := v.Birth(p)
	n := number(i)
	if want := fmt.Sprint(civil.MustDate(n[6:10]+"-"+n[10:12]+"-"+n[12:14]).Month(), (n[16]-'0')%2 == 0, true); fmt.Sprint(month, female, known) != want {
		t.Errorf("%v was born in %s, a woman: %v, known: %v, want %s", p, month, female, known, want)
	}
}

// testIdentify: a mistyped number is free for its owner, another old number still leads to the
// person, and all of it is there after a restart.
func testIdentify(t *testing.T, s testStore) {
	v := s.openVault(t)
	p := enter(t, v, identity(1))[0].Person
	first, out := reidentify(t, v, said{1, p, "2022-06-01", events.Mistyped, events.Identity{IDNumber: number(2001)}})
	if !out.Known || out.HeldBy != (events.Person{}) || out.Profile.Birth == 0 || out.Profile.Identity.NameToken != "" || !v.IdentityUnderway() {
		t.Fatalf("%+v, under way: %v", out, v.IdentityUnderway())
	}
	leads(t, v, map[int]events.Person{1: p, 2001: {}})
	takeIn(t, v, 1, first)
	if v.IdentityUnderway() || !v.HasFreed() || v.FreedFrom(number(1)) != p {
		t.Errorf("under way: %v, freed from %v", v.IdentityUnderway(), v.FreedFrom(number(1)))
	}
	leads(t, v, map[int]events.Person{1: {}, 2001: p})
	isCalled(t, v, p, 2001, identity(1).Name)

	owner := enter(t, v, identity(1))[0].Person // the real one
	if owner == p {
		t.Fatal("the owner of the mistyped number is the person who had it")
	}
	second, _ := reidentify(t, v, said{2, p, "2023-01-01", events.Changed, events.Identity{IDNumber: number(3001), Name: "王改"}})
	takeIn(t, v, 2, second)
	takeIn(t, v, 2, first, second) // again, as after a restart that reads too much
	check := func() {
		t.Helper()
		leads(t, v, map[int]events.Person{1: owner, 2001: p, 3001: p})
		isCalled(t, v, p, 3001, "王改")
		isCalled(t, v, owner, 1, identity(1).Name)
		if v.IdentifiedUpTo() != log.At(2, 0) || v.FreedFrom(number(1)) != p {
			t.Errorf("taken in up to %v, freed from %v", v.IdentifiedUpTo(), v.FreedFrom(number(1)))
		}
	}
	check()
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	v = s.openVault(t)
	check()
	if again := enter(t, v, identity(2001))[0]; again.Person != p || again.Fills || !again.Differs {
		t.Errorf("a hire under the number before: %+v", again)
	}

	if _, err := v.Erase(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	leads(t, v, map[int]events.Person{1: owner, 2001: {}, 3001: {}})
	if v.HasFreed() || len(v.marks) != 0 {
		t.Errorf("%d marks of somebody who was erased", len(v.marks))
	}
	if s.holds(t, first.Key[:]) {
		t.Error("the store holds a mark of somebody who was erased")
	}
}

// testIdentifiedTaken: a number moves from a person of whom nothing stands, who is as known as before
// by the pseudonym; a withdrawal gives the number before back, unless it is somebody else's by now.
func testIdentifiedTaken(t *testing.T, s testStore) {
	v := s.openVault(t)
	entered := enter(t, v, identity(1), identity(2))
	p, q := entered[0].Person, entered[1].Person
	first, out := reidentify(t, v, said{1, p, "2022-06-01", events.Mistyped, events.Identity{IDNumber: number(2)}})
	if out.HeldBy != q || out.Awaiting {
		t.Fatalf("%+v", out)
	}
	takeIn(t, v, 1, first)
	leads(t, v, map[int]events.Person{1: {}, 2: p})
	if _, _, known := v.Birth(q); !known {
		t.Error("who lost a number is unknown")
	}
	retracts := func(key byte) bool {
		t.Helper()
		taken, err := v.Retracts(t.Context(), first.Key, keyOf(key), time.Now().Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return taken
	}
	if retracts(2) || !v.IdentityUnderway() {
		t.Error("a number that is nobody's cannot be had again")
	}
	takeIn(t, v, 2, IdentityEvent{Key: keyOf(2), Retracted: first.Key})
	leads(t, v, map[int]events.Person{1: p, 2: {}})
	isCalled(t, v, p, 1, identity(1).Name)
	if v.IdentityUnderway() || v.HasFreed() {
		t.Errorf("under way: %v, freed: %v", v.IdentityUnderway(), v.HasFreed())
	}

	again, _ := reidentify(t, v, said{3, p, "2022-06-01", events.Mistyped, events.Identity{IDNumber: number(3)}})
	takeIn(t, v, 3, again)
	owner := enter(t, v, identity(1))[0].Person
	first = again
	if !retracts(4) || v.IdentityUnderway() {
		t.Error("the number of its owner can be had again")
	}
	takeIn(t, v, 4, IdentityEvent{Key: keyOf(4), Retracted: first.Key}) // recorded by somebody who did not ask
	leads(t, v, map[int]events.Person{1: owner, 3: {}})
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	v = s.openVault(t)
	leads(t, v, map[int]events.Person{1: owner, 3: {}})
}

// testIdentifiedPending: a number of somebody whose events are being decided is awaited, and one of
// somebody who is unknown or pending is given to nobody.
func testIdentifiedPending(t *testing.T, s testStore) {
	v := s.openVault(t)
	p := enter(t, v, identity(1))[0].Person
	waiting := enterFor(t, v, []events.Identity{identity(2)}, need(1))[0]
	if _, out := reidentify(t, v, said{1, p, "2022-06-01", events.Mistyped, events.Identity{IDNumber: number(2)}}); !out.Awaiting {
		t.Errorf("%+v", out)
	}
	if _, out := reidentify(t, v, said{2, waiting, "2022-06-01", events.Mistyped, events.Identity{IDNumber: number(3)}}); out.Known {
		t.Errorf("%+v", out)
	}
	if v.IdentityUnderway() {
		t.Error("an event that goes nowhere is under way")
	}
	e, _ := reidentify(t, v, said{3, p, "2022-06-01", events.Renamed, events.Identity{Name: "王改"}})
	if err := v.TakeIn(t.Context(), nil, log.Position{}, [][16]byte{e.Key}, time.Now()); err != nil || v.IdentityUnderway() {
		t.Errorf("a refused event is under way: %v", err)
	}
	isCalled(t, v, p, 1, identity(1).Name)
	reidentify(t, v, said{4, p, "2022-06-01", events.Renamed, events.Identity{Name: "王改"}})
	if err := v.TakeIn(t.Context(), nil, log.Position{}, nil, time.Now().Add(time.Hour)); err != nil || v.IdentityUnderway() {
		t.Errorf("an event is under way after its deadline: %v", err)
	}
}

// testIdentifiedShared: what one gateway takes in, the other one knows. Method: two vaults over one
// server; a SQLite file has one user alone.
func testIdentifiedShared(t *testing.T, s testStore) {
	v := s.openVault(t)
	w, err := s.open()
	if err != nil {
		t.Skip("one user alone")
	}
	t.Cleanup(func() { w.Close() })
	p := enter(t, v, identity(1))[0].Person
	e, _ := reidentify(t, v, said{1, p, "2022-06-01", events.Mistyped, events.Identity{IDNumber: number(2)}})
	refresh := func() {
		t.Helper()
		if err := w.refreshIndex(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if refresh(); !w.IdentityUnderway() {
		t.Error("the other gateway does not know that an event is under way")
	}
	takeIn(t, v, 1, e)
	refresh()
	leads(t, w, map[int]events.Person{1: {}, 2: p})
	owner := enter(t, w, identity(1))[0].Person
	taken, _ := reidentify(t, w, said{2, p, "2022-07-01", events.Changed, events.Identity{IDNumber: number(3)}})
	takeIn(t, w, 2, taken)
	if err := v.refreshIndex(t.Context()); err != nil {
		t.Fatal(err)
	}
	leads(t, v, map[int]events.Person{1: owner, 2: p, 3: p})
	takeIn(t, v, 3, IdentityEvent{Key: keyOf(3), Retracted: taken.Key})
	refresh()
	leads(t, w, map[int]events.Person{1: owner, 2: p, 3: {}})
	if w.IdentifiedUpTo() != log.At(3, 0) || w.IdentityUnderway() || w.FreedFrom(number(1)) != p {
		t.Errorf("up to %v, freed from %v", w.IdentifiedUpTo(), w.FreedFrom(number(1)))
	}
}

// Goal: who a person is depends on the events that stand, and not on their order in the log.
// Method: numbers and names of some days, some of them retracted, are taken in in random orders, with
// a restart somewhere; the vaults agree.
func TestIdentifiedInAnyOrder(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range 20 {
		store := sqliteTestStore(t)
		v := store.openVault(t)
		p := enter(t, v, identity(1))[0].Person
		var list []IdentityEvent
		for k := range 6 {
			what := said{byte(k + 1), p, (civil.MustDate("2022-06-01") + civil.Date(random.IntN(3))).String(), events.Renamed, events.Identity{}}
			if random.IntN(2) == 0 {
				what.reason, what.given.IDNumber = []string{events.Mistyped, events.Changed}[random.IntN(2)], number(1+1000*random.IntN(4))
			}
			if what.given.IDNumber == "" || random.IntN(3) == 0 {
				what.given.Name = fmt.Sprint("王", random.IntN(100))
			}
			e, _ := reidentify(t, v, what)
			if list = append(list, e); random.IntN(3) == 0 {
				list = append(list, IdentityEvent{Key: keyOf(byte(100 + k)), Retracted: e.Key})
			}
		}
		state := func(v *Vault) string {
			id, err := v.Reveal(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			text := fmt.Sprint(id.IDNumber, id.Name)
			for i := range 4 {
				text += fmt.Sprint(" ", v.Find(nil, number(1+1000*i))[0] == p, v.FreedFrom(number(1+1000*i)) == p)
			}
			return text
		}
		want := ""
		for order := range 4 {
			if order > 0 { // back to the beginning
				for i := range list {
					takeIn(t, v, uint64(order), IdentityEvent{Key: keyOf(200), Retracted: list[i].Key})
				}
				for i := range list { // and no event is marked as retracted early
					if m := v.marks[list[i].Key]; m.kind == markRetracted {
						takeIn(t, v, uint64(order), IdentityEvent{Key: list[i].Key, Person: p, Sealed: list[0].Sealed})
					}
				}
			}
			random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			for n, e := range list {
				if takeIn(t, v, uint64(order), e); random.IntN(10) == 0 && n > 0 {
					if err := v.Close(); err != nil {
						t.Fatal(err)
					}
					v = store.openVault(t)
				}
			}
			if got := state(v); want == "" {
				want = got
			} else if got != want {
				t.Fatalf("round %d: %s, want %s", round, got, want)
			}
		}
	}
}

func TestFormerNumbers(t *testing.T) {
	say := func(key byte, on string, restates bool, number string) saidIdentity {
		return saidIdentity{[16]byte{key}, civil.MustDate(on), restates, events.Identity{IDNumber: number}}
	}
	for _, c := range []struct {
		name string
		said []saidIdentity
		now  string
		want []formerNumber
	}{
		{"nothing said", nil, "a", nil},
		{"mistyped", []saidIdentity{say(1, "2022-01-01", true, "b")}, "b", []formerNumber{{"a", true}}},
		{"changed, and mistyped then", []saidIdentity{say(2, "2022-02-01", true, "c"), say(1, "2022-01-01", false, "b")}, "c", []formerNumber{{"a", false}, {"b", true}}},
		{"there and back", []saidIdentity{say(1, "2022-01-01", false, "b"), say(2, "2022-02-01", false, "a")}, "a", []formerNumber{{"b", false}}},
		{"kept and mistyped", []saidIdentity{say(1, "2022-01-01", false, "b"), say(2, "2022-02-01", false, "a"), say(3, "2022-03-01", true, "c")}, "c", []formerNumber{{"a", false}, {"b", false}}},
		{"the same again", []saidIdentity{say(1, "2022-01-01", true, "a")}, "a", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, former := knownFrom(events.Identity{IDNumber: "a"}, c.said)
			if k.IDNumber != c.now || !slices.Equal(former, c.want) {
				t.Errorf("%s %v, want %s %v", k.IDNumber, former, c.now, c.want)
			}
		})
	}
}
