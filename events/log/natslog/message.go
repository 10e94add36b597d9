package natslog

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/muster-works/muster/events/log"
)

// The headers of a message.
const (
	headerID       = "Nats-Msg-Id"
	headerExpected = "Nats-Expected-Last-Subject-Sequence"
	headerType     = "Content-Type"
	headerEvents   = "Muster-Events"
	headerRecorded = "Muster-Recorded"
)

// message returns the message of a commit. The encoded events are appended to body.
func (l *driver) message(c log.Commit, expected log.Revision, body []byte) *nats.Msg {
	m := &nats.Msg{
		Subject: l.subject(log.Filter{Boundary: c.Boundary}),
		Data:    log.AppendBatch(body, c.Events),
		Header: nats.Header{
			headerID:       {c.ID},
			headerExpected: {strconv.FormatUint(uint64(expected), 10)},
			headerType:     {log.ContentType},
			headerEvents:   {strconv.Itoa(len(c.Events))},
		},
	}
	if !c.Imported.IsZero() {
		m.Header[headerRecorded] = []string{c.Imported.UTC().Format(time.RFC3339Nano)}
	}
	return m
}

// A storedMessage is a message as it is stored, from whichever source.
type storedMessage struct {
	seq     uint64
	subject string
	header  nats.Header
	data    []byte
	at      time.Time
}

// commit checks a stored message and returns its commit, with the revision on which
// it was decided.
func (l *driver) commit(m storedMessage) (log.Commit, uint64, error) {
	c := log.Commit{
		ID:       m.header.Get(headerID),
		Position: log.At(m.seq, 0),
		Revision: log.Revision(m.seq),
		Recorded: m.at.UTC(),
	}
	corrupt := func(format string, args ...any) (log.Commit, uint64, error) {
		return log.Commit{}, 0, fmt.Errorf("%w: at %s: %s", log.ErrCorrupt, c.Position, fmt.Sprintf(format, args...))
	}
	var found bool
	if c.Boundary, found = strings.CutPrefix(m.subject, l.options.Prefix+"."); !found {
		return corrupt("subject %q", m.subject)
	}
	if c.ID == "" {
		return corrupt("no commit id")
	}
	expected, err := strconv.ParseUint(m.header.Get(headerExpected), 10, 64)
	if err != nil {
		return corrupt("expected revision %q", m.header.Get(headerExpected))
	}
	if c.Events, err = log.DecodeBatch(m.data); err != nil {
		return corrupt("%v", err)
	}
	if count := m.header.Get(headerEvents); count != strconv.Itoa(len(c.Events)) {
		return corrupt("%d events, the header says %q", len(c.Events), count)
	}
	if recorded := m.header.Get(headerRecorded); recorded != "" {
		if c.Imported, err = time.Parse(time.RFC3339Nano, recorded); err != nil {
			return corrupt("recorded time %q", recorded)
		}
		c.Recorded = c.Imported
	}
	return c, expected, nil
}
