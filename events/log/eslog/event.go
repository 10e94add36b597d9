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
	// maxAppend is the most that a server takes in one append by default.
	maxAppend = 1 << 20
	// maxType bounds the event type, which the server counts twice: with it,
	// every commit that package log allows stays below maxAppend.
	maxType = 32
	// plainType stands for a type that is missing, longer, or not plain.
	plainType = "event"
)

// namespace is the space of our event ids.
var namespace = uuid.UUID{0x5a, 0x0f, 0x4b, 0x0e, 0x6d, 0x7f, 0x4d, 0x0c, 0x9a, 0x53, 0x2f, 0x1e, 0x6f, 0x0c, 0x8b, 0x11}

// A label is the metadata of each event,
//
//	{"commit":"0190b0a5-…","index":0,"count":2,"recorded":"2022-05-01T00:30:00Z"}
//	{"index":1,"count":2}
//
// The commit's id and imported time are on its first event only: event ids are
// derived from the id, which binds the others to it.
type eventMetadata struct {
	Commit   string    `json:"commit,omitzero"`
	Index    int       `json:"index"`
	Count    int       `json:"count"`
	Recorded time.Time `json:"recorded,omitzero"`
}

const indexKey, countKey = `{"index":`, `,"count":`

// append writes m, which is JSON by hand for all but the first event: with
// hundreds to a commit, that shows.
func (m eventMetadata) append(b []byte) ([]byte, error) {
	if m.Index == 0 {
		first, err := json.Marshal(m)
		return append(b, first...), err
	}
	b = strconv.AppendInt(append(b, indexKey...), int64(m.Index), 10)
	b = strconv.AppendInt(append(b, countKey...), int64(m.Count), 10)
	return append(b, '}'), nil
}

// parse reads a label: what append wrote in a moment, any JSON at leisure.
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

// digits reads a number of up to four digits, which MaxEvents has. It is 0 when
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

// An identity makes the event ids of one commit.
type idGenerator struct {
	name []byte
	base int
}

func newIDGenerator(boundary, commit string) idGenerator {
	name := append(namespace[:], boundary+"/"+commit+"/"...)
	return idGenerator{name, len(name)}
}

// event returns the id of the event with index i.
func (d *idGenerator) eventID(i int) uuid.UUID {
	d.name = strconv.AppendInt(d.name[:d.base], int64(i), 10)
	sum := sha1.Sum(d.name)
	id := uuid.UUID(sum[:16])
	id[6] = id[6]&0x0f | 0x50 // version 5
	id[8] = id[8]&0x3f | 0x80 // RFC 9562
	return id
}

// encode makes what is sent for c: the same events whenever it is called.
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

// A typeFinder finds the types of events, one after the other.
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

// plain says whether t can serve as an event type: short printable ASCII that
// does not look like one of the server's own.
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

// place returns the position and metadata of a stored event, or ErrCorrupt.
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

// foreign makes an ErrCorrupt for an event that somebody else wrote into a stream
// of the log. Nothing can be done with it: the log's commits go on behind it, under
// revisions that count it.
func foreignEvent(e *esdb.RecordedEvent, why string) error {
	return damagedEvent(e, "type %q was not written by Muster (%s); see deploy/README.md on EventStoreDB for who may write to the streams of the log", e.EventType, why)
}

// damaged makes an ErrCorrupt that says where.
func damagedEvent(e *esdb.RecordedEvent, format string, args ...any) error {
	where := fmt.Sprintf("stream %s, event number %d", e.StreamID, e.EventNumber)
	if hasPosition(e) {
		where = "position " + log.At(e.Position.Commit, e.Position.Prepare).String() + ", " + where
	}
	return fmt.Errorf("%w: %s: %s", log.ErrCorrupt, where, fmt.Sprintf(format, args...))
}

// hasPosition says whether the server told the event's position: all do for
// $all, and only newer ones when a stream is read.
func hasPosition(e *esdb.RecordedEvent) bool {
	return e.Position.Commit != 0 && e.Position.Commit != 1<<64-1
}
