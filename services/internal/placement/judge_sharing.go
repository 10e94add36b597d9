package placement

import (
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// A seat has one person at a time, unless one is suspended and the hire of the other stands
// in, see [placing.Share]. Two people who have one seat on a day without that clash.

// judgeSharing refuses days on which, after the change, the person of a placement newly
// clashes with somebody else. A clash that was in the books before does not count, also if
// another hire of the person caused it, which the change replaces.
func (j *judgement) judgeSharing(t *placing.Placement) {
	var before []placing.Span // when t or the hire that it replaces clashed, found out when it is needed
	known := false
	for o := range j.seatmates(t, j.after) {
		clash := j.clash(t, o, j.change)
		if len(clash) > 0 && !known {
			before, known = j.clashesBefore(t), true
		}
		for _, days := range clash {
			if fresh := placing.Without(nil, days, before); len(fresh) > 0 {
				j.refuseSharing(t, o, fresh[0].From)
				return
			}
		}
	}
}

// clashesBefore returns the days on which the person of a placement clashes with somebody by
// what is in the books now. A new placement has those of the hire that it replaces, if that is
// on the same seat.
func (j *judgement) clashesBefore(t *placing.Placement) (days []placing.Span) {
	n := t.Hire
	if n == 0 {
		if n = j.change.superseded; j.state.facts.At(n).kind != hired {
			return nil
		}
	}
	p := j.state.facts.At(n).ended(n)
	if p.Post != t.Post || p.Seat != t.Seat {
		return nil
	}
	var all []placing.Placement
	for _, n := range j.persons {
		all = j.state.paired(all, n, change{})
	}
	for o := range j.seatmates(&p, all) {
		days = append(days, j.clash(&p, o, change{})...)
	}
	return placing.Union(days)
}

// seatmates yields the placements of other people on the seat of a placement. affected are
// those of the people whom the change affects.
func (j *judgement) seatmates(t *placing.Placement, affected []placing.Placement) func(func(*placing.Placement) bool) {
	return func(yield func(*placing.Placement) bool) {
		mate := func(o *placing.Placement) bool {
			return o.Post == t.Post && o.Seat == t.Seat && o.Person != t.Person && !o.Repeated
		}
		for i := range affected {
			if o := &affected[i]; mate(o) && !yield(o) {
				return
			}
		}
		for n, f := range j.others(t.Post) {
			if o := f.ended(n); mate(&o) && !yield(&o) {
				return
			}
		}
	}
}

// clash returns the days on which two placements on one seat clash, after a change.
//
// A stand-in is expected to leave when the agreed term ends. So a suspension that ends by
// itself on that day or later leaves room for the stand-in, also if the exit of the stand-in
// is not in the books yet, or is later. But nobody is resumed by an event while the stand-in
// is there.
func (j *judgement) clash(a, b *placing.Placement, c change) []placing.Span {
	both := placing.Span{From: a.From, Until: a.Exit}.Within(placing.Span{From: b.From, Until: b.Exit})
	if placing.Empty(both.From, both.Until) {
		return nil
	}
	if !a.StandsIn && !b.StandsIn {
		return []placing.Span{both}
	}
	ofA, ofB := j.state.suspended(a, c), j.state.suspended(b, c)
	for _, p := range [...]struct {
		standIn, other *placing.Placement
		suspended      []placing.Span // of other
	}{{a, b, ofB}, {b, a, ofA}} {
		shared := placing.Common(nil, both, p.suspended)
		if !p.standIn.StandsIn || len(shared) == 0 || j.resumed(p.other, shared[len(shared)-1].Until, c) {
			continue
		}
		if term := j.termOf(p.standIn, c); term != 0 {
			both.Until = placing.EarlierEnd(both.Until, max(term, both.From))
		}
	}
	if placing.Empty(both.From, both.Until) {
		return nil
	}
	return placing.Without(nil, both, placing.Share(a, b, ofA, ofB))
}

// resumed reports whether the person of a placement is resumed by an event on a day, after a
// change.
func (j *judgement) resumed(p *placing.Placement, on civil.Date, c change) bool {
	for _, f := range j.state.standing(j.state.persons.At(p.Person).facts, c, ofPerson(p.Person)) {
		if f.kind == resumed && f.holder() == p.Holder && f.day == on {
			return true
		}
	}
	return false
}

// termOf returns the end of the agreed term of a placement after a change, renewals included.
func (j *judgement) termOf(p *placing.Placement, c change) civil.Date {
	all := j.state.paired(nil, p.Person, c)
	j.state.renew(all, p.Person, c)
	i := slices.IndexFunc(all, func(o placing.Placement) bool { return o.Hire == p.Hire })
	return all[i].Term
}

// refuseSharing refuses a change after which two people clash on a seat from a day on.
func (j *judgement) refuseSharing(t, o *placing.Placement, on civil.Date) {
	switch {
	case o.StandsIn:
		j.refuse(SeatTaken, "data.seat", events.Say(
			"seat %d is taken by %s, who stands in, from %s on%s, %s; record the exit of the stand-in first",
			"%d号名额由顶岗人员%s自%s起占用%s，%s；请先登记顶岗人员的退出", o.Seat, j.person(o), o.From, j.ended(o), cite(o.Hire)))
	case t.StandsIn:
		j.refuse(SeatTaken, "data.seat", events.Say(
			"%s, who has seat %d, works from %s on; let the term of the stand-in end by that day, or record the suspension first",
			"%[2]d号名额上的%[1]s自%[3]s起在岗工作；请将顶岗期限定到该日为止，或先登记停岗", j.person(o), o.Seat, on))
	default:
		j.refuse(SeatTaken, "data.seat", events.Say(
			"seat %d is taken from %s on%s; record that exit first, or choose another seat",
			"%d号名额自%s起有人%s；请先登记其退出，或另选名额", t.Seat, o.From, j.ended(o)))
	}
}

// person returns the pseudonym of the person of a placement.
func (j *judgement) person(p *placing.Placement) events.Person {
	return j.state.persons.At(p.Person).id
}
