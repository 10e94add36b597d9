package pseudonym

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
)

// Acquaintances are a [Directory] that knows some people beside those of another one. They are
// not safe for concurrent use.
type acquaintances struct {
	Directory
	persons map[string]events.Person          // by identity number
	numbers map[events.Person]idnumber.Number // of the same people

	// What person.identified moved: whose a number is by now, the zero pseudonym for one that is
	// free again, and what the number of a person says.
	moved  map[string]events.Person
	births map[events.Person]idnumber.Number
}

func acquaintancesOf(d Directory) acquaintances {
	return acquaintances{
		Directory: d, persons: map[string]events.Person{}, numbers: map[events.Person]idnumber.Number{},
		moved: map[string]events.Person{}, births: map[events.Person]idnumber.Number{},
	}
}

// add makes a person known here.
func (a *acquaintances) add(number string, parsed idnumber.Number, p events.Person) {
	a.persons[number], a.numbers[p] = p, parsed
	delete(a.moved, number)
}

// Find implements [Directory].
func (a *acquaintances) Find(dst []events.Person, numbers ...string) []events.Person {
	before := len(dst)
	dst = a.Directory.Find(dst, numbers...)
	if len(a.persons)+len(a.moved) == 0 {
		return dst
	}
	for i, n := range numbers {
		if p, moved := a.moved[n]; moved {
			dst[before+i] = p
		} else if p, met := a.persons[n]; met {
			dst[before+i] = p // the number may have been freed, and is somebody else's in the directory
		}
	}
	return dst
}

// Birth implements [Directory].
func (a *acquaintances) Birth(p events.Person) (month civil.Month, female, known bool) {
	if n, ok := a.births[p]; ok {
		return n.Birth.Month(), n.Female, true
	}
	if n, ok := a.numbers[p]; ok {
		return n.Birth.Month(), n.Female, true
	}
	return a.Directory.Birth(p)
}
