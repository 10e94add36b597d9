package placement

import (
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// A period is the days from one until before another. If until is 0, it has no end.
type period struct{ from, until civil.Date }

// without returns the days of p that are not days of o.
func (p period) without(o period) (rest []period) {
	if !placing.Overlap(p.from, p.until, o.from, o.until) {
		return []period{p}
	}
	if p.from < o.from {
		rest = append(rest, period{p.from, o.from})
	}
	if o.until != 0 && (p.until == 0 || o.until < p.until) {
		rest = append(rest, period{o.until, p.until})
	}
	return rest
}

// overlaps reports whether a placement has a day of one of the periods.
func overlaps(p *placing.Placement, days []period) bool {
	return slices.ContainsFunc(days, func(d period) bool { return p.Overlaps(d.from, d.until) })
}

// added returns the days that the change adds to those on which the person of a placement
// was in place. Days on which the person was in place by the hire that the change supersedes
// are not added.
func (j *judgement) added(t *placing.Placement) []period {
	days := period{t.From, t.Exit}
	if t.Hire != 0 {
		before := j.state.facts.At(t.Hire).exit
		if before == 0 || t.Exit != 0 && t.Exit <= before {
			return nil
		}
		days.from = max(days.from, before)
		return []period{days}
	}
	if g := j.state.facts.At(j.change.superseded); g.kind == hired && g.of == t.Person {
		return days.without(period{g.day, g.exit})
	}
	return []period{days}
}

// judgeDays checks the days that the change newly adds to a placement. On these days the
// person may be on no other seat, and the seat of a person who is put back must exist.
func (j *judgement) judgeDays(t *placing.Placement) {
	days := j.added(t)
	if t.Hire != 0 && days != nil {
		j.judgeOpen(t, days[0].from)
	}
	for i := range j.after {
		if o := &j.after[i]; o != t && o.Person == t.Person && overlaps(o, days) {
			j.refuse(PersonPlaced, "data.person", j.elsewhere(t, o))
			break
		}
	}
}

// elsewhere says that the person of a placement is in place by another one. Two sources that
// report one hire learn that it is one.
func (j *judgement) elsewhere(t, o *placing.Placement) events.Sentence {
	if t.Hire == 0 && o.Hire != 0 && o.Post == t.Post && o.From == t.From {
		return events.Say("is the same placement, %s; nothing is left to report, and what is wrong in it is corrected with replaces",
			"是同一次上岗，已%s；无需再报，如有差错请用replaces更正", cite(o.Hire))
	}
	return events.Say(
		"the person is in place on post %s from %s on%s, %s; record the exit there first, or correct that hire",
		"该人员自%[2]s起在岗位%[1]s上%[3]s，%[4]s；请先登记其退出，或更正该上岗", j.name(o.Post), o.From, j.ended(o), cite(o.Hire))
}

// judgeOpen refuses to put a person back on a seat that was taken away since.
func (j *judgement) judgeOpen(t *placing.Placement, from civil.Date) {
	h := j.state.posts.At(t.Post).shape
	if from == t.From && h.Seats(from) < int(t.Seat) {
		j.refuse(NoSuchSeat, "", events.Say(
			"the person would be in place on seat %d, which the post has not on %s; correct the hire first",
			"该人员将在%d号名额上岗，而岗位在%s没有这个名额；请先更正上岗", t.Seat, from))
		return
	}
	if h.closed != 0 && placing.Overlap(from, t.Exit, h.closed, 0) {
		j.refuse(PostNotOpen, "", events.Say(
			"the person would be in place again on a post that closed on %s; withdraw the closing first",
			"该人员将重新在岗，而岗位已于%s撤销；请先撤回岗位撤销", h.closed))
		return
	}
	for i, p := range h.Steps {
		var next civil.Date
		if i+1 < len(h.Steps) {
			next = h.Steps[i+1].From
		}
		if p.Seats < int(t.Seat) && placing.Overlap(from, t.Exit, p.From, next) {
			j.refuse(NoSuchSeat, "", events.Say(
				"the person would be in place again on seat %d, which the post has not from %s on; correct the number of seats first",
				"该人员将重新在%d号名额上，而岗位自%s起没有这个名额；请先更正名额数", t.Seat, p.From))
			return
		}
	}
}
