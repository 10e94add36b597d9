// Package horizon refuses events that speak of days too far ahead. Attendance is reported
// and never assumed, and a year that is typed wrong must not end a placement in two hundred
// years. It is the only place where a day of an event is compared with the present.
//
// The present is the day of the decision, which the gateway gives each event
// ([events.Event.DecidedOn]): the civil date in Asia/Shanghai on which it took the
// submission, or that of the recorded time of an import. So a decision needs no clock. An
// event that has no such day is not compared.
//
// How far ahead a day may lie is for its kind to say ([events.Horizon]):
//
//   - What happened: payments settled, returned and reversed; training; the begin of death
//     and custody. The day of the decision at the latest.
//   - Attendance: the marks P, H, S and A of a sheet. The day after the decision.
//   - What is planned: exits, hires, changes of a post or a placement, and closings, by the
//     day from which they hold. As far as the policy pack in force at the post says.
//
// Ends of intervals and terms, plans, policy packs and allocations are free. The refusals
// apply in record mode, too: nobody can know what has not come.
//
// The codes of refusals:
//
//	in_future  a day lies too far ahead; also in record mode
package horizon

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	"github.com/muster-works/muster/services/internal/rules"
)

// InFuture is the code of the refusals.
const InFuture events.Code = "in_future"

// maxReasons is how many reasons one answer has at most; a sheet may have a thousand lines.
const maxReasons = 20

// A Decider refuses events about days too far ahead, and has another decider judge the
// others.
type Decider struct {
	next  command.Decider
	posts *placement.State
	packs *rules.State
}

// NewDecider makes a Decider before next. Of a family that plans nothing, posts and packs
// are nil; otherwise the handler must hold the locks of both.
func NewDecider(next command.Decider, posts *placement.State, packs *rules.State) *Decider {
	return &Decider{next, posts, packs}
}

// Decide is [command.Decider.Decide].
func (d *Decider) Decide(e *events.Event) (*events.Event, events.Reasons) {
	if e.DecidedOn != 0 {
		j := judgement{Decider: d, event: e}
		if e.Data.Days(&j); j.refused != nil {
			return nil, j.refused
		}
	}
	return d.next.Decide(e)
}

// ahead returns how many days ahead an event may plan on a post.
func (d *Decider) ahead(e *events.Event, post string) int {
	if d.posts == nil || d.packs == nil {
		return policy.DefaultAheadDays
	}
	at := e.Division
	if p, known := d.posts.Post(post); known {
		at = p.On(e.DecidedOn).Division
	}
	if pack := d.packs.InForce(at, e.DecidedOn); pack != nil {
		return pack.Ahead()
	}
	return policy.DefaultAheadDays
}

// A judgement is the [events.Horizon] of one event. It collects the refusals.
type judgement struct {
	*Decider
	event   *events.Event
	refused events.Reasons
}

// Happened implements [events.Horizon].
func (j *judgement) Happened(field events.Path, on civil.Date) {
	if on > j.event.DecidedOn {
		j.refuse(field, events.Say(
			"is %s, a day that has not come: today is %s; correct the day, or send the event when it has happened",
			"为%s，这一天尚未到来（今天是%s）：请更正日期，或等事情发生后再报", on, j.event.DecidedOn))
	}
}

// Attended implements [events.Horizon].
func (j *judgement) Attended(field events.Path, on civil.Date) {
	if on > j.event.DecidedOn+1 {
		j.refuse(field, events.Say(
			"says P, H, S or A on %s, a day that has not come: today is %s; mark days to come as L, . or -, and send the sheet again when they are over",
			"在%s有P、H、S或A，这一天尚未到来（今天是%s）：尚未到来的日子只能填L、.或-，待过后再补报", on, j.event.DecidedOn))
	}
}

// Planned implements [events.Horizon].
func (j *judgement) Planned(field events.Path, post string, on civil.Date) {
	if on <= j.event.DecidedOn {
		return // as most do, without a look at the packs
	}
	if days := j.ahead(j.event, post); on > j.event.DecidedOn+civil.Date(days) {
		j.refuse(field, events.Say(
			"is %s, more than %d days after today, %s: the policy pack lets offices plan so far ahead; correct the year, or send the event nearer to the day",
			"为%s，距今天（%[3]s）超过%[2]d天：政策包规定最多提前这么多天登记，请核对年份，或临近时再报", on, days, j.event.DecidedOn))
	}
}

func (j *judgement) refuse(field events.Path, s events.Sentence) {
	if len(j.refused) < maxReasons {
		j.refused = append(j.refused, events.ReasonOf(InFuture, field.String(), s))
	}
}
