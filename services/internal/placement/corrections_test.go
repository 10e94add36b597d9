package placement_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing/placingtest"
	"github.com/muster-works/muster/services/exit"
	"github.com/muster-works/muster/services/hire"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
	"github.com/muster-works/muster/services/internal/rules"
	"pgregory.net/rapid"
)

// An office is the services hire and exit over one state, with posts a and b of two seats.
type office struct {
	state *placement.State
	hire  *hire.Service
	exit  *exit.Service
	taken book
}

func newOffice(packs *rules.State) *office {
	s := placement.New()
	o := &office{state: s, hire: hire.New(s, packs), exit: exit.New(s, packs)}
	for _, post := range []string{"a", "b"} {
		command.Apply(s, Developed("post-"+post, post, 2, "2022-01-01"))
	}
	return o
}

// submit decides an event and applies what is accepted.
func (o *office) submit(e *events.Event) events.Reasons {
	decide := o.hire.Decide
	if e.Family() == events.Exit {
		decide = o.exit.Decide
	}
	record, refused := decide(e)
	if refused == nil {
		command.Apply(o.state, record)
		o.taken = append(o.taken, record)
	}
	return refused
}

// stints draws a history that the office accepts, and that it is told day by day: people come
// to a free seat, leave, and come back, and some never start. Now and then an exit is told late.
func stints(o *office, pick func(int) int) {
	day, late := begin, []*events.Event(nil)
	for n := range 8 + pick(25) {
		day += civil.Date(pick(3))
		post, person, id := string(rune('a'+pick(2))), 1+pick(3), fmt.Sprint("e", n)
		e := Hired(id, post, person, 1+pick(2), day.String())
		if pick(5) < 3 {
			e = Exited(id, post, person, day.String())
		}
		if pick(6) == 0 {
			late = append(late, e)
			continue
		}
		if o.submit(e); pick(4) == 0 {
			for _, e := range late {
				o.submit(e)
			}
			late = nil
		}
	}
}

// corrected draws a correction of an event: another day, now and then another seat, post or
// person.
func corrected(old *events.Event, pick func(int) int) *events.Event {
	day := dayOf(old) + civil.Date(pick(13)-6)
	id, post, person, seat := "new", "", 0, 0
	switch d := old.Data.(type) {
	case *events.HirePlaced:
		post, person, seat = d.Post, int(d.Person[15]), d.Seat
	case *events.ExitRecorded:
		post, person = d.Post, int(d.Person[15])
	}
	switch pick(8) {
	case 0:
		post = string(rune('a' + pick(2)))
	case 1:
		person = 1 + pick(3)
	case 2:
		seat = 1 + pick(2)
	}
	if old.Type == events.ExitRecordedType {
		return Exited(id, post, person, day.String())
	}
	return Hired(id, post, person, seat, day.String())
}

func dayOf(e *events.Event) civil.Date {
	if d, ok := e.Data.(*events.ExitRecorded); ok {
		return d.On
	}
	return e.Data.(*events.HirePlaced).From
}

// takesAll reports whether an office that knows nothing accepts the events in their order.
func takesAll(packs *rules.State, all book) bool {
	o := newOffice(packs)
	return !slices.ContainsFunc(all, func(e *events.Event) bool { return o.submit(e) != nil })
}

// takesAllByDay reports whether an office that knows nothing accepts the events day by day, in
// some order of those of one day.
func takesAllByDay(packs *rules.State, all book) bool {
	o := newOffice(packs)
	rest := slices.Clone(all)
	slices.SortStableFunc(rest, func(a, b *events.Event) int { return cmp.Compare(dayOf(a), dayOf(b)) })
	for len(rest) > 0 {
		i := slices.IndexFunc(rest, func(e *events.Event) bool { return dayOf(e) == dayOf(rest[0]) && o.submit(e) == nil })
		if i < 0 {
			return false
		}
		rest = slices.Delete(rest, i, i+1)
	}
	return true
}

// pairs returns which hires each exit ends, by the places of the events, without those of the
// event at one place.
func pairs(all book, without int) map[int][]int {
	placements, _ := all.standing().Placements()
	at := func(e *events.Event) int { return slices.Index(all, e) }
	pairs := map[int][]int{}
	for _, p := range placements {
		for _, h := range p.Hires {
			if p.Ended != nil && at(p.Ended) != without && at(h) != without {
				pairs[at(p.Ended)] = append(pairs[at(p.Ended)], at(h))
			}
		}
	}
	return pairs
}

// started returns the events without the stints that never started: those that ended on the day
// on which they began.
func started(all book) book {
	placements, _ := all.standing().Placements()
	return slices.DeleteFunc(slices.Clone(all), func(e *events.Event) bool {
		return slices.ContainsFunc(placements, func(p *placingtest.Placement) bool {
			return p.Exit == p.From && (p.Ended.ID == e.ID || slices.ContainsFunc(p.Hires, func(h *events.Event) bool { return h.ID == e.ID }))
		})
	})
}

// Goal: a correction is judged in the books in which it stands where the old event stood. If
// its result would have been accepted in the order of the log, it is accepted; and also if the
// result would have been accepted day by day, and the other exits end what they ended.
// If it is accepted, its result would have been accepted day by day; stints that never started
// may be left out, since they contradict nothing.
// Method: rapid draws a history of stints and a correction of one event. The events with the
// correction in the place of the event are told to an office that knows nothing of it.
func TestCorrectionsAreJudgedInTheirPlace(t *testing.T) {
	packs := Rules(t)
	answers := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		pick := evenly(t)
		o := newOffice(packs)
		stints(o, pick)
		if len(o.taken) == 0 {
			t.Skip("nothing was accepted")
		}
		told := slices.Clone(o.taken)
		i := pick(len(told))
		e := corrected(told[i], pick)
		result := slices.Clone(told)
		result[i] = e
		must := takesAll(packs, result) || takesAllByDay(packs, result) && maps.EqualFunc(pairs(told, i), pairs(result, i), slices.Equal)
		may := must || takesAllByDay(packs, started(result))

		correction := *e
		correction.Replaces = told[i].ID
		refused := o.submit(&correction)
		if accepted := refused == nil; must && !accepted || accepted && !may {
			t.Fatalf("%s by %s %+v: %v; must be accepted: %v, may be: %v\n%s", told[i].ID, e.Type, e.Data, refused, must, may, told)
		}
		answers[fmt.Sprintf("%s %s", e.Type, cmp.Or(Answer(refused), "accepted"))]++
	})
	t.Log(answers)
}
