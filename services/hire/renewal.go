package hire

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/eligibility"
	"github.com/muster-works/muster/services/internal/placement"
)

// renewalFacts returns what the conditions of a pack may ask about a renewal: what holds of
// the placement, with the new end of its term, and what the person did before it. The fold
// keeps no group, so the group is empty. adds is the first day that the renewal adds.
func (s *Service) renewalFacts(e *events.Event, d *events.HireRenewed, post placement.Post, now *placement.Placement, adds civil.Date) eligibility.Facts {
	birth, female := s.state.Birth(d.Person)
	return eligibility.Facts{
		Birth: birth, Sex: sexOf(female), From: now.From, Until: d.Until, RenewedFrom: adds,
		Area: post.Area, Category: post.Category, Division: post.Division, Seats: post.Seats(now.From),
		History: s.state.HistoryBefore(e, d.Person, now.From),
	}
}

// checkRenewal refuses a renewal whose term lasts beyond the age limit, or that does not meet
// the conditions of the pack on renewals.
func (j *judgement) checkRenewal(conditions *eligibility.Rules, pack *policy.Pack, f eligibility.Facts) {
	if limit := pack.LastAgeLimitMonth(f.Area, f.Group, f.Sex, f.Birth); limit != 0 && f.Until > (limit+1).First() {
		j.reasons = append(j.reasons, events.ReasonOf(AgeOutside, "data.until", events.Say(
			"must not lie after %s: in %s the person becomes too old for every group of %s posts in policy pack %s",
			"不得晚于%s：该人员在%s超过政策包%[4]s中该类地区（%[3]s）各类人员的年龄上限", (limit+1).First(), limit, areaNames[f.Area], pack.Version)))
	}
	j.reasons = append(j.reasons, conditions.Refuse(f)...)
}

// areaNames name the areas of posts.
var areaNames = map[string]events.Sentence{"rural": {EN: "rural", ZH: "农村"}, "urban": {EN: "urban", ZH: "城镇"}}

// sexOf returns the sex as events name it.
func sexOf(female bool) string {
	if female {
		return "F"
	}
	return "M"
}
