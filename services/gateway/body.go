package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events"
)

const (
	maxBody  = 1 << 20 // bytes of one event or one batch
	maxBatch = 1000    // events of one batch
	maxLine  = 1 << 20 // bytes of a line of NDJSON
)

// A group is consecutive items that go through the door together: of an
// import, those of one recorded time.
type group struct {
	items    []Item
	recorded time.Time
	dated    bool // an item has given recorded its value
	bytes    int
}

func (g *group) full() bool { return len(g.items) >= maxRun || g.bytes >= maxRunBytes }

// takes says whether an item of a recorded time belongs to the group.
func (g *group) takes(item Item, recorded time.Time) bool {
	return item.Err != nil || !g.dated || g.recorded.Equal(recorded)
}

func (g *group) add(item Item, recorded time.Time, size int) {
	if item.Err == nil && !g.dated {
		g.recorded, g.dated = recorded, true
	}
	g.items, g.bytes = append(g.items, item), g.bytes+size
}

// parse reads a body that is one event or a JSON array of them. It fails with
// a problem when the body as a whole cannot be read; an element that is wrong
// in itself becomes an item that says so.
func parse(body []byte, imports bool) ([]*group, error) {
	elements, batch, err := split(body)
	if err != nil {
		return nil, err
	}
	var list []*group
	for i, raw := range elements {
		place := ""
		if batch {
			place = fmt.Sprintf("element %d of the batch", i)
		}
		item, recorded := read(raw, imports, place)
		if n := len(list); n == 0 || !list[n-1].takes(item, recorded) {
			list = append(list, new(group))
		}
		list[len(list)-1].add(item, recorded, len(raw))
	}
	return list, nil
}

// split returns the elements of an array, or the one event. It is lenient
// about what only concerns one of them.
func split(body []byte) (elements []jsontext.Value, batch bool, err error) {
	d := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	switch d.PeekKind() {
	case '{':
	case '[':
		batch = true
		if _, err := d.ReadToken(); err != nil {
			return nil, batch, malformed(err)
		}
	default:
		return nil, false, newProblem(http.StatusBadRequest, events.Malformed, "the body must be a JSON object (one event) or an array of them")
	}
	for !batch || d.PeekKind() != ']' {
		raw, err := d.ReadValue()
		if err != nil {
			return nil, batch, malformed(err)
		}
		if len(elements) == maxBatch {
			return nil, batch, newProblem(http.StatusRequestEntityTooLarge, events.TooLarge,
				fmt.Sprintf("a batch has at most %d events; send NDJSON for more", maxBatch))
		}
		elements = append(elements, raw.Clone())
		if !batch {
			break
		}
	}
	if batch {
		if _, err := d.ReadToken(); err != nil {
			return nil, batch, malformed(err)
		}
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, batch, newProblem(http.StatusBadRequest, events.Malformed,
			fmt.Sprintf("the body goes on behind its end at byte %d; one event a line is application/x-ndjson", d.InputOffset()))
	}
	return elements, batch, nil
}

func malformed(err error) error {
	at := ""
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		at = fmt.Sprintf(" at byte %d", syntax.ByteOffset)
	}
	return newProblem(http.StatusBadRequest, events.Malformed, "the body is not valid JSON"+at)
}

// read reads one event. place says where it stood, for an answer that cannot
// name it by its id.
func read(raw []byte, imports bool, place string) (Item, time.Time) {
	var recorded time.Time
	var refused events.Reasons
	if imports {
		raw, recorded, refused = takeRecorded(raw)
	}
	e, err := events.Submission(raw)
	if err == nil && refused != nil {
		err = refused
	}
	var reasons events.Reasons
	if place != "" && errors.As(err, &reasons) && len(reasons) > 0 {
		located := append(events.Reasons(nil), reasons...)
		located[0].Detail = place + ": " + located[0].Detail
		err = located
	}
	return Item{e, err}, recorded
}

// takeRecorded takes the attribute recordedtime out of an event of an import;
// the contract refuses it from everybody else. What is no JSON object is left
// to the contract.
func takeRecorded(raw []byte) (rest []byte, recorded time.Time, refused events.Reasons) {
	d := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if d.PeekKind() != '{' {
		return raw, recorded, nil
	}
	_, _ = d.ReadToken()
	for d.PeekKind() == '"' {
		before := int(d.InputOffset())
		name, err := d.ReadToken()
		if err != nil {
			return raw, recorded, nil
		}
		if name.String() != "recordedtime" {
			if d.SkipValue() != nil {
				return raw, recorded, nil
			}
			continue
		}
		value, err := d.ReadToken()
		if err != nil {
			return raw, recorded, nil
		}
		if recorded, err = time.Parse(time.RFC3339, value.String()); value.Kind() != '"' || err != nil {
			refused = events.Refuse(events.InvalidDate, "recordedtime", "must be an instant as RFC 3339 writes it")
		}
		return without(raw, before, int(d.InputOffset())), recorded.UTC(), refused
	}
	return raw, recorded, events.Refuse(events.Missing, "recordedtime", "is required in an import: when the event was recorded, as RFC 3339")
}

// without blanks the member of an object that lies between two offsets, and
// one of the commas around it.
func without(raw []byte, from, to int) []byte {
	out := bytes.Clone(raw)
	head, tail := bytes.TrimLeft(out[from:to], " \t\r\n"), bytes.TrimLeft(out[to:], " \t\r\n")
	switch {
	case head[0] == ',': // not the first member
	case len(tail) > 0 && tail[0] == ',':
		to = len(out) - len(tail) + 1
	}
	for i := from; i < to; i++ {
		out[i] = ' '
	}
	return out
}
