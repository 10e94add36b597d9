package admission

import (
	"fmt"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// AnsweringFor returns the caller as it answers for an event. An agency whose division is no more
// answers for what took its place, besides its own past: about an event there it has the rights of
// an agency of that division.
func (c Caller) AnsweringFor(table *division.Table, e *events.Event) Caller {
	if c.Prefix == "" || e.Division == "" || e.Division.Under(c.Prefix) {
		return c
	}
	if to, ok := SuccessorOf(table, c.Prefix, e.DecidedOn); ok && e.Division.Under(to) {
		c.Prefix = to
	}
	return c
}

// SuccessorOf returns the prefix of the division that has taken the place of the one with a prefix,
// if that one no longer exists on a day.
func SuccessorOf(table *division.Table, prefix string, day civil.Date) (string, bool) {
	to, ok := table.Successor(division.OfPrefix(prefix), day)
	if !ok {
		return "", false
	}
	return to.Prefix(), true
}

// checkDivision refuses a division that is in no table, or not on the days of the event, or is not
// the caller's. An empty one is not refused.
func (c Caller) checkDivision(table *division.Table, field string, d division.Code, e *events.Event) events.Reasons {
	switch {
	case d == "":
		return nil
	case !table.Has(d):
		return events.Refusal(UnknownDivision, field, events.Say(
			"is in no table of divisions that is loaded here", "不在已加载的行政区划表中"))
	case !d.Under(c.Prefix):
		return events.Refusal(NotEntitled, field, events.Say(
			"lies outside the divisions this agency answers for", "不在本单位管辖的行政区划内"))
	}
	return checkDay(table, field, d, e)
}

// checkDay refuses a division that does not exist on any business day of the event. What is said of
// a day to come may name what exists on the day of the decision, and a change of a post what
// exists on the day before: the post may be moved out of a division that ends.
func checkDay(table *division.Table, field string, d division.Code, e *events.Event) events.Reasons {
	if table.HoldsAlways(d) {
		return nil
	}
	from, until, ok := businessDays(e)
	if !ok || table.HoldsIn(d, from, until) {
		return nil
	}
	if today := e.DecidedOn; today != 0 && today < from && table.HoldsIn(d, today, today+1) {
		return nil
	}
	if e.Type == events.PostChangedType && table.HoldsIn(d, from-1, from) {
		return nil
	}
	s, _ := table.On(d, from)
	if s.Code == "" || s.ValidTo == 0 {
		return events.Refusal(UnknownDivision, field, events.Say("does not exist yet on %s", "在%s尚不存在", from))
	}
	to, ok := table.Successor(d, from)
	if !ok {
		return events.Refusal(UnknownDivision, field, events.Say(
			"has been no division since %s, and no successor is known", "自%s起已撤销，且没有登记承接的区划", s.ValidTo))
	}
	return events.Refusal(UnknownDivision, field, events.Say(
		"has been no division since %s; give %s, %s, which took its place; a post that still lies in the old division is moved by post.changed",
		"自%s起已撤销；请填写承接的区划%s（%s）；仍在原区划的岗位请先用post.changed移至新区划", s.ValidTo, to, table.Name(to)))
}

// businessDays returns the days that the business date of an event stands for: from one until before another.
// It returns false if the event has none.
func businessDays(e *events.Event) (from, until civil.Date, ok bool) {
	on := e.Data.BusinessDate()
	if d, err := civil.ParseDate(on); err == nil {
		return d, d + 1, true
	}
	if m, err := civil.ParseMonth(on); err == nil {
		return m.First(), (m + 1).First(), true
	}
	if m, err := civil.ParseMonth(on + "-01"); err == nil {
		return m.First(), (m + 12).First(), true
	}
	return 0, 0, false
}

// admitLines refuses a part of a table that names parents or successors that neither the table nor
// the part has.
func admitLines(table *division.Table, d *events.DivisionsAdopted) (reasons events.Reasons) {
	own := map[division.Code]bool{}
	for i := range d.Lines {
		own[d.Lines[i].Code] = true
	}
	known := func(c division.Code) bool { return own[c] || table.Has(c) }
	for i := range d.Lines {
		l := &d.Lines[i]
		if level := l.Code.Level(); level > division.Province && !known(l.Code.At(level-1)) && known(l.Code.At(division.Province)) {
			reasons = append(reasons, events.ReasonOf(UnknownDivision, fmt.Sprintf("data.lines[%d].code", i), events.Say(
				"lies in %s, which is in no table", "所属的%s不在行政区划表中", l.Code.At(level-1))))
		}
		if l.Successor != "" && !known(l.Successor) {
			reasons = append(reasons, events.ReasonOf(UnknownDivision, fmt.Sprintf("data.lines[%d].successor", i), events.Say(
				"is in no table of divisions that is loaded here; adopt it in this event or before", "不在已加载的行政区划表中；请在本事件中或在此之前登记")))
		}
	}
	return reasons
}
