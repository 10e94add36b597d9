package intake

import (
	"bytes"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events"
)

// takeRecorded takes the attribute recordedtime out of an event of an import. It
// is taken out because the contract refuses an event that has it. A raw event
// that is not a JSON object is returned as it is, for the contract to refuse.
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
			refused = events.Refusal(events.InvalidDate, "recordedtime", events.Say("must be an instant as RFC 3339 writes it", "须为RFC 3339格式的时刻"))
		}
		return blankMember(raw, before, int(d.InputOffset())), recorded.UTC(), refused
	}
	return raw, recorded, events.Refusal(events.Missing, "recordedtime", events.Say(
		"is required in an import: when the event was recorded, as RFC 3339", "导入时必填：该事件的登记时间，RFC 3339格式"))
}

// blankMember returns a copy of a JSON object in which the member between two
// offsets, and one of the commas beside it, are replaced by spaces.
func blankMember(object []byte, from, to int) []byte {
	out := bytes.Clone(object)
	head, tail := bytes.TrimLeft(out[from:to], " \t\r\n"), bytes.TrimLeft(out[to:], " \t\r\n")
	switch {
	case head[0] == ',': // not the first member: its own comma stands before it
	case len(tail) > 0 && tail[0] == ',':
		to = len(out) - len(tail) + 1
	}
	for i := from; i < to; i++ {
		out[i] = ' '
	}
	return out
}
