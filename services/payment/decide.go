package payment

import (
	"cmp"
	"fmt"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// allocate decides an allocation.
func (j *judgement) allocate(d *events.FundAllocated) {
	j.judgeRetraction("replaces", nil)
	f := j.state.funds[d.Fund]
	if f == nil {
		f = new(fund)
	}
	others := f.allocations
	if j.superseded.kind == allocation && j.superseded.fund == f {
		others--
	}
	if others > 0 && f.division != d.Division {
		j.refuse(DivisionOutside, "data.division", events.Say(
			"is not the division that the fund was allocated for before; name the fund of another division differently",
			"与该资金以前下达的行政区划不同；其他行政区划的资金请另编编号"))
	}
	j.changeFund(f, int64(d.Amount), 0)
	j.judgeFunds("data.amount")
}

// instruct decides a part of a pay run.
func (j *judgement) instruct(e *events.Event, d *events.PaymentInstructed, p Placements) {
	j.judgeRetraction("replaces", nil)
	f := j.state.funds[d.Fund]
	if f == nil || f.allocations == 0 {
		j.contradiction(UnknownFund, "data.fund", events.Say(
			"no money was allocated to a fund of this name; submit fund.allocated first", "没有下达过这个编号的资金；请先报送资金下达"))
	}
	if f == nil {
		f = new(fund)
	}
	if !f.serves(e.Division) {
		j.refuse(DivisionOutside, "data.fund", events.Say(
			"was not allocated for the event's division; pay from a fund of its own", "不是为本事件的行政区划下达的；请用本区划的资金发放"))
	}
	r := j.state.runs[d.Run]
	seen := make(map[string]struct{}, len(d.Lines))
	var known postMonth // the last post that was found; lines of one post are mostly consecutive
	for i := range d.Lines {
		if j.full() {
			return
		}
		l := &d.Lines[i]
		if _, ok := seen[l.Line]; ok {
			j.contradiction(LineRepeated, at(i, "line"), events.Say(
				"stands twice in this event; name each line of a run once", "在本事件中出现两次；同一批次的每笔编号只用一次"))
		}
		seen[l.Line] = struct{}{}
		returned := j.judgeLineID(i, r, l.Line)
		if paid := (postMonth{l.Post, cmp.Or(l.Month, d.Month)}); paid != known {
			if _, reasons := p.FindWithin(e, l.Post, paid.month.First(), (paid.month + 1).First()); reasons != nil {
				said := events.Sentence{EN: reasons[0].Detail, ZH: reasons[0].DetailZH}
				if reasons[0].Code == DivisionOutside {
					said = events.Say("did not lie in the event's division in %s; send what is paid elsewhere under its own",
						"在%s不在本事件的行政区划内；其他区划的发放请按其区划另行报送", paid.month)
				}
				j.refuse(reasons[0].Code, at(i, "post"), said)
				continue
			}
			known = paid
		}
		if !j.record {
			j.judgePlaced(i, d, p)
		}
		if !returned {
			j.changeFund(f, 0, int64(l.Amount))
		}
	}
	j.judgeFunds("data.fund")
}

// A postMonth is a post in a month.
type postMonth struct {
	post  string
	month civil.Month
}

// judgeLineID refuses a line id that is taken in the run. returned says that a return of the line
// is in the log already: record mode accepts the return before the instruction.
func (j *judgement) judgeLineID(i int, r *run, id string) (returned bool) {
	if r == nil {
		return false
	}
	for n, ok := r.names.head(id); ok; n, ok = r.names.more(n) {
		if r.line(n).fund != 0 && !j.instructionSuperseded(r, n) {
			j.contradiction(LineRepeated, at(i, "line"), events.Say(
				"stands in this run already; name each line of a run once, or correct the part that holds it with replaces",
				"该批次中已有这一笔；同一批次的每笔编号只用一次，或用replaces更正所在的部分"))
			return false
		}
		returned = returned || r.line(n).returned > 0
	}
	return returned
}

// judgePlaced refuses line i if the person was not in place for what the line pays.
func (j *judgement) judgePlaced(i int, d *events.PaymentInstructed, p Placements) {
	l := &d.Lines[i]
	month := cmp.Or(l.Month, d.Month)
	end := (month + 1).First()
	switch l.Kind {
	case "arrears", "insurance":
		if !p.PlacedBefore(l.Person, end) {
			j.contradiction(NotPlaced, whole(i), events.Say(
				"the person had not been placed on any post by the end of %s; submit the hire first",
				"该人员到%s月底为止没有在任何岗位上岗；请先报送上岗", month))
		}
	default:
		if !p.PlacedWithin(l.Person, l.Post, month.First(), end) {
			j.contradiction(NotPlaced, whole(i), events.Say(
				"the person was not in place on this post in %s; submit the hire first, or pay what was earned earlier as arrears",
				"该人员在%s不在这个岗位上；请先报送上岗，以前应得的则按补发报送", month))
		}
	}
}

// settle decides a settlement. It returns the settlement to record, which names the person that
// each line pays.
func (j *judgement) settle(e *events.Event, d *events.PaymentSettled) *events.PaymentSettled {
	record := *d
	record.Lines = append([]events.SettledLine(nil), d.Lines...)
	r := j.state.runs[d.Run]
	if r == nil {
		j.contradiction(UnknownRun, "data.run", unknownRun)
		j.judgeRetraction("replaces", nil)
		return &record
	}
	kept := map[uint32]bool{}
	seen := make(map[string]struct{}, len(d.Lines))
	for i := range record.Lines {
		l := &record.Lines[i]
		n, ok := j.findLine(i, r, l.Line, seen)
		if !ok || !j.checkDivision(e, i, r, n) {
			continue
		}
		kept[n] = true
		l.Person = *j.state.persons.At(r.instructedLine(n).person)
		switch {
		case r.line(n).returned > 0 && !j.settlementSuperseded(r, n):
			j.contradiction(LineReturned, at(i, "line"), events.Say("came back before; instruct it anew under another line id", "这一笔以前已退回；请用另一笔编号重新发放"))
		case j.settled(r, n) > 0:
			j.contradiction(LineSettled, at(i, "line"), events.Say("was settled before", "这一笔以前已到账"))
		}
	}
	if j.superseded.run != r {
		kept = nil
	}
	j.judgeRetraction("replaces", kept)
	return &record
}

// restitute decides a return or a reversal. It returns the lines to record, which name the person
// that each line pays.
func (j *judgement) restitute(e *events.Event, d events.Restitution) []events.ReturnedLine {
	name, lines := d.Restitution()
	record := append([]events.ReturnedLine(nil), lines...)
	j.judgeRetraction("replaces", nil)
	r := j.state.runs[name]
	if r == nil {
		j.contradiction(UnknownRun, "data.run", unknownRun)
		j.judgeFunds("data.lines")
		return record
	}
	seen := make(map[string]struct{}, len(lines))
	for i := range record {
		n, ok := j.findLine(i, r, record[i].Line, seen)
		if !ok || !j.checkDivision(e, i, r, n) {
			continue
		}
		returned, paid := j.returned(r, n) > 0, r.instructedLine(n)
		record[i].Person = *j.state.persons.At(paid.person)
		switch {
		case returned:
			j.contradiction(LineReturned, at(i, "line"), events.Say("came back before", "这一笔以前已退回"))
		case r.line(n).settled == 0:
			j.contradiction(LineNotSettled, at(i, "line"), events.Say(
				"has not been settled, so that nothing can come back; correct the instruction with replaces instead",
				"这一笔尚未到账，无从退回；请用replaces更正发放"))
		}
		if !returned && paid.fund != 0 {
			j.changeFund(r.fund(paid), 0, -paid.amount)
		}
	}
	j.judgeFunds("data.lines")
	return record
}

var unknownRun = events.Say("no run of this name was instructed; submit payment.instructed first", "没有这个批次的发放；请先报送发放")

// findLine returns the head of the line id that line i of an event names. ok is false if no
// instruction of that line is in the log. seen holds the ids of the lines before.
func (j *judgement) findLine(i int, r *run, id string, seen map[string]struct{}) (n uint32, ok bool) {
	if _, twice := seen[id]; twice {
		j.contradiction(LineRepeated, at(i, "line"), events.Say("stands twice in this event; name each line once", "在本事件中出现两次；每笔编号只用一次"))
	}
	seen[id] = struct{}{}
	n, ok = r.names.head(id)
	if !ok || r.instructedLine(n).fund == 0 {
		j.contradiction(LineUnknown, at(i, "line"), events.Say(
			"does not stand in this run; submit the part of payment.instructed that holds it first",
			"该批次中没有这一笔；请先报送含有它的发放"))
		return 0, false
	}
	return n, true
}

// checkDivision refuses an event about line n if the fund of the line belongs to a division that
// neither contains the event's division nor lies in it.
func (j *judgement) checkDivision(e *events.Event, i int, r *run, n uint32) bool {
	if f := r.fund(r.instructedLine(n)); f == nil || f.concerns(e.Division) {
		return true
	}
	j.refuse(DivisionOutside, at(i, "line"), events.Say(
		"is paid from a fund of another division than the event's", "由其他行政区划的资金发放，与本事件的行政区划不符"))
	return false
}

// settlementSuperseded reports whether the event supersedes a settlement of line n.
func (j *judgement) settlementSuperseded(r *run, n uint32) bool {
	return j.superseded.kind == settlement && j.superseded.run == r && j.timesSuperseded(n) > 0
}

// instructionSuperseded reports whether the event supersedes the instruction of line n.
func (j *judgement) instructionSuperseded(r *run, n uint32) bool {
	return j.superseded.kind == instruction && j.superseded.run == r && j.timesSuperseded(n) > 0
}

// withdraw decides a withdrawal.
func (j *judgement) withdraw() {
	j.judgeRetraction("data.id", nil)
	j.judgeFunds("data.id")
}

// judgeRetraction decides whether the effect of the event that is replaced or withdrawn may be
// taken back. field names that event in a refusal. kept are the lines that a new settlement
// settles again.
func (j *judgement) judgeRetraction(field string, kept map[uint32]bool) {
	a := &j.superseded
	switch a.kind {
	case allocation:
		j.changeFund(a.fund, -a.amount, 0)
	case instruction:
		for n := range a.lines.all() {
			head := a.run.line(a.run.names.first(n))
			if head.settled > 0 {
				j.once(LineSettled, field, events.Say(
					"names an instruction of which a line was settled; withdraw the settlement first, or report the line as returned",
					"所指发放中有一笔已到账；请先撤销到账，或将该笔报为退回"))
			}
			if head.returned == 0 {
				j.changeFund(a.fund, 0, -a.run.line(n).amount)
			}
		}
	case settlement:
		for n := range a.lines.all() {
			if a.run.line(n).returned > 0 && !kept[n] {
				j.once(LineReturned, field, events.Say(
					"names a settlement of which a line came back; withdraw the return first", "所指到账中有一笔已退回；请先撤销退回"))
			}
		}
	case restitution:
		done := map[uint32]bool{}
		for n := range a.lines.all() {
			if l := a.run.instructedLine(n); l.fund != 0 && !done[n] && j.returned(a.run, n) == 0 {
				j.changeFund(a.run.fund(l), 0, l.amount)
			}
			done[n] = true
		}
	default: // the others need nothing here
	}
}

// whole and at return the path of line i of an event, and of one of its fields.
func whole(i int) string            { return fmt.Sprintf("data.lines[%d]", i) }
func at(i int, field string) string { return fmt.Sprintf("data.lines[%d].%s", i, field) }
