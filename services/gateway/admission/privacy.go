package admission

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
)

// FindInClear returns the path of the first field of an event that holds an
// identity number and is not meant for one, such as data.lines[3].device. canonical is
// the canonical form of the event.
//
// Looking at every string of every event would cost more than all else that the
// gateway does. So the canonical form is scanned for runs of 18 digits first, and
// only what the scan suspects is looked at closely.
func FindInClear(canonical []byte, e *events.Event) (field string, found bool, err error) {
	if !mayHoldNumber(canonical) {
		return "", false, nil
	}
	return findNumber(e)
}

// mayHoldNumber reports whether the canonical form of an event may hold an
// identity number outside the members whose names end in id_number. If it is wrong, it
// suspects an event that findNumber then clears.
//
// In JSON text the bytes id_number":" are always the end of the name of a member and the
// beginning of its value, because a quote inside a string is escaped. Text that is
// escaped as \u could hide a digit, or look like a part of a number; so every
// event that has such an escape is suspected.
func mayHoldNumber(canonical []byte) bool {
	// An identity number begins with 17 digits. Of any 17 bytes in a row it is
	// enough to look at one.
	for i := 16; i < len(canonical); {
		if !isDigit(canonical[i]) {
			i += 17
			continue
		}
		start, end := i, i+1
		for start > 0 && isDigit(canonical[start-1]) {
			start--
		}
		for end < len(canonical) && isDigit(canonical[end]) {
			end++
		}
		if end-start == 17 && end < len(canonical) && (canonical[end] == 'X' || canonical[end] == 'x') {
			end++
		}
		if end-start == 18 && !bytes.HasSuffix(canonical[:start], numberMember) && idnumber.In(string(canonical[start:end])) {
			return true
		}
		i = end + 17
	}
	return bytes.Contains(canonical, unicodeEscape)
}

var (
	numberMember  = []byte(`id_number":"`)
	unicodeEscape = []byte(`\u`)
)

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// findNumber looks at every string of an event, the fields meant for identities
// and account numbers left out.
func findNumber(e *events.Event) (field string, found bool, err error) {
	c := *e
	c.Data = e.Data.Clone()
	events.ClearPrivate(c.Data)
	raw, err := c.Append(nil)
	if err != nil {
		return "", false, err
	}
	d := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	for {
		t, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			return "", false, nil
		}
		if err != nil {
			return "", false, err
		}
		if t.Kind() == '"' && idnumber.In(t.String()) {
			return fieldPath(d.StackPointer()), true, nil
		}
	}
}

// fieldPath turns a JSON pointer into a path such as data.lines[3].device. A
// name that is an identity number itself is not repeated.
func fieldPath(p jsontext.Pointer) string {
	var b []byte
	for token := range p.Tokens() {
		if idnumber.In(token) {
			token = "?"
		}
		if _, err := strconv.Atoi(token); err == nil {
			b = append(append(append(b, '['), token...), ']')
			continue
		}
		if len(b) > 0 {
			b = append(b, '.')
		}
		b = append(b, token...)
	}
	return string(b)
}

// Withhold returns s, or a mark in its place if s holds an identity number. A
// receipt repeats the id and the source of its event, and must not leak one.
func Withhold(s string) string {
	if idnumber.In(s) {
		return "(withheld)"
	}
	return s
}
