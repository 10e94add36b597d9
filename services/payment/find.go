package payment

import (
	"cmp"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/command"
)

// A found run is the run that an event about settlements, returns or rejections speaks of. If
// run is nil, it was not ordered yet, which record mode lets pass.
type found struct {
	run     *run
	source  string // to be written into the record as ordered_by
	foreign bool   // it belongs to another source than that of the event
}

// find finds the run that an event speaks of: that of the source in ordered_by, or of its own
// source. A run of before 1.1 has no source, and is found by its name where the source has no
// run that holds the first line. The record of such an event has no ordered_by.
func (j *judgement) find(e *events.Event, d events.RunData) (f found, ok bool) {
	key, line := d.RunKey(), d.FirstLine()
	f.source = cmp.Or(e.ReplacesSource, e.Source)
	switch {
	case key.Source != "":
		f.source = events.OrderingSource(key.Source)
	case j.superseded.run != nil && e.ReplacesSource != "":
		f.source = j.superseded.run.source
	}
	f.foreign = f.source != cmp.Or(e.ReplacesSource, e.Source)
	f.run = j.state.runs[events.RunKey{Source: f.source, Run: key.Run}]
	if old := j.state.runs[events.RunKey{Run: key.Run}]; old != nil && !f.run.holds(line) && (f.run == nil || old.holds(line)) {
		return found{run: old}, true
	}
	if f.run == nil && e.DecidedOn == 0 {
		f.source = "" // an event of before 1.1
	}
	switch {
	case f.run == nil && f.foreign && !answersForAll(e):
		j.refuse(UnknownRun, "data.ordered_by", unknownRunOf)
		return f, false
	case f.run == nil:
		j.contradiction(UnknownRun, "data.run", unknownRun)
		return f, false
	}
	return f, true
}

var (
	unknownRun = events.Say("no run of this name was instructed by this source; submit payment.instructed first, or name in ordered_by the agency that ordered the run",
		"本来源没有下达过这个批次的发放；请先报送发放，或在ordered_by中注明下达该批次的单位")
	unknownRunOf = events.Say("has no run of this name that this agency answers for; name the agency that ordered the run, whose fund must lie under the divisions of this agency",
		"没有本单位管辖的这个批次；请注明下达该批次的单位，其资金须在本单位管辖的行政区划内")
)

// holds reports whether a line id stands in the run.
func (r *run) holds(id string) bool {
	if r == nil {
		return false
	}
	_, ok := r.names.head(id)
	return ok
}

// answersForAll reports whether an event comes from an operator.
func answersForAll(e *events.Event) bool {
	return e.AuthDivision != "" && command.Covers(e.AuthDivision, "")
}

// checkDivision refuses line i of an event if its fund belongs to a division that the event may
// not speak of. Of a run of another source, the agency must answer for the division of the fund.
func (j *judgement) checkDivision(e *events.Event, i int, f found, paid *fund) bool {
	switch {
	case paid == nil:
		return true
	case f.foreign && !(command.Covers(e.AuthDivision, string(paid.division)) && paid.division.Under(string(e.Division))):
		j.refuse(UnknownRun, "data.ordered_by", unknownRunOf)
		return false
	case !paid.concerns(e.Division):
		j.refuse(DivisionOutside, at(i, "line"), events.Say(
			"is paid from a fund of another division than the event's", "由其他行政区划的资金发放，与本事件的行政区划不符"))
		return false
	}
	return true
}

// findLine returns the account of the line id that line i of an event names. ok is false if no
// order of that line is in the log. seen holds the ids of the lines before.
func (j *judgement) findLine(i int, r *run, id string, seen map[string]struct{}) (a *account, ok bool) {
	if _, twice := seen[id]; twice {
		j.contradiction(LineRepeated, at(i, "line"), events.Say("stands twice in this event; name each line once", "在本事件中出现两次；每笔编号只用一次"))
	}
	seen[id] = struct{}{}
	a, ok = j.account(r, id)
	if !ok || len(a.orders) == 0 {
		j.contradiction(LineUnknown, at(i, "line"), events.Say(
			"does not stand in this run; submit the part of payment.instructed that holds it first",
			"该批次中没有这一笔；请先报送含有它的发放"))
		return a, false
	}
	return a, true
}
