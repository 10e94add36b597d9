package eslog

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"strconv"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/muster-works/muster/events/log"
)

const (
	// maxAppend is the default maximum size of an append in bytes.
	maxAppend = 1 << 20
	// maxType is the maximum length of an event type, which counts twice in the size
	// of an append. With this limit every commit that package log allows is smaller
	// than maxAppend.
	maxType = 32
	// plainType replaces an event type that is missing, too long or not plain.
	plainType = "event"
)

// namespace is the UUID namespace of the event ids.
var namespace = uuid.UUID{0x5a, 0x0f, 0x4b, 0x0e, 0x6d, 0x7f, 0x4d, 0x0c, 0x9a, 0x53, 0x2f, 0x1e, 0x6f, 0x0c, 0x8b, 0x11}

// An eventMetadata is the metadata of an event:
//
//	{"commit":"0190b0a5-…","index":0,"count":2,"recorded":"2022-05-01T00:30:00Z"}
//	{"index":1,"count":2}
//
// Only the first event has the commit's ID and imported time. The ids of all events
// are derived from the commit's ID, which binds them to it.
type eventMetadata struct {
	Commit   string    `json:"commit,omitzero"`
	Index    int       `json:"index"`
	Count    int       `json:"count"`
	Recorded time.Time `json:"recorded,omitzero"`
}

const indexKey, countKey = `{"index":`, `,"count":`

// append appends the JSON of m. It writes the JSON of all but the first event without
// the library, which matters with hundreds of events in a commit.
func (m eventMetadata) append(b []byte) ([]byte, error) {
	if m.Index == 0 {
		first, err := json.Marshal(m)
		return append(b, first...), err
	}
	b = strconv.AppendInt(append(b, indexKey...), int64(m.Index), 10)
	b = strconv.AppendInt(append(b, countKey...), int64(m.Count), 10)
	return append(b, '}'), nil
}

// parse parses metadata. It is fast for what append writes, and accepts any JSON.
func (m *eventMetadata) parse(b []byte) error {
	if rest, ok := bytes.CutPrefix(b, []byte(indexKey)); ok {
		index, rest := digits(rest)
		if rest, ok = bytes.CutPrefix(rest, []byte(countKey)); ok {
			count, rest := digits(rest)
			if len(rest) == 1 && rest[0] == '}' && index > 0 && count > 0 {
				m.Index, m.Count = index, count
				return nil
			}
		}
	}
	m.Index = -1
	return json.Unmarshal(b, m)
}

// digits parses a number of up to four digits, enough for MaxEvents. It returns 0 if
// there is none that JSON allows.
func digits(b []byte) (n int, rest []byte) {
	i := 0
	if len(b) > 0 && b[0] == '0' {
		return 0, b
	}
	for ; i < len(b) && i < 4 && '0' <= b[i] && b[i] <= '9'; i++ {
		n = 10*n + int(b[i]-'0')
	}
	return n, b[i:]
}

// An idGenerator computes the event ids of one commit.
type idGenerator struct {
	name []byte
	base int
}

func newIDGenerator(boundary, commit string) idGenerator {
	name := append(namespace[:], boundary+"/"+commit+"/"...)
	return idGenerator{name, len(name)}
}

// eventID returns the id of the event with index i.
func (d *idGenerator) eventID(i int) uuid.UUID {
	d.name = strconv.AppendInt(d.name[:d.base], int64(i), 10)
	sum := sha1.Sum(d.name)
	id := uuid.UUID(sum[:16])
	id[6] = id[6]&0x0f | 0x50 // version 5
	id[8] = id[8]&0x3f | 0x80 // the variant of RFC 9562
	return id
}

// encode returns the events that are sent for c. They are always the same for the
// same commit.
func encode(c log.Commit) ([]esdb.EventData, error) {
	ids := newIDGenerator(c.Boundary, c.ID)
	events := make([]esdb.EventData, len(c.Events))
	size := 0
	var types typeFinder
	for i, data := range c.Events {
		m := eventMetadata{Index: i, Count: len(c.Events)}
		if i == 0 {
			m.Commit = c.ID
			m.Recorded = c.Imported.UTC()
		}
		meta, err := m.append(make([]byte, 0, 32))
		if err != nil {
			return nil, fmt.Errorf("%w: id %q: %w", log.ErrInvalid, c.ID, err)
		}
		events[i] = esdb.EventData{
			EventID:     ids.eventID(i),
			EventType:   types.find(data),
			ContentType: esdb.ContentTypeJson,
			Data:        data,
			Metadata:    meta,
		}
		size += len(data) + len(meta) + 2*len(events[i].EventType)
	}
	if size > maxAppend {
		return nil, fmt.Errorf("%w: %d bytes with metadata, EventStoreDB takes %d", log.ErrTooLarge, size, maxAppend)
	}
	return events, nil
}

// A typeFinder finds the types of events.
type typeFinder struct{ decoder jsontext.Decoder }

// find returns the value of the top-level member "type".
func (f *typeFinder) find(event []byte) string {
	d := &f.decoder
	d.Reset(bytes.NewBuffer(event), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return plainType
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			break
		}
		if name.String() != "type" {
			if d.SkipValue() != nil {
				break
			}
			continue
		}
		value, err := d.ReadToken()
		if err == nil && value.Kind() == '"' && isPlainType(value.String()) {
			return value.String()
		}
		break
	}
	return plainType
}

// isPlainType reports whether t can be an event type: a short text of printable ASCII
// that does not look like a type of the server.
func isPlainType(t string) bool {
	if t == "" || len(t) > maxType || t[0] == '$' {
		return false
	}
	for i := range len(t) {
		if t[i] <= ' ' || t[i] > '~' {
			return false
		}
	}
	return true
}

// parsePlace returns the position and metadata of a stored event, or ErrCorrupt.
func parsePlace(e *esdb.RecordedEvent) (log.Position, eventMetadata, error) {
	at := log.At(e.Position.Commit, e.Position.Prepare)
	var m eventMetadata
	if err := m.parse(e.UserMetadata); err != nil {
		return at, m, foreignEvent(e, fmt.Sprintf("its metadata are not Muster's: %v", err))
	}
	switch {
	case m.Index == -1 && m.Count == 0:
		return at, m, foreignEvent(e, "its metadata have neither index nor count")
	case m.Index == -1:
		return at, m, damagedEvent(e, "metadata has no index")
	case m.Count < 1 || m.Count > log.MaxEvents:
		return at, m, damagedEvent(e, "metadata has count %d", m.Count)
	case m.Index < 0 || m.Index >= m.Count:
		return at, m, damagedEvent(e, "metadata has index %d of %d", m.Index, m.Count)
	case m.Index == 0 && m.Commit == "":
		return at, m, damagedEvent(e, "metadata has no commit id")
	}
	return at, m, nil
}

// foreignEvent returns ErrCorrupt for an event that someone else wrote into a stream
// of the log. It cannot be repaired, since the later revisions of the boundary count
// it.
func foreignEvent(e *esdb.RecordedEvent, why string) error {
	return damagedEvent(e, "type %q was not written by Muster (%s); see deploy/README.md on EventStoreDB for who may write to the streams of the log", e.EventType, why)
}

// damagedEvent returns ErrCorrupt with the place of the event.
func damagedEvent(e *esdb.RecordedEvent, format string, args ...any) error {
	where := fmt.Sprintf("stream %s, event number %d", e.StreamID, e.EventNumber)
	if hasPosition(e) {
		where = "position " + log.At(e.Position.Commit, e.Position.Prepare).String() + ", " + where
	}
	return fmt.Errorf("%w: %s: %s", log.ErrCorrupt, where, fmt.Sprintf(format, args...))
}

// hasPosition reports whether the server returned the position of the event. All
// servers do for $all, but only newer ones when a stream is read.
func hasPosition(e *esdb.RecordedEvent) bool {
	return e.Position.Commit != 0 && e.Position.Commit != 1<<64-1
}
