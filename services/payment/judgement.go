package payment

import (
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

const (
	// maxReasons is how many reasons one refusal gives at most.
	maxReasons = 20
	// maxFund is the largest sum of a fund, in fen, in either mode. It keeps
	// int64 from overflowing.
	maxFund = 4e18
)

// A judgement collects the reasons against one event, and what the event does to funds.
//
// A correction is decided in the books in which the event that it supersedes does not stand:
// accounts holds what stands under each line id then, and later with the event.
type judgement struct {
	state       *State
	record      bool   // record mode: contradictions are no reason
	superseded  effect // of the event that this one replaces or withdraws; its kind is noEffect if there is none
	accounts    map[lineKey]*accountChange
	fundChanges []*fundChange
	reasons     events.Reasons
}

// A lineKey finds the account of a line id: the run and the head of the id.
type lineKey struct {
	run  *run
	head uint32
}

// An accountChange is an account as it stands now, and as it stands with the event.
type accountChange struct {
	before, after account
	retracted     bool // the event takes something back that stood in the account
}

// A fundChange is what the event adds to the sums of one fund, in fen.
type fundChange struct {
	fund                 *fund
	allocated, committed int64
	surrendered          int64
	days                 []fundDay
	usable               []usable
}

// refuse adds a reason that applies in both modes.
func (j *judgement) refuse(code events.Code, field string, s events.Sentence) {
	if len(j.reasons) < maxReasons {
		j.reasons = append(j.reasons, events.ReasonOf(code, field, s))
	}
}

// contradiction adds a reason that applies in decide mode only.
func (j *judgement) contradiction(code events.Code, field string, s events.Sentence) {
	if !j.record {
		j.refuse(code, field, s)
	}
}

// once is contradiction, unless there is a reason with the same code.
func (j *judgement) once(code events.Code, field string, s events.Sentence) {
	if !slices.ContainsFunc(j.reasons, func(r events.Reason) bool { return r.Code == code }) {
		j.contradiction(code, field, s)
	}
}

// full reports whether there are maxReasons reasons.
func (j *judgement) full() bool { return len(j.reasons) == maxReasons }

// account returns the account of a line id of a run as the event changes it. ok is false if the
// run does not have the id.
func (j *judgement) account(r *run, id string) (a *account, ok bool) {
	if r == nil {
		return nil, false
	}
	n, ok := r.names.head(id)
	if !ok {
		return nil, false
	}
	return &j.change(r, n).after, true
}

// change returns the change of the account of line n.
func (j *judgement) change(r *run, n uint32) *accountChange {
	key := lineKey{r, r.names.first(n)}
	c := j.accounts[key]
	if c == nil {
		a := r.account(key.head)
		c = &accountChange{before: a, after: account{slices.Clone(a.orders), a.whole, slices.Clone(a.parts)}}
		if j.accounts == nil {
			j.accounts = map[lineKey]*accountChange{}
		}
		j.accounts[key] = c
	}
	return c
}

// retract takes back the effect of the event that is replaced or withdrawn.
func (j *judgement) retract() {
	a := &j.superseded
	switch a.kind {
	case noEffect:
		return
	case allocation:
		j.changeFund(a.fund, a.on, -a.amount, 0).limit(a.until, -a.amount)
		return
	case surrender:
		j.changeFund(a.fund, a.on, a.amount, 0).surrendered -= a.amount
		return
	default: // the others are about lines
	}
	for n := range a.lines.all() {
		c := j.change(a.run, n)
		c.retracted = true
		if a.kind == instruction {
			c.after.orders = slices.DeleteFunc(c.after.orders, func(o order) bool { return o.line == n })
		} else {
			c.after.whole = max(c.after.whole-1, 0)
		}
	}
	for _, p := range a.parts {
		c := j.change(a.run, p.line)
		c.retracted = true
		if i := slices.Index(c.after.parts, p.part); i >= 0 {
			c.after.parts = slices.Delete(c.after.parts, i, i+1)
		}
	}
}

// judgeAccounts refuses an event that takes back what later events of the line stand on. field
// names the event that is taken back. It is called when the accounts are as the event leaves
// them.
func (j *judgement) judgeAccounts(field string) {
	for _, c := range j.accounts {
		if c.retracted {
			j.judgeRetracted(field, &c.before, &c.after)
		}
	}
}

func (j *judgement) judgeRetracted(field string, before, after *account) {
	back, _ := after.sum(returnedPart)
	switch {
	case j.superseded.kind == instruction && before.settled() > 0 && !sameOrders(before, after):
		j.once(LineSettled, field, events.Say(
			"names an instruction of which a line was settled, and the settled line is not the same any more; leave settled lines as they were, withdraw the settlement first, or report the line as returned",
			"所指发放中有一笔已到账，而更正后该笔不再相同；已到账的各笔请保持不变，或先撤销到账，或将该笔报为退回"))
	case j.superseded.kind == settlement && (back > after.settled() || after.settled() == 0 && after.returned() > 0):
		j.once(LineReturned, field, events.Say(
			"names a settlement of which a line came back; withdraw the return first", "所指到账中有一笔已退回；请先撤销退回"))
	case j.superseded.kind == rejection && (len(after.orders) > 1 && after.rejected() < after.ordered()-after.orders[len(after.orders)-1].amount || after.open() < 0):
		j.once(LineRepeated, field, events.Say(
			"names a rejection after which the line was ordered again; withdraw that order first", "所指拒付之后该笔已重新发放；请先撤销重新发放"))
	default: // nothing stands on it
	}
}

// sameOrders reports whether an account still has all orders of before, to the same person, from
// the same fund and of the same amount. The day may differ.
func sameOrders(before, after *account) bool {
	return len(before.orders) == len(after.orders) && !slices.ContainsFunc(before.orders, func(o order) bool {
		return !slices.ContainsFunc(after.orders, func(p order) bool {
			return o.person == p.person && o.fund == p.fund && o.amount == p.amount
		})
	})
}

// changeFund adds to what the event does to a fund on a day. The sums stop growing beyond
// maxFund, where judgeFunds refuses the event in any case.
func (j *judgement) changeFund(f *fund, on civil.Date, allocated, committed int64) *fundChange {
	i := slices.IndexFunc(j.fundChanges, func(m *fundChange) bool { return m.fund == f })
	if i < 0 {
		i = len(j.fundChanges)
		j.fundChanges = append(j.fundChanges, &fundChange{fund: f})
	}
	m := j.fundChanges[i]
	m.allocated = min(m.allocated+allocated, maxFund+1)
	m.committed = min(m.committed+committed, maxFund+1)
	if m.allocated <= maxFund && m.committed <= maxFund {
		m.days = addDay(m.days, fundDay{on, allocated, committed})
	}
	return m
}

// limit notes that money of an allocation is usable until a day.
func (m *fundChange) limit(until civil.Date, amount int64) {
	if until != 0 && amount != 0 {
		m.usable = addUsable(m.usable, until, amount)
	}
}

// judgeFunds refuses an event that brings a fund below zero on any day, or further below zero.
// It is called last, and does nothing if there is a reason already: then it is not known how
// much the event asks of the fund. field names the cause in a refusal.
func (j *judgement) judgeFunds(field string) {
	if len(j.reasons) > 0 {
		return
	}
	for _, c := range j.accounts {
		c.before.moves(func(f *fund, on civil.Date, amount int64) { j.changeFund(f, on, 0, -amount) })
		c.after.moves(func(f *fund, on civil.Date, amount int64) { j.changeFund(f, on, 0, amount) })
	}
	for _, m := range j.fundChanges {
		j.judgeFund(field, m)
	}
}

func (j *judgement) judgeFund(field string, m *fundChange) {
	f := m.fund
	if f.allocated+m.allocated > maxFund || f.committed+m.committed > maxFund {
		j.refuse(events.Invalid, field, events.Say("brings the fund beyond any sum of money", "资金的总额超出可记的上限"))
		return
	}
	after := slices.Clone(f.days)
	for _, d := range m.days {
		after = addDay(after, d)
	}
	if on, left, more, short := shortage(f.days, after); short {
		j.contradiction(FundExceeded, field, events.Say(
			"the fund has %d fen left on %s, and %d fen more are asked of it: allocate more first, or ask for less",
			"该资金在%[2]s余额为%[1]d分，本次还需%[3]d分：请先增拨，或减少金额", left, on, more))
		return
	}
	if len(f.usable) == 0 && len(m.usable) == 0 {
		return
	}
	usable := slices.Clone(f.usable)
	for _, u := range m.usable {
		usable = addUsable(usable, u.until, u.amount)
	}
	_, was := expired(f.days, f.usable, f.surrendered)
	if until, is := expired(after, usable, f.surrendered+m.surrendered); is && !was {
		j.contradiction(FundExpired, field, events.Say(
			"asks for money of the fund that could be used until %s at the latest: order by that day, or allocate money for later days",
			"所用资金最迟只能用到%s：请在该日前发放，或为以后的日期另行下达资金", until))
	}
}
