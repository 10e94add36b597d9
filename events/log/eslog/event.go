package eslog

import (
	"bytes"
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
var namespace = uuid.MustParse("5a0f4b0e-6d7f-4d0c-9a53-2f1e6f0c8b11")

// A label is the metadata of each event. The commit's id is on its first event
// only: event ids are derived from it, which binds the others to it.
type label struct {
	Commit   string    `json:"commit,omitzero"`
	Index    *int      `json:"index"`
	Count    int       `json:"count"`
	Recorded time.Time `json:"recorded,omitzero"`
}

// An identity makes the event ids of one commit.
type identity struct {
	name []byte
	base int
}

func newIdentity(boundary, commit string) identity {
	name := []byte(boundary + "/" + commit + "/")
	return identity{name, len(name)}
}

// event returns the id of the event with index i.
func (d *identity) event(i int) uuid.UUID {
	d.name = strconv.AppendInt(d.name[:d.base], int64(i), 10)
	return uuid.NewSHA1(namespace, d.name)
}

// encode makes what is sent for c: the same events whenever it is called.
func encode(c log.Commit) ([]esdb.EventData, error) {
	ids := newIdentity(c.Boundary, c.ID)
	events := make([]esdb.EventData, len(c.Events))
	size := 0
	for i, data := range c.Events {
		m := label{Index: &i, Count: len(c.Events)}
		if i == 0 {
			m.Commit = c.ID
			m.Recorded = c.Imported.UTC()
		}
		meta, err := json.Marshal(m)
		if err != nil {
			return nil, fmt.Errorf("%w: id %q: %w", log.ErrInvalid, c.ID, err)
		}
		events[i] = esdb.EventData{
			EventID:     ids.event(i),
			EventType:   eventType(data),
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

// eventType finds the value of the top-level member "type".
func eventType(event []byte) string {
	d := jsontext.NewDecoder(bytes.NewBuffer(event), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
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
		if err == nil && value.Kind() == '"' && plain(value.String()) {
			return value.String()
		}
		break
	}
	return plainType
}

// plain says whether t can serve as an event type: short printable ASCII that
// does not look like one of the server's own.
func plain(t string) bool {
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
func place(e *esdb.RecordedEvent) (log.Position, label, error) {
	at := log.At(e.Position.Commit, e.Position.Prepare)
	var m label
	if err := json.Unmarshal(e.UserMetadata, &m); err != nil {
		return at, m, damaged(e, "metadata: %v", err)
	}
	switch {
	case m.Index == nil:
		return at, m, damaged(e, "metadata has no index")
	case m.Count < 1 || m.Count > log.MaxEvents:
		return at, m, damaged(e, "metadata has count %d", m.Count)
	case *m.Index < 0 || *m.Index >= m.Count:
		return at, m, damaged(e, "metadata has index %d of %d", *m.Index, m.Count)
	case *m.Index == 0 && m.Commit == "":
		return at, m, damaged(e, "metadata has no commit id")
	}
	return at, m, nil
}

// damaged makes an ErrCorrupt that says where.
func damaged(e *esdb.RecordedEvent, format string, args ...any) error {
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
