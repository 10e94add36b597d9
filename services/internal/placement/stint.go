package placement

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// A Stint is a placement with its end: one person on one seat on the days
// [From, Exit).
type Stint struct {
	Hire
	Exit  civil.Date // first day no longer in place, 0 while in place
	Ended Fact       // the exit's, zero while in place
}

// Overlaps says whether the stint has a day in [from, until); until 0 is open.
func (t Stint) Overlaps(from, until civil.Date) bool {
	return (until == 0 || t.From < until) && (t.Exit == 0 || t.Exit > from) && t.From != t.Exit
}

// Meets says whether two stints share a day.
func (t Stint) Meets(u Stint) bool { return t.From != t.Exit && u.Overlaps(t.From, t.Exit) }

// Stints pairs hires and exits: by person, each hire in order of its on-duty
// day takes the first exit on or after it that no earlier one took. Exits left
// over count for nothing. It allocates once.
func (p *Post) Stints() []Stint {
	stints := make([]Stint, len(p.hires))
	for i, h := range p.hires {
		stints[i].Hire = h
	}
	slices.SortFunc(stints, func(a, b Stint) int {
		return cmp.Or(cmp.Compare(a.From, b.From), bytes.Compare(a.Fact[:], b.Fact[:]))
	})
	if len(p.exits) == 0 {
		return stints
	}
	exits := slices.Clone(p.exits)
	slices.SortFunc(exits, func(a, b leaving) int {
		return cmp.Or(cmp.Compare(a.on, b.on), bytes.Compare(a.fact[:], b.fact[:]))
	})
	for i := range stints {
		t := &stints[i]
		n := slices.IndexFunc(exits, func(l leaving) bool { return l.person == t.Person && l.on >= t.From })
		if n >= 0 {
			t.Exit, t.Ended = exits[n].on, exits[n].fact
			exits = slices.Delete(exits, n, n+1)
		}
	}
	return stints
}

// Term returns the end of the agreed term of a hire, renewals included, 0
// where none was agreed. A renewal is of the person's last hire before it.
func (p *Post) Term(t Stint) civil.Date {
	until := t.Until
	for _, r := range p.renewals {
		if r.person == t.Person && r.until > until && (t.Exit == 0 || t.From < r.until) {
			until = r.until
		}
	}
	return until
}

// A Clash says which hard rule a change would break.
type Clash int

// The clashes.
const (
	None         Clash = iota
	SeatTaken          // another person sits there on a day of the stint
	PersonPlaced       // the person is in place on a day of the stint, here or elsewhere
)

// Clash says whether a stint of post p, as it would be, breaks a hard rule.
// The post that s holds under the same name is left out of account.
func (s *State) Clash(p *Post, t Stint) (c Clash, with *Post) {
	for _, u := range p.Stints() {
		if u.Fact == t.Fact || !u.Meets(t) {
			continue
		}
		if u.Person == t.Person {
			return PersonPlaced, p
		}
		if u.Seat == t.Seat {
			return SeatTaken, p
		}
	}
	c = None
	s.Elsewhere(t.Person, s.Post(p.Name), func(other *Post, u Stint) {
		if c == None && u.Meets(t) {
			c, with = PersonPlaced, other
		}
	})
	return c, with
}

// FreeSeat returns the lowest seat from 1 to seats that nobody holds on any
// day from a day on, 0 where there is none.
func (p *Post) FreeSeat(from civil.Date, seats int) int {
	held := make([]bool, seats+1)
	for _, t := range p.Stints() {
		if t.Seat <= seats && t.Overlaps(from, 0) {
			held[t.Seat] = true
		}
	}
	for seat := 1; seat <= seats; seat++ {
		if !held[seat] {
			return seat
		}
	}
	return 0
}

// Held returns the highest seat that somebody holds on a day from a day on, 0
// where nobody does.
func (p *Post) Held(from civil.Date) int {
	seat := 0
	for _, t := range p.Stints() {
		if t.Overlaps(from, 0) {
			seat = max(seat, t.Seat)
		}
	}
	return seat
}

// Stint returns the stint of a hire.
func (p *Post) Stint(fact Fact) (Stint, bool) {
	for _, t := range p.Stints() {
		if t.Fact == fact {
			return t, true
		}
	}
	return Stint{}, false
}

// Ended returns the stint that an exit ended.
func (p *Post) Ended(fact Fact) (Stint, bool) {
	for _, t := range p.Stints() {
		if t.Ended == fact {
			return t, true
		}
	}
	return Stint{}, false
}

// InPlace returns the stint of a person that has no exit yet.
func (p *Post) InPlace(person events.Person) (Stint, bool) {
	for _, t := range p.Stints() {
		if t.Person == person && t.Exit == 0 {
			return t, true
		}
	}
	return Stint{}, false
}

// Empty says whether nobody was ever put on the post.
func (p *Post) Empty() bool { return len(p.hires) == 0 }
