package log

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ContentType is the media type of an encoded batch.
const ContentType = "application/cloudevents-batch+json"

// EncodeBatch joins events into one JSON array with one line for each event:
//
//	[{…},
//	{…}]
//
// A JSON string cannot contain a line feed, and Muster writes events without white
// space. A line feed therefore always separates two events. Any JSON reader can read
// the whole array.
func EncodeBatch(events [][]byte) []byte {
	return AppendBatch(make([]byte, 0, BatchSize(events)), events)
}

// AppendBatch appends the result of [EncodeBatch] to b.
func AppendBatch(b []byte, events [][]byte) []byte {
	b = append(b, '[')
	for i, e := range events {
		if i > 0 {
			b = append(b, ',', '\n')
		}
		b = append(b, e...)
	}
	return append(b, ']')
}

// DecodeBatch splits the result of [EncodeBatch] into events, which share memory with
// b. It checks the brackets, separators and braces, but not the events. The error is
// [ErrCorrupt].
func DecodeBatch(b []byte) ([][]byte, error) {
	if len(b) < 2 || b[0] != '[' || b[len(b)-1] != ']' {
		return nil, fmt.Errorf("%w: batch of %d bytes is not a JSON array", ErrCorrupt, len(b))
	}
	b = b[1 : len(b)-1]
	var events [][]byte
	for {
		end := bytes.IndexByte(b, '\n')
		line, more := b, end >= 0
		if more {
			if end == 0 || b[end-1] != ',' {
				return nil, fmt.Errorf("%w: event %d of a batch does not end in a comma", ErrCorrupt, len(events))
			}
			line = b[:end-1]
		}
		if len(line) < 2 || line[0] != '{' || line[len(line)-1] != '}' {
			return nil, fmt.Errorf("%w: event %d of a batch is not a JSON object", ErrCorrupt, len(events))
		}
		if events == nil {
			// The events of a batch have similar lengths, so the number of events is
			// estimated from the first. Counting them would read all bytes a second
			// time.
			events = make([][]byte, 0, min(MaxEvents, 1+len(b)/len(line)))
		}
		events = append(events, line[:len(line):len(line)])
		if !more {
			return events, nil
		}
		b = b[end+1:]
	}
}

// BatchSize returns the length in bytes of the result of [EncodeBatch].
func BatchSize(events [][]byte) int {
	n := 2 + 2*(len(events)-1)
	for _, e := range events {
		n += len(e)
	}
	return n
}

// Check returns [ErrInvalid] or [ErrTooLarge] if c may not be appended. Drivers call
// Check before they send anything.
func (c Commit) Check() error {
	switch {
	case c.ID == "" || len(c.ID) > 128:
		return fmt.Errorf("%w: id of %d bytes, want 1 to 128", ErrInvalid, len(c.ID))
	case !utf8.ValidString(c.ID) || strings.IndexFunc(c.ID, blank) >= 0:
		return fmt.Errorf("%w: id %q has white space or control characters, or is not UTF-8", ErrInvalid, c.ID)
	case !validBoundary(c.Boundary):
		return fmt.Errorf("%w: boundary %q, want 1 to 64 of a-z 0-9 . _ -, no dot at either end", ErrInvalid, c.Boundary)
	case len(c.Events) == 0:
		return fmt.Errorf("%w: no events", ErrInvalid)
	case len(c.Events) > MaxEvents:
		return fmt.Errorf("%w: %d events, at most %d", ErrTooLarge, len(c.Events), MaxEvents)
	}
	for i, e := range c.Events {
		if len(e) < 2 || e[0] != '{' || e[len(e)-1] != '}' || bytes.IndexByte(e, '\n') >= 0 {
			return fmt.Errorf("%w: event %d is not a JSON object on one line", ErrInvalid, i)
		}
	}
	if n := BatchSize(c.Events); n > MaxBytes {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, n, MaxBytes)
	}
	return nil
}

// blank reports whether r might not survive as a part of a header's value.
func blank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

func validBoundary(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '.' || s[len(s)-1] == '.' {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '_', c == '-':
		case c == '.' && s[i-1] != '.':
		default:
			return false
		}
	}
	return true
}
