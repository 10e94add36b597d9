package events

import (
	"strings"

	"github.com/muster-works/muster/events/division"
)

// A Scanner reads records from the log as [Decode] does, several times as fast.
// It knows the form in which [Event.Append] writes the types that logs are
// full of (sheets, pay runs, and what is said when a person comes and goes);
// any other record, and any that is written in another way, it leaves to
// Decode. So its results are those of Decode, errors included.
//
// The price is what it returns: an Event is the Scanner's own and lasts until
// the next Scan, and its texts are parts of the bytes that were scanned. Those
// must not change, and a text that is kept keeps all of them in memory: clone
// it. The zero Scanner is ready; it is not safe for concurrent use.
type Scanner struct {
	event      Event
	last       *alike // nil where there is no next one
	identity   Identity
	developed  PostDeveloped
	hired      HirePlaced
	review     Reviewed
	publicity  Publicity
	agreement  Agreement
	exited     ExitRecorded
	trained    TrainingCompleted
	account    AccountAssigned
	attendance AttendanceReported
	instructed PaymentInstructed
	settled    PaymentSettled
	returned   PaymentReturned
	reversed   PaymentReversed
}

// Alike are the attributes that mostly say what they said in the event before.
type alike [ofDigest + 1]member

const (
	ofSource = iota
	ofType
	ofSchema
	ofAuthType
	ofAuthID
	ofCorrelationID
	ofPolicyVersion
	ofDigest
)

// member returns one of them, nil where none are kept.
func (a *alike) member(of int) *member {
	if a == nil {
		return nil
	}
	return &a[of]
}

// Scan reads a record.
func (s *Scanner) Scan(raw []byte) (*Event, error) {
	if s.last == nil {
		s.last = new(alike)
	}
	if e := s.scan(raw); e != nil {
		return e, nil
	}
	return Decode(raw)
}

// scan returns nil for what Decode must read.
func (s *Scanner) scan(raw []byte) *Event {
	c := cursor{b: raw, ok: true}
	s.event = Event{}
	schema := s.attributes(&c)
	e := &s.event
	if !c.ok || schema != "" && !isSchema(schema, e.Type) || !c.name(`"data":`) || !c.take("{") {
		return nil
	}
	e.Data = s.data(&c)
	c.expect("}}")
	if e.Data == nil || !c.ok || c.at != len(raw) {
		return nil
	}
	return e
}

// isSchema says whether Decode takes a dataschema for a type.
func isSchema(schema string, t Type) bool {
	rest, ok := strings.CutSuffix(schema, "/v1")
	if !ok {
		return false
	}
	rest, ok = strings.CutSuffix(rest, string(t))
	return ok && strings.HasSuffix(rest, "/")
}

// attributes reads what stands before the data, and returns the dataschema.
func (s *Scanner) attributes(c *cursor) (schema string) {
	e := &s.event
	c.expect(`{"specversion":"` + SpecVersion + `"`)
	if c.name(`"id":`) {
		e.ID = c.text()
	}
	e.Source = c.again(`"source":`, s.last.member(ofSource))
	e.Type = Type(c.again(`"type":`, s.last.member(ofType)))
	if c.name(`"subject":`) {
		e.Subject = c.text()
	}
	if c.name(`"time":`) {
		e.Time = c.instant()
	}
	schema = c.again(`"dataschema":`, s.last.member(ofSchema))
	if c.name(`"division":`) {
		e.Division = division.Code(c.text())
	}
	if c.name(`"submode":`) {
		e.Submode = Mode(c.text())
	}
	if c.name(`"replaces":`) {
		e.Replaces = c.text()
	}
	e.AuthType = c.again(`"authtype":`, s.last.member(ofAuthType))
	e.AuthID = c.again(`"authid":`, s.last.member(ofAuthID))
	e.CorrelationID = c.again(`"correlationid":`, s.last.member(ofCorrelationID))
	e.PolicyVersion = c.again(`"policyversion":`, s.last.member(ofPolicyVersion))
	e.Digest = c.again(`"digest":`, s.last.member(ofDigest))
	return schema
}

// data reads the payload up to its closing brace; nil is a type that Decode
// must read.
func (s *Scanner) data(c *cursor) Data {
	switch s.event.Type {
	case AttendanceReportedType:
		return s.attendanceReported(c)
	case PaymentInstructedType:
		return s.paymentInstructed(c)
	case PaymentSettledType:
		return s.paymentSettled(c)
	case PaymentReturnedType:
		s.returned.Run, s.returned.Lines = s.back(c, s.returned.Lines[:0])
		return &s.returned
	case PaymentReversedType:
		s.reversed.Run, s.reversed.Lines = s.back(c, s.reversed.Lines[:0])
		return &s.reversed
	case HirePlacedType:
		return s.hirePlaced(c)
	case ExitRecordedType:
		return s.exitRecorded(c)
	case TrainingCompletedType:
		return s.trainingCompleted(c)
	case AccountAssignedType:
		return s.accountAssigned(c)
	case PostDevelopedType:
		return s.postDeveloped(c)
	}
	return nil
}
