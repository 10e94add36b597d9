package gateway

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
)

// suspicious says whether the canonical form of a submission may hold an
// identity number outside the members named id_number. It errs on the safe
// side; inClear has the last word. In JSON text `"id_number":"` is always the
// member's name and the beginning of its value, since a quote inside a string
// is escaped. What is escaped as \u could hide a number or look like a part of
// one.
func suspicious(raw []byte) bool {
	// Of any 17 bytes in a row one is looked at.
	for i := 16; i < len(raw); {
		if !digit(raw[i]) {
			i += 17
			continue
		}
		start, end := i, i+1
		for start > 0 && digit(raw[start-1]) {
			start--
		}
		for end < len(raw) && digit(raw[end]) {
			end++
		}
		if end-start == 17 && end < len(raw) && (raw[end] == 'X' || raw[end] == 'x') {
			end++
		}
		if end-start == 18 && !bytes.HasSuffix(raw[:start], idMember) && idnumber.In(string(raw[start:end])) {
			return true
		}
		i = end + 17
	}
	return bytes.Contains(raw, escape)
}

var (
	idMember = []byte(`"id_number":"`)
	escape   = []byte(`\u`)
)

func digit(c byte) bool { return '0' <= c && c <= '9' }

// inClear returns the path of the first field of e that holds an identity
// number in clear, once the fields meant for identities are left out of sight.
func inClear(e *events.Event) (field string, found bool, err error) {
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
			return path(d.StackPointer()), true, nil
		}
	}
}

// path turns a JSON pointer into a path such as data.lines[3].device. A name
// that is an identity number itself is not repeated.
func path(p jsontext.Pointer) string {
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

// withhold returns s, or a mark in its place when it holds an identity number:
// a receipt names the event it answers, and must not become a leak.
func withhold(s string) string {
	if idnumber.In(s) {
		return "(withheld)"
	}
	return s
}
