package admission

import (
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
)

// Admit holds an event to the rights of its caller and to the table of
// divisions. It returns why the caller may not submit the event, nil if it may.
// It completes the divisions of the event, so the event must be a copy that
// belongs to the gateway.
func (c Caller) Admit(table *division.Table, e *events.Event) events.Reasons {
	if e.Data == nil {
		return events.Refusal(events.Missing, "data", events.Say("is required: a JSON object", "为必填项：JSON对象"))
	}
	switch f := e.Family(); {
	case f == events.Gateway || f == "":
		return events.Refusal(events.EngineField, "type", events.Say("is an event that only the engine writes", "是只由系统写入的事件"))
	case c.Families != nil && !c.Families[f]:
		return events.Refusal(NotEntitled, "type", events.Say(
			"belongs to the service %s, which this agency may not submit to", "属于%s服务，本单位无权向其报送", f))
	case e.Submode == events.ModeRecord && !c.Record:
		return events.Refusal(NotEntitled, "submode", events.Say(
			"record is a right that this agency does not have; leave it out to have the event decided",
			"本单位没有record（照实登记）权限；请去掉submode，由系统审核"))
	case !c.ownsSource(e.Source):
		return events.Refusal(NotEntitled, "source", events.Say(
			"must be /agency/%[1]s or lie under it", "须为/agency/%[1]s或在其之下", c.Agency))
	}
	if refused := append(c.admitOverseer(e), c.admitInspection(e)...); refused != nil {
		return refused
	}
	return c.admitDivision(table, e)
}

// admitOverseer refuses a correction of what another source said, if the caller does not
// oversee others or nobody corrects others in the family. Whether the caller oversees the
// very event that is corrected is for the service to say, which knows that event.
func (c Caller) admitOverseer(e *events.Event) events.Reasons {
	if e.ReplacesSource == "" || e.ReplacesSource == e.Source {
		return nil
	}
	switch f := e.Family(); {
	case f == events.Policy || f == events.Review || f == events.Registry:
		return events.Refusal(NotEntitled, "replacessource", events.Say(
			"must be left out: what one source said to the service %s no other source may correct",
			"不得填写：%s服务的内容只能由原报送来源更正", f))
	case !c.Oversee:
		return events.Refusal(NotEntitled, "replacessource", events.Say(
			"is another source; correcting it takes the right oversee, which this agency does not have",
			"是另一来源；更正其他单位的内容需要监督（oversee）权限，本单位没有该权限"))
	}
	return nil
}

// admitInspection refuses what an inspector found, if the caller does not inspect.
func (c Caller) admitInspection(e *events.Event) events.Reasons {
	sheet, ok := e.Data.(*events.AttendanceReported)
	if !ok || sheet.Capacity != policy.Inspection || c.Inspect {
		return nil
	}
	return events.Refusal(NotEntitled, "data.capacity", events.Say(
		"inspection is a right that this agency does not have; leave it out to report as the unit does",
		"本单位没有检查（inspect）权限；请去掉capacity，按用人单位报送"))
}

// ownsSource reports whether a source belongs to the caller.
func (c Caller) ownsSource(source string) bool {
	if c.AuthType == Loopback {
		return true
	}
	rest, ok := strings.CutPrefix(source, "/agency/"+c.Agency)
	return ok && (rest == "" || rest[0] == '/')
}

// admitDivision holds the divisions of an event to the table and to the prefix of
// the caller. If only one of the envelope and the payload says the division, the
// other takes it over.
func (c Caller) admitDivision(table *division.Table, e *events.Event) events.Reasons {
	place := e.Data.Place()
	if place != nil && *place == "" {
		*place = e.Division
	}
	if place != nil && e.Division == "" {
		e.Division = *place
	}
	if reasons := c.checkDivision(table, "division", e.Division, e); reasons != nil {
		return reasons
	}
	if place != nil {
		if reasons := c.checkDivision(table, "data.division", *place, e); reasons != nil {
			return reasons
		}
	}
	switch d := e.Data.(type) {
	case *events.PolicyAdopted:
		return c.admitJurisdiction(d)
	case *events.DivisionsAdopted:
		if reasons := admitLines(table, d); reasons != nil {
			return reasons
		}
	}
	if e.Type == events.EventWithdrawnType {
		return nil // it concerns the division of the event that is withdrawn
	}
	if e.Division == "" && (place != nil || c.Prefix != "") {
		return events.Refusal(events.Missing, "division", events.Say(
			"is required: the 12-digit code of where it happened", "为必填项：事发地的12位行政区划代码"))
	}
	return nil
}

// admitJurisdiction refuses a policy pack for divisions that are not the
// caller's. A pack is for a whole jurisdiction and needs no division.
func (c Caller) admitJurisdiction(d *events.PolicyAdopted) events.Reasons {
	if c.Prefix != "" && !strings.HasPrefix(division.Trim(d.Jurisdiction), division.Trim(c.Prefix)) {
		return events.Refusal(NotEntitled, "data.jurisdiction", events.Say(
			"is wider than the divisions this agency answers for", "超出本单位管辖的行政区划"))
	}
	return nil
}
