package payment

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/rules"
	"pgregory.net/rapid"
)

// An eventGenerator makes events about few funds, runs and lines, so that they often
// contradict each other. It allocates less money than the lines ask for. New runs replace
// old ones after some events, so that money is short until the end.
type eventGenerator struct {
	name        string
	n           int
	pick        func(n int) int // returns 0 to n-1
	correctable []*events.Event // events that may be replaced or withdrawn
}

func (t *eventGenerator) lines() []string {
	var ids []string
	for i := range 6 {
		if t.pick(3) == 0 {
			ids = append(ids, fmt.Sprint(i))
		}
	}
	if len(ids) == 0 || t.pick(20) == 0 {
		ids = append(ids, fmt.Sprint(t.pick(6)))
	}
	return ids
}

// next returns the next event: an event of its own, a correction or a withdrawal.
func (t *eventGenerator) next() *events.Event {
	t.n++
	id := fmt.Sprint(t.name, t.n)
	var old *events.Event
	if len(t.correctable) > 0 && t.pick(3) == 0 {
		old = t.correctable[t.pick(len(t.correctable))]
		if t.pick(2) == 0 {
			return withdraw(id, old.Type, old.ID)
		}
	}
	run, fund := fmt.Sprint("r", t.n/25+t.pick(2)), fmt.Sprint("f", t.pick(2))
	var e *events.Event
	what := t.pick(6)
	for e == nil || old != nil && e.Type != old.Type {
		switch what % 6 {
		case 0:
			e = allocate(id, fund, events.Fen(t.pick(60)))
		case 1, 2:
			e = instruct(id, run, fund, t.lines()...)
			for i := range e.Data.(*events.PaymentInstructed).Lines {
				e.Data.(*events.PaymentInstructed).Lines[i].Amount = events.Fen(1 + t.pick(100))
			}
		case 3:
			e = settle(id, run, t.lines()...)
		case 4:
			e = giveBack(id, run, t.lines()...)
		case 5:
			e = reverse(id, run, t.lines()...)
		}
		what++
	}
	if old != nil {
		e.Replaces = old.ID
	}
	return e
}

// accepted keeps an accepted event, which later events may correct.
func (t *eventGenerator) accepted(e *events.Event) {
	if e.Type != events.EventWithdrawnType {
		t.correctable = append(t.correctable, e)
	}
}

// read returns all events of the log.
func read(t *testing.T, l log.Log) book {
	t.Helper()
	var b book
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range c.Events {
			e, err := events.Decode(raw)
			if err != nil {
				t.Fatal(err)
			}
			b = append(b, e)
		}
	}
	return b
}

// Goal: whatever the interleaving of concurrent submitters, and with corrections and withdrawals
// among their events, these rules hold at every position of the log: no fund is below zero, no
// line is settled twice, and only settled lines come back. Method: two handlers with folds of
// their own over one log, and submitters that compete for few lines. Then the oracle checks the
// log, and both states are compared with a state folded from the log.
func TestSubmittersFight(t *testing.T) {
	const submitters, each = 6, 150
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	l := memlog.New()
	var handlers []*command.Handler
	var folds []*command.Fold
	var states []*State
	for range 2 {
		d, f, s := start(t, l, village())
		handlers, folds, states = append(handlers, d), append(folds, f), append(states, s)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]int{}
	for i := range submitters {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			who := &eventGenerator{name: fmt.Sprint("e", i, "-"), pick: random.IntN}
			for range each {
				var batch []*events.Event
				for range 1 + random.IntN(3) {
					batch = append(batch, stamp(who.next()))
				}
				receipts, err := handlers[random.IntN(2)].Submit(t.Context(), batch, time.Time{})
				if errors.Is(err, command.ErrBusy) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for n, r := range receipts {
					answers[string(r.Status)]++
					for _, reason := range r.Reasons {
						answers[string(reason.Code)]++
					}
					if r.Status == events.Accepted {
						who.accepted(batch[n])
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	b := read(t, l)
	for n := range b {
		if broken := b[:n+1].broken(); broken != nil {
			t.Fatalf("after %s: %v", b[n].ID, broken)
		}
	}
	for _, code := range []events.Code{FundExceeded, LineRepeated, LineSettled, LineNotSettled, LineReturned, LineUnknown} {
		if answers[string(code)] == 0 {
			t.Errorf("nobody was refused with %s: %v", code, answers)
		}
	}
	if answers["accepted"] < 100 {
		t.Errorf("the fight was too easy or too hard: %v", answers)
	}
	_, _, folded := start(t, l, village())
	for i, f := range folds {
		if err := f.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.Read(func() {
			if a, b := dump(states[i]), dump(folded); a != b {
				t.Errorf("live state %d\n%sis not the folded one\n%s", i, a, b)
			}
		})
	}
}

// Goal: the service refuses exactly the events that would break a hard rule. Method: the
// oracle checks all events with the new one added, and the service must agree. The rules
// about the order of states of a line are narrower than the hard rules: an instruction whose
// line is settled cannot be taken back, and a line that came back is not settled again. So
// the service may refuse an event that the oracle allows, but only with the codes of these
// rules.
func TestRefusesWhatTheOracleRefuses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := NewState()
		service := New(s, village(), rules.New())
		who := &eventGenerator{name: "e", pick: func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }}
		var b book
		superseded := map[string]bool{}
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			e := who.next()
			if k, ok := e.Supersedes(); ok && superseded[k.ID] {
				continue // the handler refuses it
			}
			record, reasons := service.Decide(e)
			broken := append(b[:len(b):len(b)], e).broken()
			if (reasons == nil) && broken != nil {
				t.Fatalf("%s is accepted: %v", e.ID, broken)
			}
			if reasons != nil {
				for _, r := range reasons {
					switch r.Code {
					case LineSettled, LineReturned, LineRepeated, UnknownFund:
						broken = append(broken, "narrower")
					default: // the others need nothing here
					}
				}
				if broken == nil {
					t.Fatalf("%s is refused: %v", e.ID, reasons)
				}
				continue
			}
			command.Apply(s, record)
			b = append(b, e)
			who.accepted(e)
			if k, ok := e.Supersedes(); ok {
				superseded[k.ID] = true
			}
			compare(t, b, s)
		}
	})
}

// compare compares the sums of a state with those of the oracle.
func compare(t *rapid.T, b book, s *State) {
	lines, allocated, left := b.sums()
	for name, f := range s.funds {
		if events.Fen(f.left()) != left[name] || events.Fen(f.allocated) != allocated[name] {
			t.Fatalf("fund %s: %+v, want %d allocated, %d left", name, *f, allocated[name], left[name])
		}
	}
	for name, n := range left {
		if s.funds[name] == nil && n != 0 {
			t.Fatalf("fund %s is missing", name)
		}
	}
	for run, r := range s.runs {
		for i := range 6 {
			want := lines[run.Run+"/"+fmt.Sprint(i)]
			if want == nil {
				want = new(lineSums)
			}
			var got lineSums
			for n, ok := r.names.head(fmt.Sprint(i)); ok; n, ok = r.names.more(n) {
				l := r.line(n)
				if l.fund != 0 {
					got.instructed++
				}
				got.settled += int(l.settled)
				got.returned += len(r.parts[n])
			}
			if got.instructed != want.instructed || got.settled != want.settled || got.returned != want.returned {
				t.Fatalf("%s/%d: %+v, want %+v", run, i, got, *want)
			}
		}
	}
}

// Goal: the state depends only on the set of events. Method: events that the service accepted in
// one order are applied in any order, and the sums are compared with those of the oracle.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := NewState()
		service := New(s, village(), rules.New())
		who := &eventGenerator{name: "e", pick: func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }}
		var b book
		superseded := map[string]bool{}
		for range rapid.IntRange(1, 30).Draw(t, "events") {
			e := who.next()
			if k, ok := e.Supersedes(); ok && superseded[k.ID] {
				continue
			} else if record, reasons := service.Decide(e); reasons == nil {
				command.Apply(s, record)
				b = append(b, e)
				who.accepted(e)
				superseded[k.ID] = ok
			}
		}
		shuffled := NewState()
		for _, e := range rapid.Permutation(b).Draw(t, "order") {
			command.Apply(shuffled, e)
		}
		compare(t, b, shuffled)
	})
}

// Goal: a round that is rolled back leaves no trace. Method: one list of events is applied;
// a second one, contradictions included, is applied with the journal open and undone. Then a
// third list is applied to this state and to a state that never got the second list.
func TestUndo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		who := &eventGenerator{name: "e", pick: func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }}
		tell := func(most int) (list []*events.Event) {
			for range rapid.IntRange(0, most).Draw(t, "events") {
				e := who.next()
				who.accepted(e)
				list = append(list, e)
			}
			return list
		}
		a, b := NewState(), NewState()
		apply := func(s *State, list []*events.Event) {
			for _, e := range list {
				command.Apply(s, e)
			}
		}
		first, second, third := tell(20), tell(20), tell(10)
		apply(a, first)
		apply(b, first)
		before := dump(a)
		a.Begin()
		apply(a, second)
		a.Rollback()
		if after := dump(a); after != before {
			t.Fatalf("undone:\n%swas:\n%s", after, before)
		}
		a.Begin()
		apply(a, third)
		a.Keep()
		apply(b, third)
		if x, y := dump(a), dump(b); x != y {
			t.Fatalf("after the undo:\n%swithout it:\n%s", x, y)
		}
	})
}

// A decision changes neither the event nor the state.
func TestDecideChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := NewState()
		service := New(s, village(), rules.New())
		who := &eventGenerator{name: "e", pick: func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }}
		for range rapid.IntRange(1, 20).Draw(t, "events") {
			e := stamp(who.next())
			state, digest := dump(s), e.Digest
			record, reasons := service.Decide(e)
			if dump(s) != state {
				t.Fatal("the state was changed")
			}
			if stamp(e).Digest != digest {
				t.Fatal("the event was changed")
			}
			if reasons == nil {
				command.Apply(s, record)
				who.accepted(e)
			}
		}
	})
}
