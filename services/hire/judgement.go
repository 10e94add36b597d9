package hire

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
)

// A judgement collects the reasons against one event.
type judgement struct{ reasons events.Reasons }

func (j *judgement) refuse(code events.Code, field string, s events.Sentence) {
	j.reasons = append(j.reasons, events.ReasonOf(code, field, s))
}

// monthOfAge returns the month in which a person born in month birth reaches an age.
func monthOfAge(birth civil.Month, age int) civil.Month { return birth + civil.Month(12*age) }

// A member is a person who belongs to a group from a day on.
type member struct {
	group, sex string
	birth      civil.Month // 0 if it is unknown
	on         civil.Date
}

// checkGroupAndAge refuses a group that the pack does not have in the area of the post, and an
// age on the day on that is not one of the group.
func (j *judgement) checkGroupAndAge(pack *policy.Pack, area string, m member) {
	group, ok := pack.Group(area, m.group)
	if !ok {
		j.refuse(GroupUnknown, "data.group", events.Say(
			"is not a group that policy pack %s has for %s posts", "不是政策包%s中%s岗位的人员类别", pack.Version, areaNames[area]))
		return
	}
	span := group.Span(m.sex)
	if month := m.on.Month(); m.birth == 0 || month < monthOfAge(m.birth, span.From) || month > pack.AgeLimitMonth(group, m.sex, m.birth) {
		j.refuse(AgeOutside, "data.group", events.Say(
			"is for people from %d until their birthday of %d on that day; choose the group that the person belongs to",
			"该类别限当日满%d周岁、未满%d周岁的人员；请选择该人员所属的类别", span.From, span.Until))
	}
}

// checkDocuments refuses a hire whose review, publicity or agreement is missing, or is later
// than the on-duty day.
func (j *judgement) checkDocuments(pack *policy.Pack, d *events.HirePlaced) {
	switch r := d.Review; {
	case r == nil:
		j.refuse(ReviewMissing, "data.review", events.Say("is required: the day on which the papers were reviewed", "为必填项：资料审核的日期"))
	case r.On > d.From:
		j.refuse(ReviewLate, "data.review.on", events.Say("must not lie after the on-duty day", "不得晚于上岗日期"))
	}
	if days := pack.Publicity.Days; days > 0 {
		j.checkPublicity(d.Publicity, days, d.From)
	}
	if !pack.Agreement.Required {
		return
	}
	switch a := d.Agreement; {
	case a == nil:
		j.refuse(AgreementMissing, "data.agreement", events.Say("is required: number and day of signing", "为必填项：协议编号和签订日期"))
	case a.Signed > d.From:
		j.refuse(AgreementLate, "data.agreement.signed", events.Say("must not lie after the on-duty day", "不得晚于上岗日期"))
	}
}

// checkPublicity refuses a publicity period that is missing, is shorter than days, or ends
// after the on-duty day.
func (j *judgement) checkPublicity(p *events.Publicity, days int, duty civil.Date) {
	if p == nil {
		j.refuse(PublicityMissing, "data.publicity", events.Say(
			"is required: at least %d days before the on-duty day", "为必填项：上岗前至少公示%d天", days))
		return
	}
	if int(p.Until-p.From) < days {
		j.refuse(PublicityShort, "data.publicity", events.Say(
			"must last at least %d days; until is the first day after it", "公示至少%d天；until是公示结束后的第一天", days))
	}
	if p.Until > duty {
		j.refuse(PublicityLate, "data.publicity.until", events.Say(
			"must not lie after the on-duty day: publicity ends before duty begins", "不得晚于上岗日期：公示结束后才能上岗"))
	}
}

// checkTerm refuses a term, from the on-duty day until a day, that is longer than the pack
// allows.
func (j *judgement) checkTerm(pack *policy.Pack, birth civil.Month, female bool, duty, until civil.Date) {
	longest := duty.AddMonths(pack.Term.Months)
	retires := pack.RetirementMonth(sexOf(female), birth)
	if birth != 0 && duty.Month() >= retires-civil.Month(12*pack.Term.NearRetirementYears) {
		longest = max(longest, (retires + 1).First())
	}
	if until > longest {
		j.refuse(TermTooLong, "data.until", events.Say(
			"must not lie after %s, where the longest term of policy pack %s ends", "不得晚于%s：政策包%s的最长期限到此为止", longest, pack.Version))
	}
}
