package placement_test

import (
	"fmt"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
)

// The events of an eventGenerator happen on these days, on few posts and to few people, so that they
// often contradict each other.
const (
	window  = 24
	posts   = 3
	seats   = 3
	persons = 7
)

var begin = civil.MustDate("2022-05-01")

// An eventGenerator generates events: first developments of posts, then mostly events about people
// whom it has placed.
type eventGenerator struct {
	name        string
	n           int
	pick        func(n int) int // returns 0 to n-1
	record      int             // one event in so many is in record mode; 0 is none
	correctable []*events.Event // events that may be replaced or withdrawn
}

func (t *eventGenerator) day() string { return (begin + civil.Date(t.pick(window))).String() }

// place returns any post and any person.
func (t *eventGenerator) place() (post string, person int) {
	return fmt.Sprint("p", t.pick(posts)), 1 + t.pick(persons)
}

// placed returns, in most cases, a post and a person whom the generator has placed on it.
func (t *eventGenerator) placed() (post string, person int) {
	for _, e := range t.correctable[min(len(t.correctable), t.pick(len(t.correctable)+1)):] {
		if d, ok := e.Data.(*events.HirePlaced); ok && t.pick(3) > 0 {
			return d.Post, int(d.Person[15])
		}
	}
	return t.place()
}

// next returns the next event: an event of its own, a correction or a withdrawal.
func (t *eventGenerator) next() *events.Event {
	t.n++
	id := fmt.Sprint(t.name, t.n)
	if t.n <= posts {
		return Developed(id, fmt.Sprint("p", t.n-1), seats, (begin + civil.Date(t.pick(4))).String())
	}
	e := t.event(id)
	if len(t.correctable) > 0 && t.pick(4) == 0 {
		if old := t.correctable[t.pick(len(t.correctable))]; t.pick(2) == 0 {
			e = Withdrawn(id, old.Type, old.ID)
		} else {
			for e.Type != old.Type {
				e = t.event(id)
			}
			e.Replaces = old.ID
		}
	}
	if t.record > 0 && t.pick(t.record) == 0 {
		e.Submode = events.ModeRecord
	}
	return e
}

func (t *eventGenerator) event(id string) *events.Event {
	post, person := t.place()
	switch t.pick(40) {
	case 0:
		e := Developed(id, post, 1+t.pick(seats), t.day())
		if d := e.Data.(*events.PostDeveloped); t.pick(3) == 0 {
			d.Until = d.From + 1 + civil.Date(t.pick(window))
		}
		return e
	case 1, 2, 3:
		return Resized(id, post, t.pick(seats+1), t.day())
	case 4:
		return Closed(id, post, t.day())
	case 23, 24:
		return Changed(id, post, t.day(), t.change())
	case 25, 26:
		_, person = t.placed()
		e := Identified(id, person, []string{events.Mistyped, events.Changed, events.Renamed}[t.pick(3)], t.day(), fmt.Sprint("196", t.pick(3), "-01"))
		e.Data.(*events.PersonIdentified).Posts = []string{"p0", "p1", "p2"}
		return e
	case 5, 6:
		post, person = t.placed()
		return Renewed(id, post, person, (begin + 300 + civil.Date(t.pick(600))).String())
	case 7, 8, 9, 10, 11:
		post, person = t.placed()
		e := Suspended(id, post, person, t.day(), "")
		if d := e.Data.(*events.HireSuspended); t.pick(2) == 0 {
			d.Until = d.From + 1 + civil.Date(t.pick(window/2))
		}
		return e
	case 12, 13, 14:
		post, person = t.placed()
		return Resumed(id, post, person, t.day())
	case 15:
		post, person = t.placed()
		return Regrouped(id, post, person, t.day(), events.Groups()[t.pick(4)])
	case 16, 17, 18, 19, 20, 21, 22:
		return t.standIn(id)
	}
	if t.pick(5) < 2 {
		post, person = t.placed()
		return Exited(id, post, person, t.day())
	}
	return Hired(id, post, person, t.pick(seats+1), t.day())
}

// standIn returns a hire that stands in, in most cases for somebody whom the generator has
// suspended, and on that person's seat.
func (t *eventGenerator) standIn(id string) *events.Event {
	post, person := t.place()
	_, instead := t.place()
	from, seat := t.day(), t.pick(seats+1)
	for _, e := range t.correctable[min(len(t.correctable), t.pick(len(t.correctable)+1)):] {
		if d, ok := e.Data.(*events.HireSuspended); ok && t.pick(4) > 0 {
			post, instead, seat, from = d.Post, int(d.Person[15]), 0, (d.From + civil.Date(t.pick(4))).String()
		}
	}
	e := StandingIn(Hired(id, post, person, seat, from), instead)
	if d := e.Data.(*events.HirePlaced); t.pick(2) == 0 {
		d.Until = d.From + 1 + civil.Date(t.pick(window/2))
	}
	return e
}

// change returns a change of some details of a post.
func (t *eventGenerator) change() (c events.PostChanged) {
	one := func(texts ...string) string { return texts[t.pick(len(texts))] }
	c.Standard = events.Fen(600 * (1 + t.pick(3)))
	c.Division = division.Code(one("", "370211102231", "370211102001", "370212001001"))
	c.Category, c.Kind, c.Area = one("", "public_service", "other"), one("", "a", "b"), one("", "rural", "urban")
	c.Employer, c.Fund, c.RequiredDays = one("", "a"), one("", "a", "b"), 20*t.pick(2)
	return c
}

// accepted keeps an accepted event, which later events may correct.
func (t *eventGenerator) accepted(e *events.Event) {
	w, withdrawn := e.Data.(*events.EventWithdrawn)
	t.correctable = slices.DeleteFunc(t.correctable, func(old *events.Event) bool {
		return e.Replaces != "" && old.ID == e.Replaces || withdrawn && old.ID == w.ID
	})
	if !withdrawn {
		t.correctable = append(t.correctable, e)
	}
}
