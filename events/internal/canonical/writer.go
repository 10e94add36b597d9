package canonical

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/muster-works/muster/events/civil"
)

// A Writer appends JSON in the canonical form to a slice of bytes. Its methods
// write literals, names and values one after the other. The caller is
// responsible for calling them in an order that makes JSON.
//
// A Writer is not safe for concurrent use.
type Writer struct {
	b   []byte
	err error // the first one
}

// NewWriter returns a Writer that appends to b.
func NewWriter(b []byte) Writer { return Writer{b: b} }

// Bytes returns the slice with everything that was appended, or the first error.
func (w *Writer) Bytes() ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	return w.b, nil
}

// Fail records err, unless an error was recorded before.
func (w *Writer) Fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// Literal appends JSON as it is.
func (w *Writer) Literal(json string) { w.b = append(w.b, json...) }

// Name appends the name of a member, and a comma before it if the member is not
// the first of its object. The name is given as JSON writes it, with quotes and
// colon: `"post":`.
func (w *Writer) Name(name string) {
	if w.b[len(w.b)-1] != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(w.b, name...)
}

// Element begins an element of an array: it appends a comma if the element is
// not the first.
func (w *Writer) Element() {
	if w.b[len(w.b)-1] != '[' {
		w.b = append(w.b, ',')
	}
}

// String appends a string. It records an error if s is not valid UTF-8.
func (w *Writer) String(s string) {
	if isPlain(s) {
		w.b = append(append(append(w.b, '"'), s...), '"')
		return
	}
	b, err := jsontext.AppendQuote(w.b, s)
	if err != nil {
		w.Fail(err)
		return
	}
	w.b = b
}

// Bool appends true or false.
func (w *Writer) Bool(v bool) { w.b = strconv.AppendBool(w.b, v) }

// Int appends a whole number.
func (w *Writer) Int(n int64) { w.b = strconv.AppendInt(w.b, n, 10) }

// UUID appends a UUID as a string in its usual form.
func (w *Writer) UUID(id uuid.UUID) { w.b = appendUUID(w.b, &id) }

// Date appends a date as a string YYYY-MM-DD, or the empty string for the zero
// Date.
func (w *Writer) Date(d civil.Date) {
	w.b, _ = d.AppendText(append(w.b, '"'))
	w.b = append(w.b, '"')
}

// Month appends a month as a string YYYY-MM, or the empty string for the zero
// Month.
func (w *Writer) Month(m civil.Month) {
	w.b, _ = m.AppendText(append(w.b, '"'))
	w.b = append(w.b, '"')
}

// Time appends an instant as a string in the form of RFC 3339, with as many
// digits of the second as are needed.
func (w *Writer) Time(t time.Time) {
	w.b = append(t.AppendFormat(append(w.b, '"'), time.RFC3339Nano), '"')
}
