package placement_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/rules/placing/placingtest"
)

// A book is the events of a log, in log order.
type book []*events.Event

// standing returns the events that no other event replaces or withdraws, for the oracle of
// the placement rule.
func (b book) standing() placingtest.Book { return placingtest.Book(b).Standing() }

func (b book) String() string { return placingtest.Book(b).String() }

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

// days yields all days that matter: those of the window, and one on each side.
func days(yield func(civil.Date) bool) {
	for d := begin - 1; d <= begin+window+1; d++ {
		if !yield(d) {
			return
		}
	}
}

// judge lists the contradictions in the book.
func (b book) judge() (wrong []string) {
	standing := book(b.standing())
	placements, idle := placingtest.Book(standing).Placements()
	for _, x := range idle {
		wrong = append(wrong, fmt.Sprintf("exit %s ends nothing", x.ID))
	}
	for _, p := range placements {
		if p.Exit != p.From && placingtest.Book(standing).Seats(p.Post, p.From) < p.Seat {
			wrong = append(wrong, fmt.Sprintf("%s is put on seat %d of %s, which is not there on %s", p.Person, p.Seat, p.Post, p.From))
		}
		if len(p.Hires) > 1 {
			wrong = append(wrong, fmt.Sprintf("%s is put on seat %d of %s on %s by %d hires", p.Person, p.Seat, p.Post, p.From, len(p.Hires)))
		}
	}
	for day := range days {
		people, taken := map[events.Person]string{}, map[string][]*placingtest.Placement{}
		for _, p := range placements {
			if !p.On(day) {
				continue
			}
			seat := fmt.Sprint(p.Post, "#", p.Seat)
			if other := people[p.Person]; other != "" {
				wrong = append(wrong, fmt.Sprintf("%s is on %s and %s on %s", p.Person, other, seat, day))
			}
			for _, other := range taken[seat] {
				if !standing.share(p, other, day) {
					wrong = append(wrong, fmt.Sprintf("%s holds %s and %s on %s", seat, other.Person, p.Person, day))
				}
			}
			people[p.Person] = seat
			taken[seat] = append(taken[seat], p)
		}
	}
	return wrong
}

// share reports whether two people may have a seat on a day: one is suspended and the other
// stands in, or the stand-in should have left, since the term has ended, and the suspension
// has ended by itself.
func (b book) share(p, q *placingtest.Placement, day civil.Date) bool {
	of := placingtest.Book(b)
	for range 2 {
		p, q = q, p // q stands in for p
		if !q.Stands {
			continue
		}
		if of.Suspended(p, day) {
			return true
		}
		resumed := slices.ContainsFunc(b, func(e *events.Event) bool {
			d, ok := e.Data.(*events.HireResumed)
			return ok && d.Person == p.Person && d.Post == p.Post && p.On(d.On) && d.On <= day
		})
		for d := q.From; d < day && day >= q.Term && !resumed; d++ {
			if of.Suspended(p, d) {
				return true
			}
		}
	}
	return false
}

// check lists the contradictions at the first position of the log that has any.
func (b book) check() []string {
	for n := range b {
		if wrong := b[:n+1].judge(); wrong != nil {
			return append(wrong, "after "+b[:n+1].String())
		}
	}
	return nil
}
