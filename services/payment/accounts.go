package payment

import "github.com/muster-works/muster/events"

// accountMonths is how long after the exit of a person the agency still assigns accounts, such as
// for arrears.
const accountMonths = 12

// assign decides the assignment of an account. The account of a person is the business of the
// agency that answers for a post of the person: one that the person is on when the account
// begins, comes to be on, or was on in the twelve months before.
func (j *judgement) assign(e *events.Event, d *events.AccountAssigned, p Placements) {
	switch answers, placed := p.AnswersFor(e, d.Person, d.From.AddMonths(-accountMonths)); {
	case answers:
	case placed:
		j.refuse(DivisionOutside, "division", events.Say(
			"is not where a post of the person lies; the agency in whose division the person is in place, or was in the last %d months, assigns the account",
			"不是该人员岗位所在的行政区划；账户由该人员现在（或近%d个月内）在岗的单位报送", accountMonths))
	default:
		j.contradiction(NotPlaced, "data.from", events.Say(
			"the person was on no post then nor in the %d months before; submit the hire first", "该人员当时及之前%d个月内都不在岗；请先报送上岗", accountMonths))
	}
}
