package events

import (
	"slices"

	"github.com/muster-works/muster/events/division"
)

// Data is the payload of an event: a pointer to one of the structs of this
// package, whose names are those of the types. Whatever code outside of this
// package needs to know of a payload without caring which type it has, it asks by
// these methods; so a new type is complete when it compiles.
type Data interface {
	// Type returns the event type that the payload belongs to.
	Type() Type

	// BusinessDate returns the date, month or year that the payload is about, as
	// the contract writes it (2022-05-01, 2022-05 or 2022). It is empty for a
	// payload that is about none.
	BusinessDate() string

	// About returns the person that the payload as a whole is about. It is nil for
	// a payload that is about no person, and for one that names persons line by line.
	About() *Who

	// PersonLines returns the lines of a payload that names persons line by line,
	// and nil for every other payload. The lines are those of the payload itself:
	// what is changed there is changed in the payload.
	PersonLines() PersonLines

	// Place returns the field that says which division the payload is about. It is
	// nil for a payload without such a field: then the division of the event says it.
	Place() *division.Code

	// Clone returns a copy that the gateway may change: it may set the division, the
	// person, and everything meant for an identity or an account number, without the
	// original changing. What the gateway never changes may be shared.
	Clone() Data

	// private returns the field of the payload itself, beside that of About and of
	// its lines, that a submission fills with what says who somebody is and that no
	// record holds. It is nil for a payload without such a field.
	private() *string

	// check adds what is wrong with the payload.
	check(*checker)
}

// PersonLines are the lines of a payload, each about one person.
type PersonLines interface {
	// Len returns the number of lines.
	Len() int

	// Person returns the field of line i that holds the pseudonym of its person.
	Person(i int) *Person

	// IDNumber returns the field of line i by which a submission may name the
	// person. It is nil for lines whose person only the engine sets.
	IDNumber(i int) *string

	// Only removes the lines of everybody but p. The array that holds the lines is
	// changed in place.
	Only(p Person)

	// own gives the payload lines of its own, if it has a line of which the gateway
	// changes anything.
	own()

	// private returns the field of line i that says who somebody is, see [Data].
	private(i int) *string
}

// A personLine is a pointer to a line of a payload.
type personLine[L any] interface {
	*L
	// person returns the field that holds the pseudonym.
	person() *Person
	// idNumber returns the field by which a submission may name the person, or nil.
	idNumber() *string
	// private returns the field that says who somebody is in a submission, or nil.
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

// ClearPrivate empties every field that is meant for an identity or an account
// number. What is left is what may hold neither.
func ClearPrivate(d Data) {
	if who := d.About(); who != nil {
		who.Identity = nil
	}
	if field := d.private(); field != nil {
		*field = ""
	}
	lines := d.PersonLines()
	if lines == nil {
		return
	}
	for i := range lines.Len() {
		// Lines that are not changed may be shared with another goroutine.
		if field := lines.private(i); field != nil && *field != "" {
			*field = ""
		}
	}
}

// Introduces reports whether the event makes its person known to the vault: a hire
// does, and so does a training before the hire, or it could not be submitted before
// the hire.
func Introduces(d Data) bool {
	switch d := d.(type) {
	case *HirePlaced:
		return d.Identity.named()
	case *TrainingCompleted:
		return d.PreService && d.Identity.named()
	}
	return false
}
