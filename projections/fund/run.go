package fund

import (
	"hash/maphash"
	"slices"

	"github.com/muster-works/muster/events/civil"
)

// A run holds its lines in the order in which they were named first.
type run struct {
	lines []line
	index map[uint64]uint32 // by a hash of the name
	more  map[uint32][]said // what is said of a line a second time
}

// A line is what is said of one pay line; act 0 says nothing.
type line struct {
	amount              int64
	ordered, paid, back uint32 // acts
	paidOn, backOn      int32
}

// said is one more thing said of a line: an amount or a day.
type said struct {
	kind  measure
	act   uint32
	value int64
}

// say adds what an act says of a line, and lets the funds follow.
func (l *Ledger) say(r *run, name string, kind measure, act uint32, value int64) uint32 {
	hash := maphash.String(l.seed, name)
	n, ok := r.index[hash]
	if !ok {
		n = uint32(len(r.lines))
		r.index[hash] = n
		r.lines = append(r.lines, line{})
	}
	l.weigh(r, n, -1)
	r.say(n, said{kind, act, value})
	l.weigh(r, n, 1)
	return n
}

func (r *run) say(n uint32, s said) {
	switch to := &r.lines[n]; {
	case s.kind == instructed && to.ordered == 0:
		to.ordered, to.amount = s.act, s.value
	case s.kind == settled && to.paid == 0:
		to.paid, to.paidOn = s.act, int32(s.value)
	case s.kind == returned && to.back == 0:
		to.back, to.backOn = s.act, int32(s.value)
	default:
		if r.more == nil {
			r.more = map[uint32][]said{}
		}
		r.more[n] = append(r.more[n], s)
	}
}

// unsay leaves out what an act said of a line.
func (r *run) unsay(n uint32, kind measure, act uint32) {
	all := slices.DeleteFunc(r.all(n), func(s said) bool { return s.kind == kind && s.act == act })
	slices.SortStableFunc(all, func(a, b said) int { return int(a.act) - int(b.act) })
	r.lines[n] = line{}
	delete(r.more, n)
	for _, s := range all {
		r.say(n, s)
	}
}

// all returns everything that is said of a line.
func (r *run) all(n uint32) (all []said) {
	l := r.lines[n]
	for _, s := range []said{{instructed, l.ordered, l.amount}, {settled, l.paid, int64(l.paidOn)}, {returned, l.back, int64(l.backOn)}} {
		if s.act != 0 {
			all = append(all, s)
		}
	}
	return append(all, r.more[n]...)
}

// weigh adds what a line means for the funds to the commit under way, as often
// as sign says.
func (l *Ledger) weigh(r *run, n uint32, sign int64) {
	one := r.lines[n]
	for _, s := range r.more[n] {
		switch s.kind {
		case instructed:
			l.order(s.act, sign*s.value)
		case settled:
			one.paidOn = min(one.paidOn, int32(s.value))
		case returned:
			one.backOn = min(one.backOn, int32(s.value))
		}
	}
	if one.ordered == 0 {
		return
	}
	l.order(one.ordered, sign*one.amount)
	p := place{fund: l.acts[one.ordered].place.fund}
	if one.back != 0 {
		p.measure, p.date = returned, civil.Date(one.backOn)
		l.pending[p] += sign * one.amount
	}
	if one.paid != 0 {
		p.measure, p.date = settled, civil.Date(one.paidOn)
		l.pending[p] += sign * one.amount
		if one.back != 0 {
			p.date = civil.Date(max(one.paidOn, one.backOn))
			l.pending[p] -= sign * one.amount
		}
	}
}

func (l *Ledger) order(act uint32, amount int64) {
	a := &l.acts[act]
	l.pending[place{fund: a.place.fund, measure: instructed, date: a.place.date}] += amount
}
