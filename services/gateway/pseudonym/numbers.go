package pseudonym

import (
	"strconv"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
)

// maxReasons is how many bad lines of one event are named.
const maxReasons = 20

// A Directory is what the vault knows of people without opening anything.
type Directory interface {
	// Find appends the pseudonym of each identity number to dst, the zero
	// pseudonym for a number that is unknown.
	Find(dst []events.Person, numbers ...string) []events.Person
	// Birth returns the month of birth and the sex of a person, and whether the
	// person is known.
	Birth(p events.Person) (month civil.Month, female, known bool)
}

// CanonicalNumbers brings the identity numbers of a payload into the one form in
// which they are compared.
func CanonicalNumbers(d events.Data) {
	if who := d.About(); who != nil && who.Identity != nil {
		who.Identity.IDNumber = idnumber.Canonical(who.Identity.IDNumber)
	}
	if d, ok := d.(*events.PersonIdentified); ok {
		d.IDNumber = idnumber.Canonical(d.IDNumber)
	}
	if second := d.Second(); second != nil && *second.IDNumber != "" {
		*second.IDNumber = idnumber.Canonical(*second.IDNumber)
	}
	lines := d.PersonLines()
	if lines == nil {
		return
	}
	for i := range lines.Len() {
		// Lines without a number may be shared with the event as it was
		// submitted, so they must not be written to.
		if number := lines.IDNumber(i); number != nil && *number != "" {
			*number = idnumber.Canonical(*number)
		}
	}
}

// replaceNumbers puts pseudonyms in the place of the identity numbers of a
// payload. It refuses a payload about somebody who is not known.
func replaceNumbers(in Directory, d events.Data) events.Reasons {
	if who := d.About(); who != nil {
		return replaceNumber(in, who)
	}
	lines := d.PersonLines()
	if lines == nil || lines.Len() > 0 && lines.IDNumber(0) == nil {
		return nil // the payload names nobody, or a service fills in whom
	}
	return replaceLineNumbers(in, lines)
}

func replaceNumber(in Directory, who *events.Who) events.Reasons {
	if who.Identity == nil || who.Identity.IDNumber == "" {
		if _, _, known := in.Birth(who.Person); !known {
			return unknownPerson("data.person")
		}
		who.Identity = nil
		return nil
	}
	var found [1]events.Person
	who.Person = in.Find(found[:0], who.Identity.IDNumber)[0]
	who.Identity = nil
	if who.Person == (events.Person{}) {
		return unknownPerson("data.identity.id_number")
	}
	return nil
}

// replaceSecond puts the pseudonym of the second person of a payload in the place of the
// identity number. It refuses a payload whose second person is not known.
func replaceSecond(in Directory, d events.Data) events.Reasons {
	second := d.Second()
	switch {
	case second == nil:
	case *second.IDNumber != "":
		var found [1]events.Person
		*second.Person = in.Find(found[:0], *second.IDNumber)[0]
		*second.IDNumber = ""
		if *second.Person == (events.Person{}) {
			return unknownPerson("data." + second.NumberField)
		}
	case *second.Person != events.Person{}:
		if _, _, known := in.Birth(*second.Person); !known {
			return unknownPerson("data." + second.Field)
		}
	}
	return nil
}

// replaceLineNumbers looks up the numbers of all lines at once: the lookup takes a
// lock, and a month of attendance has a million lines.
func replaceLineNumbers(in Directory, lines events.PersonLines) (refused events.Reasons) {
	var numberBuffer [16]string // on the stack; most events have fewer lines
	numbers := numberBuffer[:0]
	for i := range lines.Len() {
		if number := *lines.IDNumber(i); number != "" {
			numbers = append(numbers, number)
		}
	}
	var personBuffer [16]events.Person
	persons := in.Find(personBuffer[:0], numbers...)
	for i := range lines.Len() {
		person, number, field := lines.Person(i), lines.IDNumber(i), ".id_number"
		if *number != "" {
			*person, persons = persons[0], persons[1:]
			*number = ""
			if *person != (events.Person{}) {
				continue
			}
		} else {
			if _, _, known := in.Birth(*person); known {
				continue
			}
			field = ".person"
		}
		if len(refused) < maxReasons {
			refused = append(refused, unknownPerson("data.lines["+strconv.Itoa(i)+"]"+field)...)
		}
	}
	return refused
}
