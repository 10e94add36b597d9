package payment

import (
	"fmt"

	"github.com/muster-works/muster/events"
)

const (
	// maxReasons is how many reasons one answer gives.
	maxReasons = 20
	// maxFund bounds what a fund may be asked to hold, in either mode, so
	// that no sum overflows.
	maxFund = 4e18
)

// A judgement gathers what speaks against one event.
type judgement struct {
	state            *State
	record           bool   // contradictions are kept
	superseded       effect // that the event takes back; voided for none
	supersededCounts map[uint32]int
	fundChanges      []fundChange
	reasons          events.Reasons
}

// A move is what the event does to one fund.
type fundChange struct {
	fund                 *fund
	allocated, committed int64
}

// refuse adds a reason that holds in both modes.
func (j *judgement) refuse(code events.Code, field, detail string) {
	if len(j.reasons) < maxReasons {
		j.reasons = append(j.reasons, events.Reason{Code: code, Field: field, Detail: detail})
	}
}

// contradiction adds a reason, unless contradictions are kept.
func (j *judgement) contradiction(code events.Code, field, detail string) {
	if !j.record {
		j.refuse(code, field, detail)
	}
}

// once is contradiction that is not said twice in a row.
func (j *judgement) once(code events.Code, field, detail string) {
	if n := len(j.reasons); n == 0 || j.reasons[n-1].Code != code {
		j.contradiction(code, field, detail)
	}
}

// full says that there is no room for more reasons.
func (j *judgement) full() bool { return len(j.reasons) == maxReasons }

// counted is how often the act taken back counted at a line.
func (j *judgement) timesSuperseded(n uint32) int {
	if j.supersededCounts == nil {
		j.supersededCounts = map[uint32]int{}
		for n := range j.superseded.lines.all() {
			j.supersededCounts[n]++
		}
	}
	return j.supersededCounts[n]
}

// settled and returned are how often a line was, as if the act taken back had
// never been.
func (j *judgement) settled(r *run, n uint32) int {
	if a := &j.superseded; a.kind == settlement && a.run == r {
		return int(r.line(n).settled) - j.timesSuperseded(n)
	}
	return int(r.line(n).settled)
}

func (j *judgement) returned(r *run, n uint32) int {
	if a := &j.superseded; a.kind == restitution && a.run == r {
		return int(r.line(n).returned) - j.timesSuperseded(n)
	}
	return int(r.line(n).returned)
}

// move notes what a fund gets and gives. Sums stop growing beyond maxFund,
// where they are refused in any case.
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

// judgeFunds refuses what brings a fund below zero, or further below. It comes
// last, and only where nothing else is wrong: before that, what is asked of a
// fund is not known. field is where the answer points.
func (j *judgement) judgeFunds(field string) {
	if len(j.reasons) > 0 {
		return
	}
	for _, m := range j.fundChanges {
		before := m.fund.left()
		after := before + m.allocated - m.committed
		switch {
		case m.fund.allocated+m.allocated > maxFund, m.fund.committed+m.committed > maxFund:
			j.refuse(events.Invalid, field, "brings the fund beyond any sum of money")
		case after < 0 && after < before:
			j.contradiction(FundExceeded, field, fmt.Sprintf(
				"the fund has %d fen left, and %d fen more are asked of it: allocate more first, or ask for less", before, before-after))
		}
	}
}
