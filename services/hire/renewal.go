package hire

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/eligibility"
	"github.com/muster-works/muster/services/internal/placement"
)

// renewalFacts returns what the conditions of a pack may ask about a renewal: what holds of
// the placement, with the new end of its term, and what the person did before it. adds is the
// first day that the renewal adds.
func (s *Service) renewalFacts(e *events.Event, d *events.HireRenewed, post placement.Post, now *placement.Tenure, adds civil.Date) eligibility.Facts {
	birth, female := s.state.Birth(d.Person)
	return eligibility.Facts{
		Birth: birth, Sex: sexOf(female), Group: now.Group(adds), From: now.From, Until: d.Until, RenewedFrom: adds,
		Area: post.Area, Category: post.Category, Division: post.Division, Seats: post.Seats(now.From),
		History: s.state.HistoryBefore(e, d.Person, now.From),
	}
}

// checkRenewal refuses a renewal whose term lasts beyond the age limit of the group, or that does
// not meet the conditions of the pack on renewals. If the pack does not have the group for the
// area, the highest age limit of the area counts.
func (j *judgement) checkRenewal(conditions *eligibility.Rules, pack *policy.Pack, f eligibility.Facts) {
	if limit := pack.LastAgeLimitMonth(f.Area, f.Group, f.Sex, f.Birth); limit != 0 && f.Until > (limit+1).First() {
		whom := events.Say("the group", "该类别")
		if _, ok := pack.Group(f.Area, f.Group); !ok {
			whom = events.Say("every group of %s posts", "%s岗位的各个类别", areaNames[f.Area])
		}
		j.refuse(AgeOutside, "data.until", events.Say(
			"must not lie after %s: in %s the person becomes too old for %s in policy pack %s",
			"不得晚于%s：该人员在%s超过政策包%[4]s中%[3]s的年龄上限", (limit+1).First(), limit, whom, pack.Version))
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
