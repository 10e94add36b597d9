package canonical

import (
	"bytes"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events/civil"
)

// A Cursor reads JSON that is expected to have exactly the canonical form. As
// soon as something else stands there, the Cursor fails for good. What its
// methods returned is worthless then, and the caller decodes the whole text
// with the JSON library.
//
// Strings that a Cursor returns share memory with the text. The text must not
// change while one of them is in use.
//
// A Cursor is not safe for concurrent use.
type Cursor struct {
	b  []byte
	at int // offset of the next byte to read
	ok bool
}

// NewCursor returns a Cursor at the beginning of text.
func NewCursor(text []byte) Cursor { return Cursor{b: text, ok: true} }

// OK reports whether everything so far had the expected form.
func (c *Cursor) OK() bool { return c.ok }

// Done reports whether the whole text was read and had the expected form.
func (c *Cursor) Done() bool { return c.ok && c.at == len(c.b) }

// Expect reads literal. The Cursor fails if literal does not stand next.
func (c *Cursor) Expect(literal string) {
	if !c.Take(literal) {
		c.ok = false
	}
}

// Take reads literal if it stands next, and reports whether it did.
func (c *Cursor) Take(literal string) bool {
	end := c.at + len(literal)
	if end > len(c.b) || string(c.b[c.at:end]) != literal {
		return false
	}
	c.at = end
	return true
}

// Name reads the name of a member if it stands next, and reports whether it
// did. The name is given as JSON writes it, with quotes and colon: `"post":`.
// A comma must stand before it if the member is not the first of its object.
func (c *Cursor) Name(name string) bool {
	i := c.at
	if !c.ok || i == 0 || i >= len(c.b) {
		return false
	}
	if c.b[i-1] != '{' {
		if c.b[i] != ',' {
			return false
		}
		i++
	}
	end := i + len(name)
	if end > len(c.b) || string(c.b[i:end]) != name {
		return false
	}
	c.at = end
	return true
}

// Require reads the name of a member as [Cursor.Name] does. The Cursor fails if
// the name does not stand next.
func (c *Cursor) Require(name string) {
	if !c.Name(name) {
		c.ok = false
	}
}

// Element moves to the next element of an array whose opening bracket was read,
// and reports whether there is one. Otherwise Element reads the closing bracket.
// The argument says whether no element was read yet.
func (c *Cursor) Element(first bool) bool {
	switch {
	case !c.ok:
		return false
	case first:
		return !c.Take("]")
	case c.Take(","):
		return true
	}
	c.Expect("]")
	return false
}

// shortestObject is the least number of bytes that [Room] assumes an object of
// an array to have: one member with a name of four letters, and a comma.
const shortestObject = len(`{"line":""},`)

// Room returns list if it has capacity. Otherwise Room returns an empty list
// with capacity for the objects that may stand in the rest of the text, which
// is exact for an array of objects that hold no objects and is at the end of
// the text. Room guards against a text that only pretends to hold many objects.
func Room[T any](list []T, c *Cursor) []T {
	if cap(list) > 0 {
		return list
	}
	rest := c.b[c.at:]
	return make([]T, 0, min(bytes.Count(rest, []byte("{")), 1+len(rest)/shortestObject))
}

// Bool reads true or false.
func (c *Cursor) Bool() bool {
	if c.Take("true") {
		return true
	}
	c.Expect("false")
	return false
}

// Int reads a whole number of at most 18 digits.
func (c *Cursor) Int() int64 {
	b, i := c.b, c.at
	negative := i < len(b) && b[i] == '-'
	if negative {
		i++
	}
	start := i
	var n int64
	for i < len(b) && b[i]-'0' <= 9 {
		n = 10*n + int64(b[i]-'0')
		i++
	}
	digits := i - start
	// A number of 18 digits does not overflow. JSON has no number with a leading
	// zero, and the canonical form has no -0. A fraction or an exponent fails at
	// the literal that is expected after the number.
	if digits == 0 || digits > 18 || b[start] == '0' && (digits > 1 || negative) {
		c.ok = false
	}
	c.at = i
	if negative {
		return -n
	}
	return n
}

// UUID reads a UUID in its usual form: a string of 36 characters.
func (c *Cursor) UUID() (id uuid.UUID) {
	if c.at+quotedUUID > len(c.b) || !parseUUID(&id, (*[quotedUUID]byte)(c.b[c.at:])) {
		c.ok = false
		return id
	}
	c.at += quotedUUID
	return id
}

// Date reads a date: a string YYYY-MM-DD.
func (c *Cursor) Date() civil.Date {
	d, err := civil.ParseDate(c.String())
	if err != nil {
		c.ok = false
	}
	return d
}

// Month reads a month: a string YYYY-MM.
func (c *Cursor) Month() civil.Month {
	m, err := civil.ParseMonth(c.String())
	if err != nil {
		c.ok = false
	}
	return m
}

// Time reads an instant: a string in the form of RFC 3339.
func (c *Cursor) Time() time.Time {
	t, err := time.Parse(time.RFC3339, c.String())
	if err != nil {
		c.ok = false
	}
	return t
}
