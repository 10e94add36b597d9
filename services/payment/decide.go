package payment

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
)

// allocate decides an allocation.
// It returns the allocation to record, which has a day.
func (j *judgement) allocate(e *events.Event, d *events.FundAllocated) *events.FundAllocated {
	record := *d
	if record.On == 0 {
		record.On = e.DecidedOn
	}
	if record.UsableUntil != 0 && record.UsableUntil <= record.Day() {
		j.refuse(events.Invalid, "data.usable_until", events.Say(
			"lies not after the day of the allocation, %s; give the last day on which the money may be used, or the day of the allocation in on",
			"不晚于下达日%s；请填写资金可用的最后一天，或在on中填写下达日", record.Day()))
	}
	j.retract()
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
	j.changeFund(f, record.Day(), int64(d.Amount), 0).limit(d.UsableUntil, int64(d.Amount))
	j.judgeFunds("data.amount")
	return &record
}

var unknownFund = events.Say("no money was allocated to a fund of this name; submit fund.allocated first", "没有下达过这个编号的资金；请先报送资金下达")

// instruct decides a part of a pay run. It returns the instruction to record, which has a day and
// the source of the run, and names every line. The correction of an order of before 1.1 that
// names no day stays one of before 1.1, since what was settled of it means such an order.
func (j *judgement) instruct(e *events.Event, submitted *events.PaymentInstructed, p Placements, packs Packs) *events.PaymentInstructed {
	d := new(*submitted)
	d.Lines = append([]events.PayLine(nil), submitted.Lines...)
	old := j.superseded.kind == instruction && j.superseded.run.source == ""
	if d.On == 0 && !old {
		d.On = e.DecidedOn
	}
	switch {
	case d.On == 0:
	case j.superseded.kind == instruction && !old && e.ReplacesSource != "":
		d.OrderedBy = j.superseded.run.source
	default:
		d.OrderedBy = cmp.Or(e.ReplacesSource, e.Source)
	}
	j.retract()
	f := j.state.funds[d.Fund]
	if f == nil || f.allocations == 0 {
		j.contradiction(UnknownFund, "data.fund", unknownFund)
	}
	if f == nil {
		f = new(fund)
	}
	if !f.serves(e.Division) {
		j.refuse(DivisionOutside, "data.fund", events.Say(
			"was not allocated for the event's division; pay from a fund of its own", "不是为本事件的行政区划下达的；请用本区划的资金发放"))
	}
	r := j.state.runs[d.RunKey()]
	seen := make(map[string]struct{}, len(d.Lines))
	var known postMonth // the last post that was found; lines of one post are mostly consecutive
	for i := range d.Lines {
		if j.full() {
			return d
		}
		l := &d.Lines[i]
		if l.Line == "" {
			l.Line = lineOfPerson(d, l)
		}
		if _, ok := seen[l.Line]; ok {
			j.contradiction(LineRepeated, at(i, "line"), events.Say(
				"stands twice in this event; name each line of a run once", "在本事件中出现两次；同一批次的每笔编号只用一次"))
		}
		seen[l.Line] = struct{}{}
		a := j.judgeLineID(i, r, l.Line)
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
			j.judgePlaced(i, d, p, j.judgeKind(e, i, d, packs))
		}
		if a == nil {
			j.changeFund(f, d.Day(), 0, int64(l.Amount))
		} else {
			a.orders = append(a.orders, order{noLine, j.state.numberOf(l.Person), f, d.Day(), int64(l.Amount)})
		}
	}
	j.judgeAccounts("replaces")
	j.judgeFunds("data.fund")
	return d
}

// noLine is the number of a line that is not in the run yet.
const noLine = ^uint32(0)

// lineOfPerson makes a line id of what makes a line one: the person and the post, and the month
// and the kind if they are not those of the run. It is the same however often and in whichever
// order the lines are sent.
func lineOfPerson(d *events.PaymentInstructed, l *events.PayLine) string {
	id := l.Person.String() + "." + l.Post
	if l.Month != 0 && l.Month != d.Month {
		id += "." + l.Month.String()
	}
	if l.Kind != "" && l.Kind != allowance {
		id += "." + l.Kind
	}
	return id
}

const (
	allowance = "allowance"
	arrears   = "arrears"
)

// judgeKind refuses a kind of pay that the pack in force does not have. It returns the kind.
func (j *judgement) judgeKind(e *events.Event, i int, d *events.PaymentInstructed, packs Packs) policy.PayKind {
	l := &d.Lines[i]
	pack := packs.InForce(e.Division, cmp.Or(l.Month, d.Month).First())
	if pack == nil {
		pack = new(policy.Pack) // the kinds that every pack without a list has
	}
	kind, ok := pack.PayKind(cmp.Or(l.Kind, allowance))
	if !ok {
		j.contradiction(PayKindUnknown, at(i, "kind"), events.Say(
			"is no kind of pay of the policy pack in force; use one of its pay_kinds", "不是生效政策包中的款项种类；请使用政策包pay_kinds所列的代码"))
	}
	return kind
}

// A postMonth is a post in a month.
type postMonth struct {
	post  string
	month civil.Month
}

// judgeLineID refuses a line id that is taken in the run. A line that the bank rejected may be
// ordered again under its id. judgeLineID returns the account of the id, or nil if nothing
// stands under it.
func (j *judgement) judgeLineID(i int, r *run, id string) *account {
	a, ok := j.account(r, id)
	if !ok {
		return nil
	}
	switch {
	case len(a.orders) > 0 && (a.open() > 0 || a.rejected() == 0 || a.settled() > 0):
		j.contradiction(LineRepeated, at(i, "line"), events.Say(
			"stands in this run already; name each line of a run once, or correct the part that holds it with replaces",
			"该批次中已有这一笔；同一批次的每笔编号只用一次，或用replaces更正所在的部分"))
	case len(a.orders) == 0 && a.hasRejection() && !j.retracted(r, id):
		j.contradiction(LineRejected, at(i, "line"), events.Say(
			"was rejected by the bank under this id, and its order was taken back; use another line id",
			"这一笔曾以该编号被银行拒付，其发放已撤销；请改用另一笔编号"))
	}
	return a
}

// hasRejection reports whether the bank rejected the line.
func (a *account) hasRejection() bool {
	return slices.ContainsFunc(a.parts, func(p part) bool { return p.kind == rejectedPart })
}

// retracted reports whether the event takes back something that stood under a line id.
func (j *judgement) retracted(r *run, id string) bool {
	n, ok := r.names.head(id)
	return ok && j.change(r, n).retracted
}

// judgePlaced refuses line i if the person was not in place for what the line pays.
func (j *judgement) judgePlaced(i int, d *events.PaymentInstructed, p Placements, kind policy.PayKind) {
	l := &d.Lines[i]
	month := cmp.Or(l.Month, d.Month)
	end := (month + 1).First()
	switch {
	case !kind.Counts, kind.Code == arrears:
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

// withdraw decides a withdrawal.
func (j *judgement) withdraw() {
	j.retract()
	j.judgeAccounts("data.id")
	j.judgeFunds("data.id")
}

// whole and at return the path of line i of an event, and of one of its fields.
func whole(i int) string            { return fmt.Sprintf("data.lines[%d]", i) }
func at(i int, field string) string { return fmt.Sprintf("data.lines[%d].%s", i, field) }
