package placement

import (
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// What a person.identified gives, and from when.
const (
	givesNumber uint16 = 1 << iota
	givesName
	restates // the number holds from the first day on
)

func givenBy(d *events.PersonIdentified) (given uint16) {
	if d.Renumbers() {
		given |= givesNumber
	}
	if d.Identity != nil && d.Identity.NameToken != "" {
		given |= givesName
	}
	if d.Restates() {
		given |= restates
	}
	return given
}

// identification returns what a fact says of the birth, in the form of the rule.
func (f *fact) identification() placing.Identification {
	n := placing.Identification{Person: f.of, On: f.day, Restates: f.seats&restates != 0, Birth: placing.Birth{Month: born(f.until).month(), Sex: "M"}}
	if born(f.until).female() {
		n.Sex = "F"
	}
	return n
}

// Birth returns the month of birth and the sex of a person, by the identity number that the
// person has now. The month is 0 if no event named them.
func (s *State) Birth(p events.Person) (month civil.Month, female bool) {
	known := s.persons.At(s.known(p))
	month, female = known.born.month(), known.born.female()
	var last *placing.Identification
	for _, f := range s.chain(known.facts) {
		if f.kind != identified || f.seats&givesNumber == 0 {
			continue
		}
		if n := f.identification(); last == nil || last.Compare(&n) < 0 {
			last, month, female = &n, n.Month, n.Sex == "F"
		}
	}
	return month, female
}

// PostsOf returns the names of the posts on which a person is or was in place, in their order.
func (s *State) PostsOf(p events.Person) (names []string) {
	for f := range s.placed(p) {
		if name := s.posts.At(f.post).name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// StandingEvents returns the numbers of the events of the boundary about a person that stand,
// from the latest to the first.
func (s *State) StandingEvents(p events.Person) (numbers []uint32) {
	for n, f := range s.chain(s.persons.At(s.known(p)).facts) {
		if f.kind != noFact {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// IdentifiedOn looks for another event that gives the person of d an identity number from the day
// of d on, if d gives a number, or a name, if d gives a name. The event that e replaces does not
// count. IdentifiedOn returns the number of the event in the index, or 0 if it finds no such event.
func (s *State) IdentifiedOn(e *events.Event, d *events.PersonIdentified) uint32 {
	c, same := change{superseded: s.supersededFact(e)}, givenBy(d)&(givesNumber|givesName)
	for n, f := range s.standing(s.persons.At(s.known(d.Person)).facts, c, nil) {
		if f.kind == identified && f.day == d.On && f.seats&same != 0 {
			return n
		}
	}
	return 0
}
