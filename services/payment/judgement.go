package payment

import (
	"github.com/muster-works/muster/events"
)

const (
	// maxReasons is how many reasons one refusal gives at most.
	maxReasons = 20
	// maxFund is the largest sum of a fund, in fen, in either mode. It keeps
	// int64 from overflowing.
	maxFund = 4e18
)

// A judgement collects the reasons against one event, and what the event does to funds.
type judgement struct {
	state       *State
	record      bool   // record mode: contradictions are no reason
	superseded  effect // of the event that this one replaces or withdraws; its kind is noEffect if there is none
	timesByLine map[uint32]int
	fundChanges []fundChange
	reasons     events.Reasons
}

// A fundChange is what the event adds to the sums of one fund, in fen.
type fundChange struct {
	fund                 *fund
	allocated, committed int64
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

// once is contradiction, unless the last reason has the same code.
func (j *judgement) once(code events.Code, field string, s events.Sentence) {
	if n := len(j.reasons); n == 0 || j.reasons[n-1].Code != code {
		j.contradiction(code, field, s)
	}
}

// full reports whether there are maxReasons reasons.
func (j *judgement) full() bool { return len(j.reasons) == maxReasons }

// timesSuperseded returns how often the superseded effect names line n.
func (j *judgement) timesSuperseded(n uint32) int {
	if j.timesByLine == nil {
		j.timesByLine = map[uint32]int{}
		for n := range j.superseded.lines.all() {
			j.timesByLine[n]++
		}
	}
	return j.timesByLine[n]
}

// settled returns how often line n was settled, without the superseded effect.
func (j *judgement) settled(r *run, n uint32) int {
	if a := &j.superseded; a.kind == settlement && a.run == r {
		return int(r.line(n).settled) - j.timesSuperseded(n)
	}
	return int(r.line(n).settled)
}

// returned returns how often line n came back, without the superseded effect.
func (j *judgement) returned(r *run, n uint32) int {
	if a := &j.superseded; a.kind == restitution && a.run == r {
		return int(r.line(n).returned) - j.timesSuperseded(n)
	}
	return int(r.line(n).returned)
}

// changeFund adds to what the event does to a fund. The sums stop growing beyond maxFund, where
// judgeFunds refuses the event in any case.
func (j *judgement) changeFund(f *fund, allocated, committed int64) {
	for i := range j.fundChanges {
		if m := &j.fundChanges[i]; m.fund == f {
			m.allocated = min(m.allocated+allocated, maxFund+1)
			m.committed = min(m.committed+committed, maxFund+1)
			return
		}
	}
	j.fundChanges = append(j.fundChanges, fundChange{f, allocated, committed})
}

// judgeFunds refuses an event that brings a fund below zero, or further below zero. It is called
// last, and does nothing if there is a reason already: then it is not known how much the event
// asks of the fund. field names the cause in a refusal.
func (j *judgement) judgeFunds(field string) {
	if len(j.reasons) > 0 {
		return
	}
	for _, m := range j.fundChanges {
		before := m.fund.left()
		after := before + m.allocated - m.committed
		switch {
		case m.fund.allocated+m.allocated > maxFund, m.fund.committed+m.committed > maxFund:
			j.refuse(events.Invalid, field, events.Say("brings the fund beyond any sum of money", "资金的总额超出可记的上限"))
		case after < 0 && after < before:
			j.contradiction(FundExceeded, field, events.Say(
				"the fund has %d fen left, and %d fen more are asked of it: allocate more first, or ask for less",
				"该资金余额为%d分，本次还需%d分：请先增拨，或减少金额", before, before-after))
		}
	}
}
