package placement

import (
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
	"github.com/muster-works/muster/services/internal/command"
)

// An Exit is an exit in the books.
type Exit struct {
	On civil.Date
	No uint32 // number of the event
}

// Cite stands for who reported the exit, see [command.Cite].
func (x Exit) Cite() events.Sentence { return cite(x.No) }

// cite is command.Cite. The event that is judged has number 0, and nothing to cite.
func cite(n uint32) events.Sentence {
	if n == 0 {
		return events.Say("reported by this event", "由本事件报送")
	}
	return command.Cite(n)
}

// Ends reports whether the exit e would end a placement, in the books with e in the place of
// the event that it replaces. If not, exit is an exit that ended the placement already, or of
// that very day: exits of one day are one exit. It is zero if the person was never on the
// post by the day of e.
func (s *State) Ends(e *events.Event) (ends bool, exit Exit) {
	j := s.judge(e)
	x := j.change.new
	if same := j.exitOn(x.holder(), x.day); same.No != 0 {
		return false, same
	}
	for i := range j.after {
		t := &j.after[i]
		switch {
		case t.Holder != x.holder() || t.Exit == 0 || t.From > x.day:
		case t.EndedBy == 0:
			return true, Exit{}
		case t.Exit > exit.On:
			exit = Exit{t.Exit, t.EndedBy}
		}
	}
	return false, exit
}

// exitOn returns the exit of a person from a post on a day that stands beside the change,
// and a zero Exit if there is none.
func (j *judgement) exitOn(h placing.Holder, on civil.Date) Exit {
	c := change{superseded: j.change.superseded}
	for n, f := range j.state.standing(j.state.persons.At(h.Person).facts, c, nil) {
		if f.kind == exited && f.holder() == h && f.day == on {
			return Exit{on, n}
		}
	}
	return Exit{}
}

// ended returns the end of a sentence about a placement: when it ends by what is in the books
// now, if it ends.
func (j *judgement) ended(p *placing.Placement) events.Sentence {
	exit := p.Exit
	if p.Hire != 0 {
		exit = j.state.facts.At(p.Hire).exit
	}
	if exit == 0 {
		return events.Sentence{}
	}
	return events.Say(" until %s", "，至%s为止", exit)
}

// judgeEmpty refuses a new hire that an exit in the books ends on the day it begins:
// the agency would be told that the hire was taken, and it would never count. A
// correction may leave a placement empty, since that is how a hire that never was is
// said to have ended, but not by an exit that has ended another hire.
func (j *judgement) judgeEmpty(t *placing.Placement) {
	if t.Hire != 0 || t.Exit == 0 || t.Exit != t.From {
		return
	}
	another := func(o placing.Placement) bool { return o.Hire != 0 && o.Holder == t.Holder && o.Exit == t.Exit }
	if j.change.superseded == 0 || slices.ContainsFunc(j.after, another) {
		j.refuse(HasExit, "data.from", events.Say(
			"an exit on %s is in the books, so that the hire would end on the day it begins and never count; withdraw that exit first, or hire from a later day",
			"账上有%s的退出，上岗当天即告结束，不会计数；请先撤销该退出，或改为更晚的日期上岗", t.Exit))
	}
}

// judgeExit refuses to take back a hire that an exit ends, unless the exit would still end a
// placement of the person on that post.
func (j *judgement) judgeExit() {
	g := j.state.facts.At(j.change.superseded)
	if g.kind != hired || g.exit == 0 {
		return
	}
	for _, t := range j.after {
		if t.Holder == g.holder() && t.Exit == g.exit && (t.Hire == 0 || j.state.facts.At(t.Hire).exit == g.exit) {
			return
		}
	}
	j.add(HasExit, j.supersededField, events.Say(
		"the placement ended on %s, and the exit would end nothing; withdraw the exit first",
		"该上岗已于%s退出，撤销后退出将无所对应；请先撤销退出", g.exit))
}

// judgeSuspensions refuses to take back a hire that a suspension belongs to, unless the
// suspension would still belong to a placement.
func (j *judgement) judgeSuspensions() {
	g := j.state.facts.At(j.change.superseded)
	if g.kind != hired {
		return
	}
	for n, f := range j.state.standing(j.state.persons.At(g.of).facts, change{superseded: j.change.superseded}, nil) {
		if f.kind != suspended || f.holder() != g.holder() || !placing.Holds(g.day, g.exit, f.day) {
			continue
		}
		if !slices.ContainsFunc(j.after, func(t placing.Placement) bool { return t.Holder == g.holder() && t.Holds(f.day) }) {
			j.add(HasSuspension, j.supersededField, events.Say(
				"the person is suspended from %s on, %s, and the suspension would be of no placement; withdraw it first",
				"该人员自%s起停岗，%s，届时将无上岗可对应；请先撤销停岗", f.day, cite(n)))
			return
		}
	}
}

// judgePairs refuses a change after which an exit that it does not touch would end another
// placement than it does now. A placement that the change does not touch may only get the
// exit that the change adds, or lose the one that it takes back.
func (j *judgement) judgePairs() {
	g := j.state.facts.At(j.change.superseded)
	for i := range j.after {
		t := &j.after[i]
		if t.Hire == 0 {
			continue
		}
		before := j.state.facts.At(t.Hire).exit
		lost := before == 0 || g.kind == exited && g.holder() == t.Holder && g.day == before
		got := t.Exit == 0 || t.EndedBy == 0
		if t.Exit != before && !(lost && got) {
			j.refusePairs(t, before)
			return
		}
	}
}

// refusePairs refuses a change for which a placement that ended on the day before, or did
// not end if that is 0, would end otherwise.
func (j *judgement) refusePairs(t *placing.Placement, before civil.Date) {
	x := j.exitOn(t.Holder, before)
	if x.No == 0 {
		x = j.exitOn(t.Holder, t.Exit)
	}
	if n := j.change.new; n != nil && n.kind == exited {
		j.add(AlreadyExited, j.field, events.Say(
			"the person's exit from this post on %s is in the books, %s; correct it with replaces",
			"账上已有该人员于%s退出此岗位，%s；请用replaces更正", x.On, x.Cite()))
		return
	}
	j.add(HasExit, j.supersededField, events.Say(
		"the exit on %s, %s, would end another placement than it does now; withdraw that exit first",
		"%s的退出（%s）将改为结束另一次上岗；请先撤销该退出", x.On, x.Cite()))
}
