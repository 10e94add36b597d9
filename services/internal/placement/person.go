package placement

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
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

// A stay is one person on one seat, from the day of the hire until the exit.
type stay struct {
	hire   uint32 // the fact; 0 is one that is not in the table
	person uint32
	post   uint32
	seat   uint16
	from   civil.Date
	exit   civil.Date // 0 is in place still
	until  civil.Date // end of the term
}

// overlaps says whether the stay has a day of the interval; 0 is no end.
func (t stay) overlaps(from, until civil.Date) bool {
	return overlap(t.from, t.exit, from, until)
}

// overlap says whether two half-open intervals have a day in common; 0 is no
// end.
func overlap(from, until, from2, until2 civil.Date) bool {
	first := max(from, from2)
	return (until == 0 || first < until) && (until2 == 0 || first < until2)
}

// stays appends the stays of a person as they would be after a change, from
// the latest fact to the first.
func (s *State) stays(to []stay, n uint32, c change) []stay {
	var few [8]*fact
	exits, first := few[:0], len(to)
	mine := func(f *fact) bool { return f.kind.ofPerson() && f.of == n }
	for i, f := range s.standing(s.persons.At(n).facts, c, mine) {
		switch f.kind {
		case hired:
			to = append(to, stay{i, n, f.post, f.seats, f.day, 0, f.until})
		case exited:
			exits = append(exits, f)
		}
	}
	slices.SortFunc(exits, func(a, b *fact) int { return cmp.Compare(a.day, b.day) })
	for i, x := range exits {
		if slices.ContainsFunc(exits[:i], func(y *fact) bool { return y.post == x.post && y.day == x.day }) {
			continue // exits of one day are one
		}
		ended := false
		for i := range to[first:] {
			if t := &to[first+i]; t.post == x.post && t.exit == 0 && t.from < x.day {
				t.exit, ended = x.day, true
			}
		}
		for i := range to[first:] {
			if t := &to[first+i]; !ended && t.post == x.post && t.exit == 0 && t.from == x.day {
				t.exit = x.day
			}
		}
	}
	return to
}

// settle keeps the exits of a person's hires ready.
func (s *State) settle(n uint32) {
	var few [8]stay
	for _, t := range s.stays(few[:0], n, change{}) {
		if old := s.facts.At(t.hire).exit; old != t.exit {
			s.facts.At(t.hire).exit = t.exit
			s.did(func() { s.facts.At(t.hire).exit = old })
		}
	}
}

// renew moves the ends of the terms of a person's stays to what renewals say.
func (s *State) renew(stays []stay, n uint32, c change) {
	mine := func(f *fact) bool { return f.kind.ofPerson() && f.of == n }
	for _, r := range s.standing(s.persons.At(n).facts, c, mine) {
		if r.kind != renewed {
			continue
		}
		var last *stay
		for i := range stays {
			if t := &stays[i]; t.post == r.post && t.from < r.day &&
				(last == nil || cmp.Or(cmp.Compare(t.from, last.from), cmp.Compare(t.seat, last.seat)) > 0) {
				last = t
			}
		}
		if last != nil {
			last.until = max(last.until, r.day)
		}
	}
}
