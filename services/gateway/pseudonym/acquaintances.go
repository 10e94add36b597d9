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
}

func acquaintancesOf(d Directory) acquaintances {
	return acquaintances{d, map[string]events.Person{}, map[events.Person]idnumber.Number{}}
}

// add makes a person known here.
func (a *acquaintances) add(number string, parsed idnumber.Number, p events.Person) {
	a.persons[number], a.numbers[p] = p, parsed
}

// Find implements [Directory].
func (a *acquaintances) Find(dst []events.Person, numbers ...string) []events.Person {
	before := len(dst)
	dst = a.Directory.Find(dst, numbers...)
	if len(a.persons) == 0 {
		return dst
	}
	for i, n := range numbers {
		if dst[before+i] == (events.Person{}) {
			dst[before+i] = a.persons[n]
		}
	}
	return dst
}

// Birth implements [Directory].
func (a *acquaintances) Birth(p events.Person) (month civil.Month, female, known bool) {
	if n, ok := a.numbers[p]; ok {
		return n.Birth.Month(), n.Female, true
	}
	return a.Directory.Birth(p)
}
