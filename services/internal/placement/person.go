package placement

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// A person is a person whom events name.
type person struct {
	id    events.Person
	facts uint32 // the latest fact
	born  born
}

// born holds the month of birth and the sex in 4 bytes, so that a person takes 24 bytes:
// twice the month, plus 1 for a woman. The month is 0 if it is unknown.
type born int32

func bornIn(month civil.Month, female bool) born {
	b := born(month) * 2
	if female {
		b++
	}
	return b
}

func (b born) month() civil.Month { return civil.Month(b >> 1) }
func (b born) female() bool       { return b&1 == 1 }

// known returns the number of a person, or 0 if no event names the person.
func (s *State) known(id events.Person) uint32 {
	return s.people.Find(hash(id), func(n uint32) bool { return s.persons.At(n).id == id })
}

func (s *State) personHash(n uint32) uint64 { return hash(s.persons.At(n).id) }

// person returns the number of a person. If the person has none, person gives one.
func (s *State) person(id events.Person) uint32 {
	if n := s.known(id); n != 0 {
		return n
	}
	n := s.persons.Add(person{id: id})
	s.people.Add(n, s.personHash)
	s.onRollback(func() {
		s.people.Drop(n, s.personHash)
		s.persons.Cut(int(n))
	})
	return n
}

// born keeps the month of birth and the sex that the first hire names. Both follow from the
// identity number, so all hires of a person name the same until the person is identified anew.
func (s *State) born(n uint32, b born) {
	p := s.persons.At(n)
	if p.born.month() != 0 || b.month() == 0 {
		return
	}
	p.born = b
	s.onRollback(func() { s.persons.At(n).born = 0 })
}

// paired appends the placements of a person as they would be after a change, each with the
// exit that ends it, ordered by post, on-duty day and seat.
func (s *State) paired(to []placing.Placement, n uint32, c change) []placing.Placement {
	var few [8]placing.Exit
	exits, first := few[:0], len(to)
	for i, f := range s.standing(s.persons.At(n).facts, c, ofPerson(n)) {
		switch f.kind {
		case hired:
			to = append(to, f.placement(i))
		case exited:
			exits = append(exits, placing.Exit{Holder: f.holder(), On: f.day, No: i})
		default: // the others need nothing here
		}
	}
	placing.Pair(to[first:], exits)
	return to
}

// ofPerson returns a function that reports whether a fact is about the person with number n.
func ofPerson(n uint32) func(*fact) bool {
	return func(f *fact) bool { return f.kind.ofPerson() && f.of == n }
}

// settle pairs the hires of a person with their exits anew, and keeps the result in the facts.
func (s *State) settle(n uint32) {
	var few [8]placing.Placement
	for _, p := range s.paired(few[:0], n, change{}) {
		f := s.facts.At(p.Hire)
		now := f.flags.with(again, p.Repeated).with(standsIn, p.StandsIn)
		if exit, flags := f.exit, f.flags; exit != p.Exit || flags != now {
			f.exit, f.flags = p.Exit, now
			s.onRollback(func() {
				f := s.facts.At(p.Hire)
				f.exit, f.flags = exit, flags
			})
		}
	}
}

// renew moves the ends of the terms of the placements of a person, as the renewals say.
func (s *State) renew(placements []placing.Placement, n uint32, c change) {
	for _, f := range s.standing(s.persons.At(n).facts, c, ofPerson(n)) {
		if f.kind == renewed {
			placing.Renew(placements, placing.Renewal{Holder: f.holder(), Until: f.day})
		}
	}
}
