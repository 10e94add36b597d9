package placement_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/internal/placement"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
)

// A book is a log, read by rules written down once more: slow, day by day, and
// with nothing in common with the state but the contract.
type book []*events.Event

// read returns the events of a log.
func read(t testing.TB, l log.Log) book {
	t.Helper()
	var b book
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{Boundary: "placement"}) {
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

// standing leaves out what is replaced or withdrawn.
func (b book) standing() book {
	void := map[string]bool{}
	for _, e := range b {
		if w, ok := e.Data.(*events.EventWithdrawn); ok {
			void[fmt.Sprint(w.Of.Family(), w.ID)] = true
		} else if e.Replaces != "" {
			void[fmt.Sprint(e.Family(), e.Replaces)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(b), func(e *events.Event) bool {
		return e.Type == events.EventWithdrawnType || void[fmt.Sprint(e.Family(), e.ID)]
	})
}

// A spell is one person on one seat.
type spell struct {
	person     events.Person
	post       string
	seat       int
	from, exit civil.Date
	by         *events.Event // the exit
}

func (s spell) on(day civil.Date) bool { return s.from <= day && (s.exit == 0 || day < s.exit) }

// spells pairs the hires with the exits that stand, and returns the exits that
// end nothing.
func (b book) spells() (spells []*spell, idle []*events.Event) {
	var exits []*events.Event
	for _, e := range b {
		switch d := e.Data.(type) {
		case *events.HirePlaced:
			spells = append(spells, &spell{person: d.Person, post: d.Post, seat: d.Seat, from: d.From})
		case *events.ExitRecorded:
			exits = append(exits, e)
		}
	}
	slices.SortStableFunc(exits, func(a, b *events.Event) int {
		return int(a.Data.(*events.ExitRecorded).On - b.Data.(*events.ExitRecorded).On)
	})
	for _, x := range exits {
		d := x.Data.(*events.ExitRecorded)
		var earlier, same []*spell
		shared := false
		for _, s := range spells {
			if s.person != d.Person || s.post != d.Post {
				continue
			}
			shared = shared || s.exit == d.On
			if s.exit == 0 && s.from < d.On {
				earlier = append(earlier, s)
			} else if s.exit == 0 && s.from == d.On {
				same = append(same, s)
			}
		}
		if shared {
			continue // another exit of that day has done it
		}
		if len(earlier) == 0 {
			earlier = same
		}
		if len(earlier) == 0 {
			idle = append(idle, x)
		}
		for _, s := range earlier {
			s.exit, s.by = d.On, x
		}
	}
	return spells, idle
}

// size returns the seats of a post on a day, 0 when it is not there.
func (b book) size(post string, day civil.Date) int {
	var developed *events.PostDeveloped
	for _, e := range b {
		switch d := e.Data.(type) {
		case *events.PostDeveloped:
			if d.Post == post && developed == nil {
				developed = d
			}
		case *events.PostClosed:
			if d.Post == post && d.On <= day {
				return 0
			}
		}
	}
	if developed == nil || day < developed.From || developed.Until != 0 && day >= developed.Until {
		return 0
	}
	size, since := developed.Seats, developed.From
	for _, e := range b {
		if d, ok := e.Data.(*events.PostResized); ok && d.Post == post && d.From <= day {
			switch from := max(d.From, developed.From); {
			case from > since:
				size, since = d.Seats, from
			case from == since:
				size = max(size, d.Seats)
			}
		}
	}
	return size
}

// days are all that matter: every one of the window, and one beyond.
func days(yield func(civil.Date) bool) {
	for d := begin - 1; d <= begin+window+1; d++ {
		if !yield(d) {
			return
		}
	}
}

// judge says what is contradictory in the book.
func (b book) judge() (wrong []string) {
	b = b.standing()
	spells, idle := b.spells()
	for _, x := range idle {
		wrong = append(wrong, fmt.Sprintf("exit %s ends nothing", x.ID))
	}
	for _, s := range spells {
		if s.exit != s.from && b.size(s.post, s.from) < s.seat {
			wrong = append(wrong, fmt.Sprintf("%s is put on seat %d of %s, which is not there on %s", s.person, s.seat, s.post, s.from))
		}
	}
	for day := range days {
		people, taken := map[events.Person]string{}, map[string]events.Person{}
		for _, s := range spells {
			if !s.on(day) {
				continue
			}
			seat := fmt.Sprint(s.post, "#", s.seat)
			if other := people[s.person]; other != "" {
				wrong = append(wrong, fmt.Sprintf("%s is on %s and %s on %s", s.person, other, seat, day))
			}
			if other, ok := taken[seat]; ok {
				wrong = append(wrong, fmt.Sprintf("%s holds %s and %s on %s", seat, other, s.person, day))
			}
			people[s.person], taken[seat] = seat, s.person
		}
	}
	return wrong
}

// check judges the book at every position of the log.
func (b book) check() []string {
	for n := range b {
		if wrong := b[:n+1].judge(); wrong != nil {
			return append(wrong, "after "+b[:n+1].String())
		}
	}
	return nil
}

// differ compares what the state answers with the book.
func (b book) differ(s *placement.State) (wrong []string) {
	b = b.standing()
	spells, _ := b.spells()
	for i := range posts {
		name := fmt.Sprint("p", i)
		p, known := s.Post(name)
		if has := slices.ContainsFunc(b, func(e *events.Event) bool {
			d, ok := e.Data.(*events.PostDeveloped)
			return ok && d.Post == name
		}); has != known || has != s.HasPost(name) {
			wrong = append(wrong, fmt.Sprintf("post %s is known: %v", name, known))
		}
		for day := range days {
			if got, want := p.Seats(day), b.size(name, day); got != want {
				wrong = append(wrong, fmt.Sprintf("post %s has %d seats on %s, want %d", name, got, day, want))
			}
		}
	}
	for i := range persons {
		p := Person(1 + i)
		listed, first := map[string]int{}, civil.Date(0)
		for _, s := range spells {
			if s.person == p {
				listed[fmt.Sprint(s.post, s.seat, s.from, s.exit)]++
				if s.exit != s.from && (first == 0 || s.from < first) {
					first = s.from
				}
			}
		}
		known := len(listed) > 0
		for _, l := range s.Placements(p) {
			listed[fmt.Sprint(l.Post, l.Seat, l.From, l.Exit)]--
		}
		maps.DeleteFunc(listed, func(_ string, n int) bool { return n == 0 })
		if len(listed) > 0 || s.Known(p) != known {
			wrong = append(wrong, fmt.Sprintf("person %s is known: %v, placements differ in %v", p, s.Known(p), listed))
		}
		for day := range days {
			if got, want := s.PlacedBefore(p, day), first != 0 && first < day; got != want {
				wrong = append(wrong, fmt.Sprintf("person %s was placed before %s: %v", p, day, got))
			}
			for n := range posts {
				post := fmt.Sprint("p", n)
				want := slices.ContainsFunc(spells, func(s *spell) bool { return s.person == p && s.post == post && s.on(day) })
				if got := s.PlacedOn(p, post, day); got != want {
					wrong = append(wrong, fmt.Sprintf("person %s is on %s on %s: %v", p, post, day, got))
				}
			}
		}
	}
	return wrong
}
