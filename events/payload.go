package events

import (
	"slices"

	"github.com/muster-works/muster/events/division"
)

// Data is the payload of an event: a pointer to one of the structs of this package.
// Code outside of this package learns what it needs about a payload of any type by
// these methods, without a switch over the types. A new type is therefore complete
// when it compiles.
type Data interface {
	// Type returns the event type that the payload belongs to.
	Type() Type

	// BusinessDate returns the date, month or year that the payload is about, in the
	// form of the contract (2022-05-01, 2022-05 or 2022). It returns "" for a payload
	// that has none.
	BusinessDate() string

	// About returns the person that the payload as a whole is about. It returns nil
	// for a payload that is about no person, and for a payload that names a person in
	// each line.
	About() *Who

	// PersonLines returns the lines of a payload that names a person in each line,
	// and nil for every other payload. Changes made by way of the result are changes
	// of the payload.
	PersonLines() PersonLines

	// Second returns the person that the payload names beside those of About and
	// PersonLines, such as who kept a sheet. It returns nil for a payload that has no
	// field for one. Changes made by way of the result are changes of the payload.
	Second() *SecondPerson

	// Place returns a pointer to the field that holds the division that the payload
	// is about. It returns nil for a payload without such a field; the division of
	// the event then applies.
	Place() *division.Code

	// Days calls h with every day of the payload that may not lie too far ahead of the day
	// of the decision. A payload without such a day does not call h.
	Days(h Horizon)

	// Clone returns a copy that the gateway may change without changing the original:
	// it may set the division, the persons, and every field for an identity or an
	// account number. The copy may share what the gateway never changes.
	Clone() Data

	// private returns a pointer to the field of the payload that holds private data
	// in a submission and is empty in every record, such as an account number. It
	// does not return the fields of About, of Second or of the lines. It returns nil for
	// a payload without such a field.
	private() *string

	// check adds the reasons for which the payload breaks the contract.
	check(*checker)
}

// A SecondPerson is a person whom a payload names beside the one it is about, or beside
// those of its lines. Naming nobody is allowed.
type SecondPerson struct {
	Field       string  // name of the member that holds the pseudonym, such as recorder_person
	Person      *Person // the pseudonym; zero is nobody
	NumberField string  // name of the member by which a submission may name the person instead
	IDNumber    *string // the identity number; only in a submission
}

// PersonLines are the lines of a payload, each about one person.
type PersonLines interface {
	// Len returns the number of lines.
	Len() int

	// Person returns a pointer to the pseudonym in line i.
	Person(i int) *Person

	// IDNumber returns a pointer to the identity number by which line i of a
	// submission may name its person. It returns nil for lines whose person only the
	// engine sets.
	IDNumber(i int) *string

	// Only removes the lines of all persons other than p. It changes the array that
	// holds the lines in place.
	Only(p Person)

	// own replaces the lines of the payload by a copy, if the gateway may change a
	// line.
	own()

	// private returns a pointer to the private field of line i, see [Data].
	private(i int) *string
}

// A personLine is a pointer to a line of a payload.
type personLine[L any] interface {
	*L
	// person returns a pointer to the pseudonym.
	person() *Person
	// idNumber returns a pointer to the identity number in a submission, or nil.
	idNumber() *string
	// private returns a pointer to the private data in a submission, or nil.
	private() *string
}

// personLines implements PersonLines over a slice of lines.
type personLines[L any, P personLine[L]] []L

// linesOf returns the lines of a payload as PersonLines, without a copy.
func linesOf[L any, P personLine[L]](lines *[]L) PersonLines { return (*personLines[L, P])(lines) }

func (l *personLines[L, P]) Len() int               { return len(*l) }
func (l *personLines[L, P]) Person(i int) *Person   { return P(&(*l)[i]).person() }
func (l *personLines[L, P]) IDNumber(i int) *string { return P(&(*l)[i]).idNumber() }
func (l *personLines[L, P]) private(i int) *string  { return P(&(*l)[i]).private() }

func (l *personLines[L, P]) Only(p Person) {
	*l = slices.DeleteFunc(*l, func(line L) bool { return *P(&line).person() != p })
}

func (l *personLines[L, P]) own() {
	for i := range *l {
		if field := l.private(i); field != nil && *field != "" {
			*l = slices.Clone(*l)
			return
		}
	}
}

// ClearPrivate empties every field of d that holds an identity or an account number.
func ClearPrivate(d Data) {
	if who := d.About(); who != nil {
		who.Identity = nil
	}
	if second := d.Second(); second != nil {
		*second.IDNumber = ""
	}
	if field := d.private(); field != nil {
		*field = ""
	}
	lines := d.PersonLines()
	if lines == nil {
		return
	}
	for i := range lines.Len() {
		// A line is written to only if it changes: another goroutine may share it.
		if field := lines.private(i); field != nil && *field != "" {
			*field = ""
		}
	}
}

// PersonsOf yields the persons whom a payload names, some of them more than once.
func PersonsOf(d Data) func(yield func(Person) bool) {
	return func(yield func(Person) bool) {
		if who := d.About(); who != nil && !yield(who.Person) {
			return
		}
		if second := d.Second(); second != nil && *second.Person != (Person{}) && !yield(*second.Person) {
			return
		}
		if lines := d.PersonLines(); lines != nil {
			for i := range lines.Len() {
				if !yield(*lines.Person(i)) {
					return
				}
			}
		}
	}
}

// AdmitsStrangers reports whether the lines of a payload may be about people whom no agency has
// placed. Those of a register may: a death before a hire must be found once the hire comes.
func AdmitsStrangers(d Data) bool { return d.Type() == RegistryReportedType }

// Introduces reports whether an event with this payload makes its person known to the
// vault. A hire does. A training does too, since a training before the hire is
// submitted before the hire.
func Introduces(d Data) bool {
	switch d := d.(type) {
	case *HirePlaced:
		return d.Identity.named()
	case *TrainingCompleted:
		return d.PreService && d.Identity.named()
	}
	return false
}

// Identifies reports whether e is about who a person is: whether it is a person.identified, or
// withdraws one. The identity of such an event is not the one by which its person is found.
func Identifies(e *Event) bool {
	if w, ok := e.Data.(*EventWithdrawn); ok {
		return w.Of == PersonIdentifiedType
	}
	return e.Type == PersonIdentifiedType
}
