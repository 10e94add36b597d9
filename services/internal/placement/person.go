package placement

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// A person is somebody whom events speak of.
type person struct {
	id    events.Person
	facts uint32 // the latest
	born  born
}

// born is the month of a birth, doubled, and 1 more for a woman: a person takes
// 24 bytes with both in 4. The month is 0 where it is unknown.
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

// known returns the number of a person, 0 when no event speaks of them.
func (s *State) known(id events.Person) uint32 {
	return s.people.Find(hash(id), func(n uint32) bool { return s.persons.At(n).id == id })
}

func (s *State) personHash(n uint32) uint64 { return hash(s.persons.At(n).id) }

// person returns the number of a person, who is made known.
func (s *State) person(id events.Person) uint32 {
	if n := s.known(id); n != 0 {
		return n
	}
	n := s.persons.Add(person{id: id})
	s.people.Add(n, s.personHash)
	s.did(func() {
		s.people.Drop(n, s.personHash)
		s.persons.Cut(int(n))
	})
	return n
}

// born notes what a hire says of a person's birth. It follows from the
// identity number, so that all hires say the same.
func (s *State) born(n uint32, d *events.HirePlaced) {
	p := s.persons.At(n)
	if p.born.month() != 0 || d.BirthMonth == 0 {
		return
	}
	p.born = bornIn(d.BirthMonth, d.Sex == "F")
	s.did(func() { s.persons.At(n).born = 0 })
}

// paired appends the hires of a person as they would be after a change, paired with
// the exits, by post, on-duty day and seat.
func (s *State) paired(to []placing.Placement, n uint32, c change) []placing.Placement {
	var few [8]placing.Exit
	exits, first := few[:0], len(to)
	for i, f := range s.standing(s.persons.At(n).facts, c, ofPerson(n)) {
		switch f.kind {
		case hired:
			to = append(to, f.placement(i))
		case exited:
			exits = append(exits, placing.Exit{Holder: f.holder(), On: f.day, No: i})
		}
	}
	placing.Pair(to[first:], exits)
	return to
}

// ofPerson returns what says whether a fact is about a person.
func ofPerson(n uint32) func(*fact) bool {
	return func(f *fact) bool { return f.kind.ofPerson() && f.of == n }
}

// settle keeps the pairing of a person's hires ready.
func (s *State) settle(n uint32) {
	var few [8]placing.Placement
	for _, p := range s.paired(few[:0], n, change{}) {
		f := s.facts.At(p.Hire)
		if exit, again := f.exit, f.again; exit != p.Exit || again != p.Repeated {
			f.exit, f.again = p.Exit, p.Repeated
			s.did(func() {
				f := s.facts.At(p.Hire)
				f.exit, f.again = exit, again
			})
		}
	}
}

// renew moves the ends of the terms of a person's placements to what renewals say.
func (s *State) renew(placements []placing.Placement, n uint32, c change) {
	for _, f := range s.standing(s.persons.At(n).facts, c, ofPerson(n)) {
		if f.kind == renewed {
			placing.Renew(placements, placing.Renewal{Holder: f.holder(), Until: f.day})
		}
	}
}
