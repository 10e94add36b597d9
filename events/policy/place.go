package policy

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Locate sets the line and column of the *FieldErrors in err to the place of their
// members in the file b, and returns err. Several FieldErrors may be joined in err.
func Locate(b []byte, err error) error {
	for _, e := range Errors(err) {
		offset, ok := find(b, e.Field, false)
		if ok && e.Character > 0 {
			offset = inText(b, offset, e.Character)
		}
		e.Line, e.Column = place(b, offset)
	}
	return err
}

// place turns a byte offset into a line and a column.
func place(b []byte, offset int) (line, column int) {
	before := b[:min(offset, len(b))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return 1 + bytes.Count(before, []byte{'\n'}), 1 + utf8.RuneCount(before[start:])
}

// find returns the offset of the value of a member, or of its name if name is true.
// If the member does not exist, find returns the offset of the innermost object that
// should contain it, and false.
func find(b []byte, field string, name bool) (offset int, ok bool) {
	d := jsontext.NewDecoder(bytes.NewReader(b))
	at := begin(b, d)
	for step := range steps(field) {
		member, ok := enter(b, d, step)
		if !ok {
			return at, false
		}
		at = begin(b, d)
		if name {
			offset = member
		}
	}
	if name {
		return offset, true
	}
	return at, true
}

// begin returns the offset at which the next value begins.
func begin(b []byte, d *jsontext.Decoder) int {
	at := int(d.InputOffset())
	return at + len(b[at:]) - len(bytes.TrimLeft(b[at:], " \t\r\n:,"))
}

// enter reads up to the member of an object, or the element of a list, that step
// names. It returns the offset of the member's name.
func enter(b []byte, d *jsontext.Decoder, step string) (member int, ok bool) {
	open, err := d.ReadToken()
	if err != nil || open.Kind() != '{' && open.Kind() != '[' {
		return 0, false
	}
	for i := 0; d.PeekKind() != '}' && d.PeekKind() != ']'; i++ {
		member = begin(b, d)
		name := strconv.Itoa(i)
		if open.Kind() == '{' {
			token, err := d.ReadToken()
			if err != nil {
				return 0, false
			}
			name = token.String()
		}
		if name == step {
			return member, true
		}
		if d.SkipValue() != nil {
			return 0, false
		}
	}
	return 0, false
}

// steps yields the names and indices of a path.
func steps(field string) func(yield func(string) bool) {
	return strings.FieldsFuncSeq(field, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
}

// path returns a JSON pointer in the form of a path.
func path(p jsontext.Pointer) string {
	s := ""
	for token := range p.Tokens() {
		if i, err := strconv.Atoi(token); err == nil {
			s += fmt.Sprintf("[%d]", i)
			continue
		}
		if s != "" {
			s += "."
		}
		s += token
	}
	return s
}

// inText returns the offset of a character in the JSON string that begins at offset.
func inText(b []byte, offset, character int) int {
	at := offset + 1 // skips the quote
	for range character - 1 {
		switch {
		case at >= len(b) || b[at] == '"':
			return at
		case b[at] == '\\' && at+1 < len(b) && b[at+1] == 'u':
			at += 6
		case b[at] == '\\':
			at += 2
		default:
			_, n := utf8.DecodeRune(b[at:])
			at += n
		}
	}
	return at
}
