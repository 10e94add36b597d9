package events

import (
	"strings"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/internal/canonical"
)

//go:generate go run ./internal/canonical/generate

// A Scanner reads records from the log as [Decode] does, and is several times as
// fast. A Scanner reads the canonical form, which [Event.Append] writes, by comparing
// bytes. It calls Decode for a record in any other form, and for the few types whose
// payload holds something that the canonical form does not cover, such as a policy
// pack. Results and errors of a Scanner are therefore those of Decode.
//
// The Event that Scan returns belongs to the Scanner and is valid until the next call
// of Scan. Its strings share memory with the record. The record must not change while
// one of these strings is in use, and a string that is kept keeps the whole record in
// memory: clone a string that outlives the record.
//
// The zero Scanner is ready. A Scanner is not safe for concurrent use.
type Scanner struct {
	records records
	recent  *recentAttributes // nil if the Scanner is used for one event only
}

// recentAttributes remembers attributes whose value is often the same as in the
// previous event.
type recentAttributes [recentCount]canonical.CachedMember

const (
	recentSource = iota
	recentType
	recentSchema
	recentAuthType
	recentAuthID
	recentAuthDivision
	recentCorrelationID
	recentPolicyVersion
	recentDigest
	recentCount
)

// at returns the memory of one attribute, or nil if r is nil.
func (r *recentAttributes) at(attribute int) *canonical.CachedMember {
	if r == nil {
		return nil
	}
	return &r[attribute]
}

// Scan reads a record. See [Scanner] for how long the Event is valid.
func (s *Scanner) Scan(raw []byte) (*Event, error) {
	if s.recent == nil {
		s.recent = new(recentAttributes)
	}
	if e := s.scan(raw); e != nil {
		return e, nil
	}
	return Decode(raw)
}

// scan reads a record in the canonical form. It returns nil if Decode must read
// the record.
func (s *Scanner) scan(raw []byte) *Event {
	var attributes Event
	c := canonical.NewCursor(raw)
	schema := s.scanAttributes(&c, &attributes)
	if !c.OK() || schema != "" && !isSchema(schema, attributes.Type) || !c.Name(`"data":`) {
		return nil
	}
	e := s.records.scan(&c, &attributes)
	c.Expect(`}`)
	if e == nil || !c.Done() {
		return nil
	}
	return e
}

// recordAt returns the record that a pointer points to. It allocates the record
// if there is none yet.
func recordAt[R any](at **R) *R {
	if *at == nil {
		*at = new(R)
	}
	return *at
}

// isSchema reports whether Decode accepts a dataschema for a type.
func isSchema(schema string, t Type) bool {
	rest, ok := strings.CutSuffix(schema, "/v1")
	if !ok {
		return false
	}
	rest, ok = strings.CutSuffix(rest, string(t))
	return ok && strings.HasSuffix(rest, "/")
}

// scanAttributes reads the attributes, which stand before the data. It returns the
// dataschema.
func (s *Scanner) scanAttributes(c *canonical.Cursor, e *Event) (schema string) {
	c.Expect(`{"specversion":"` + SpecVersion + `"`)
	if c.Take(`,"id":`) {
		e.ID = c.String()
	}
	e.Source = c.CachedString(`"source":`, s.recent.at(recentSource))
	e.Type = Type(c.CachedString(`"type":`, s.recent.at(recentType)))
	if c.Take(`,"subject":`) {
		e.Subject = c.String()
	}
	if c.Take(`,"time":`) {
		e.Time = c.Time()
	}
	schema = c.CachedString(`"dataschema":`, s.recent.at(recentSchema))
	if c.Take(`,"division":`) {
		e.Division = division.Code(c.String())
	}
	if c.Take(`,"submode":`) {
		e.Submode = Mode(c.String())
	}
	if c.Take(`,"replaces":`) {
		e.Replaces = c.String()
	}
	if c.Take(`,"replacessource":`) {
		e.ReplacesSource = c.String()
	}
	e.AuthType = c.CachedString(`"authtype":`, s.recent.at(recentAuthType))
	e.AuthID = c.CachedString(`"authid":`, s.recent.at(recentAuthID))
	e.AuthDivision = c.CachedString(`"authdivision":`, s.recent.at(recentAuthDivision))
	e.CorrelationID = c.CachedString(`"correlationid":`, s.recent.at(recentCorrelationID))
	e.PolicyVersion = c.CachedString(`"policyversion":`, s.recent.at(recentPolicyVersion))
	e.Digest = c.CachedString(`"digest":`, s.recent.at(recentDigest))
	return schema
}
