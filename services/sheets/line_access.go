package sheets

import "github.com/muster-works/muster/events"

// A lineAccess reaches the lines of the events of one kind, in which each row of a sheet
// is a line.
type lineAccess interface {
	// addEmpty adds an empty line to a payload.
	addEmpty(events.Data)

	// addLinesOf adds the lines of other to a payload.
	addLinesOf(d, other events.Data)

	// part returns a copy of a payload that has only the lines from line from on and
	// before line to. The lines themselves are shared and not copied.
	part(d events.Data, from, to int) events.Data

	// nameOfFirst returns the field that holds the name of the first line. It returns
	// nil if the lines of the kind have no names; then no two lines of an event are of
	// one person.
	nameOfFirst(events.Data) *string
}

// A payload is a pointer to the struct D that is the payload of an event.
type payload[D any] interface {
	*D
	events.Data
}

// A lineField implements lineAccess for the payload D, whose lines are of type L.
type lineField[D, L any, P payload[D]] struct {
	all  func(P) *[]L
	name func(*L) *string
}

// linesIn makes the lineAccess of a payload from the field that holds its lines, and the
// field of a line that holds its name. name is nil if the lines have no names.
func linesIn[D, L any, P payload[D]](all func(P) *[]L, name func(*L) *string) lineAccess {
	return lineField[D, L, P]{all, name}
}

func (f lineField[D, L, P]) addEmpty(d events.Data) {
	lines := f.all(d.(P))
	*lines = append(*lines, *new(L))
}

func (f lineField[D, L, P]) addLinesOf(d, other events.Data) {
	lines := f.all(d.(P))
	*lines = append(*lines, *f.all(other.(P))...)
}

func (f lineField[D, L, P]) part(d events.Data, from, to int) events.Data {
	c := P(new(*d.(P)))
	lines := f.all(c)
	*lines = (*lines)[from:to:to]
	return c
}

func (f lineField[D, L, P]) nameOfFirst(d events.Data) *string {
	if f.name == nil {
		return nil
	}
	return f.name(&(*f.all(d.(P)))[0])
}
