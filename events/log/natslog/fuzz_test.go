package natslog

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/muster-works/muster/events/log"
)

// FuzzCommit checks that a message is either a commit that is written as it was read,
// or corrupt.
func FuzzCommit(f *testing.F) {
	l := &driver{options: Options{}.withDefaults()}
	for _, c := range []log.Commit{
		{ID: "a", Boundary: "placement", Events: [][]byte{[]byte(`{"id":1}`), []byte(`{"id":2}`)}},
		{ID: "b", Boundary: "attendance.370211", Events: [][]byte{[]byte(`{}`)}, Imported: time.Unix(1650000000, 5)},
	} {
		m := l.message(c, 3, nil)
		f.Add(m.Subject, m.Header.Get(headerID), m.Header.Get(headerExpected), m.Header.Get(headerEvents), m.Header.Get(headerRecorded), m.Data)
	}
	f.Add("other.placement", "", "x", "1", "yesterday", []byte("["))
	f.Fuzz(func(t *testing.T, subject, id, expected, count, recorded string, data []byte) {
		m := storedMessage{7, subject, nats.Header{headerID: {id}, headerExpected: {expected}, headerEvents: {count}, headerRecorded: {recorded}}, data, time.Unix(9, 0)}
		c, on, err := l.commit(m)
		if err != nil {
			if !errors.Is(err, log.ErrCorrupt) {
				t.Errorf("%v is not called corrupt", err)
			}
			return
		}
		if c.Boundary == "" {
			return // no server stores a subject that ends in a dot
		}
		again := l.message(c, log.Revision(on), nil)
		m.subject, m.header, m.data = again.Subject, again.Header, again.Data
		back, revision, err := l.commit(m)
		c.Imported, c.Recorded, back.Imported, back.Recorded = c.Imported.UTC(), c.Recorded.UTC(), back.Imported.UTC(), back.Recorded.UTC()
		if err != nil || revision != on || !reflect.DeepEqual(back, c) {
			t.Errorf("%+v on %d, then %+v on %d: %v", c, on, back, revision, err)
		}
	})
}
