package gateway

import (
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
)

// admit says why a caller may not submit e, nil when it may. It completes the
// divisions of e, which is the gateway's own copy.
func (g *Gateway) admit(c Caller, e *events.Event) events.Reasons {
	if e.Data == nil {
		return events.Refuse(events.Missing, "data", "is required: a JSON object")
	}
	switch f := e.Family(); {
	case f == events.Gateway || f == "":
		return events.Refuse(events.EngineField, "type", "is an event that only the engine writes")
	case c.Families != nil && !c.Families[f]:
		return events.Refuse(NotEntitled, "type", "belongs to the service "+string(f)+", which this agency may not submit to")
	case e.Submode == events.ModeRecord && !c.Record:
		return events.Refuse(NotEntitled, "submode", "record is a right that this agency does not have; leave it out to have the event decided")
	case !c.owns(e.Source):
		return events.Refuse(NotEntitled, "source", "must be /agency/"+c.Agency+" or lie under it")
	}
	return g.place(c, e)
}

// owns says whether a source is the caller's.
func (c Caller) owns(source string) bool {
	if c.AuthType == Loopback {
		return true
	}
	rest, ok := strings.CutPrefix(source, "/agency/"+c.Agency)
	return ok && (rest == "" || rest[0] == '/')
}

// place holds the divisions of e against the table and the caller's prefix.
// What the payload leaves out is taken from the envelope, and the reverse.
func (g *Gateway) place(c Caller, e *events.Event) events.Reasons {
	where := e.Data.Place()
	if where != nil && *where == "" {
		*where = e.Division
	}
	if where != nil && e.Division == "" {
		e.Division = *where
	}
	if reasons := g.within(c, "division", e.Division); reasons != nil {
		return reasons
	}
	if where != nil {
		if reasons := g.within(c, "data.division", *where); reasons != nil {
			return reasons
		}
	}
	if p, ok := e.Data.(*events.PolicyAdopted); ok {
		if c.Prefix != "" && !strings.HasPrefix(division.Trim(p.Jurisdiction), division.Trim(c.Prefix)) {
			return events.Refuse(NotEntitled, "data.jurisdiction", "is wider than the divisions this agency answers for")
		}
		return nil
	}
	_, withdrawn := e.Data.(*events.EventWithdrawn)
	if e.Division == "" && !withdrawn && (where != nil || c.Prefix != "") {
		return events.Refuse(events.Missing, "division", "is required: the 12-digit code of where it happened")
	}
	return nil
}

func (g *Gateway) within(c Caller, field string, d division.Code) events.Reasons {
	switch {
	case d == "":
		return nil
	case !g.divisions.Has(d):
		return events.Refuse(UnknownDivision, field, "is in no table of divisions that is loaded here")
	case !d.Under(c.Prefix):
		return events.Refuse(NotEntitled, field, "lies outside the divisions this agency answers for")
	}
	return nil
}
