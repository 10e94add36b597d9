package placement_test

import (
	"math/rand/v2"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
	"pgregory.net/rapid"
)

// tell draws events that may contradict each other in any way: corrections before the events
// that they replace, exits before their hires, people on many seats.
func tell(t *rapid.T, most int) book {
	who := &eventGenerator{name: "e", pick: evenly(t)}
	var b book
	for range rapid.IntRange(1, most).Draw(t, "events") {
		e := who.next()
		who.vary(e, b)
		who.accepted(e)
		b = append(b, e)
	}
	return b
}

// vary changes an event to one that the services may refuse in decide mode: developments of
// one post differ in everything, and hires and exits are repeated under another id, with
// other terms and codes.
func (t *eventGenerator) vary(e *events.Event, told book) {
	one := func(texts ...string) string { return texts[t.pick(len(texts))] }
	switch d := e.Data.(type) {
	case *events.PostDeveloped:
		d.Category, d.Kind, d.Area = one("public_service", "other"), one("", "a", "b"), one("rural", "urban")
		d.Employer, d.Fund = one("", "a", "b"), one("", "a", "b")
		d.Division = division.Code(one("", "370211102231", "370211102001"))
		d.Standard, d.RequiredDays = events.Fen(600*t.pick(3)), 20*t.pick(2)
	case *events.HirePlaced:
		again := t.pick(3) == 0
		for _, old := range told {
			if h, ok := old.Data.(*events.HirePlaced); ok && again {
				d.Who, d.Post, d.Seat, d.From = h.Who, h.Post, h.Seat, h.From
				again = t.pick(3) > 0
			}
		}
		d.Group, d.Until = one("older", "disabled"), d.From+civil.Date(300*t.pick(3))
	case *events.ExitRecorded:
		d.Kind, d.Code = one("natural", "dismissal"), one("N1", "N5")
	}
}

// evenly returns a function that picks numbers with equal probability. rapid itself prefers
// small numbers, which here would mean the same person and post again and again.
func evenly(t *rapid.T) func(n int) int {
	return rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "dice"), 0)).IntN
}

func fold(b book) *placement.State {
	s := placement.New()
	for _, e := range b {
		command.Apply(s, e)
	}
	return s
}

// A round that is rolled back leaves no trace. If its events are applied again, the state is
// as if they had been applied once.
func TestUndo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := tell(t, 60)
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		s := fold(b[:cut])
		before := s.Dump()
		s.Begin()
		for _, e := range b[cut:] {
			command.Apply(s, e)
		}
		s.Rollback()
		if got := s.Dump(); got != before {
			t.Fatalf("after the undo:\n%s\nwant:\n%s", got, before)
		}
		s.Begin()
		for _, e := range b[cut:] {
			command.Apply(s, e)
		}
		s.Keep()
		if got, want := s.Dump(), fold(b).Dump(); got != want {
			t.Fatalf("done again:\n%s\nwant:\n%s", got, want)
		}
	})
}

// A renewal moves the term of the placement that began last before the new end. The term
// ends with the last renewal.
func TestTerm(t *testing.T) {
	b := book{
		Developed("d", "a", 2, "2022-01-01"),
		Hired("h1", "a", 1, 1, "2022-02-01"), Renewed("n1", "a", 1, "2023-08-01"), Renewed("n2", "a", 1, "2023-05-01"),
		Exited("x", "a", 1, "2023-09-01"), Hired("h2", "a", 1, 2, "2023-10-01"), Renewed("n3", "a", 1, "2025-01-01"),
		Renewed("n4", "a", 1, "2025-02-01"), Withdrawn("w", events.HireRenewedType, "n4"),
	}
	for i, want := range []string{"2023-08-01", "2025-01-01"} {
		if got := fold(b).Placements(Person(1))[i].Until.String(); got != want {
			t.Errorf("placement %d ends on %s, want %s", i, got, want)
		}
	}
	if month, female := fold(b).Birth(Person(1)); month.String() != "1970-01" || female {
		t.Errorf("born %s, a woman: %v", month, female)
	}
}

// Exits of one day are one exit: a person who comes back on that day stays.
func TestExitTwice(t *testing.T) {
	s := fold(book{
		Developed("d", "a", 2, "2022-01-01"), Hired("h1", "a", 1, 1, "2022-02-01"),
		Exited("x1", "a", 1, "2022-03-01"), Exited("x2", "a", 1, "2022-03-01"), Hired("h2", "a", 1, 2, "2022-03-01"),
	})
	if got := s.Placements(Person(1)); len(got) != 2 || got[0].Exit.String() != "2022-03-01" || got[1].Exit != 0 {
		t.Errorf("placements %+v", got)
	}
}

// Of two events under one key only the first has an effect.
func TestKeyTwice(t *testing.T) {
	b := book{Developed("d", "a", 2, "2022-01-01"), Hired("h", "a", 1, 1, "2022-02-01")}
	if got, want := fold(append(b, Hired("h", "a", 2, 2, "2022-03-01"))).Dump(), fold(b).Dump(); got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
}

// A post is returned as its development describes it.
func TestPost(t *testing.T) {
	e := Developed("d", "a", 2, "2022-01-01")
	d := e.Data.(*events.PostDeveloped)
	d.Fund, d.Standard, d.RequiredDays, d.Until = "f", 70_000, 22, civil.MustDate("2023-01-01")
	s := fold(book{e})
	p, known := s.Post("a")
	if !known || p.Division != Village || p.Category != "public_service" || p.Area != "rural" || p.Fund != "f" ||
		p.Standard != 70_000 || p.RequiredDays != 22 || p.From != d.From || p.End != d.Until {
		t.Errorf("%v %+v", known, p)
	}
	if _, known := s.Post("b"); known || s.HasPost("b") {
		t.Error("b is known")
	}
	if len(s.Placements(Person(1))) != 0 || s.Known(Person(1)) {
		t.Error("1 is known")
	}
}
