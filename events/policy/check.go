package policy

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/muster-works/muster/events/division"
)

const (
	maxConditions = 100
	maxMonths     = 1200 // longest term: a hundred years
	maxAhead      = 3660 // days; ten years, beyond which a day is a mistake in typing
	maxRises      = 20
	maxPayKinds   = 50
	anyNumber     = math.MaxInt
)

// A Judge receives the requirements on the members of a pack from [Pack.Judge]. Check
// uses one Judge to find errors. Another describes the requirements in the JSON
// Schema, which therefore cannot differ from what Check does.
//
// In each method, field is the path of the member.
type Judge interface {
	// Given requires a text that is not empty.
	Given(field, s string)
	// Code requires a text of the form [CodeForm].
	Code(field, s string)
	// OneOf requires one of the texts that are allowed.
	OneOf(field, s string, allowed ...string)
	// Between requires a number from low to high.
	Between(field string, n, low, high int)
	// Span requires two ages from low to high, the first below the second.
	Span(field string, s AgeSpan, low, high int)
	// Ages requires two ages from low to high.
	Ages(field string, a Ages, low, high int)
	// Some requires a list with low to high elements.
	Some(field string, n, low, high int)
	// Rule reports a requirement that only words can express, in English and Chinese, and
	// whether it is met.
	Rule(field string, ok bool, en, zh string)
}

// Judge calls the methods of j with the requirements on the members of p, in the
// order of the members.
func (p *Pack) Judge(j Judge) {
	j.Given("policy", p.Policy)
	j.Given("version", p.Version)
	prefix, err := division.ParsePrefix(p.Jurisdiction)
	j.Rule("jurisdiction", err == nil && prefix == p.Jurisdiction,
		"must be a division prefix of 2, 4, 6, 9 or 12 digits, or empty for all", "应为2、4、6、9或12位区划代码前缀，适用全部地区时留空")
	j.Rule("valid_from", p.ValidFrom != 0, missingEN, missingZH)
	j.Rule("valid_to", p.ValidTo == 0 || p.ValidTo > p.ValidFrom, "must lie after valid_from", "应晚于生效日期 valid_from")
	p.judgeGroups(j)
	p.judgeConditions(j)
	j.Ages("retirement", p.Retirement, 17, 120)
	j.Between("term.months", p.Term.Months, 1, maxMonths)
	j.Between("term.near_retirement_years", p.Term.NearRetirementYears, 0, 100)
	j.Between("publicity.days", p.Publicity.Days, 0, anyNumber)
	j.Between("training.within_days", p.Training.WithinDays, 0, anyNumber)
	j.Between("attendance.due_day", p.Attendance.DueDay, 1, 28)
	j.Between("attendance.half_day_percent", p.Attendance.HalfDayPercent, 0, 100)
	j.Between("attendance.substitute_percent", p.Attendance.SubstitutePercent, 0, 100)
	j.Between("attendance.leave_percent", p.Attendance.LeavePercent, 0, 100)
	p.judgeRanks(j)
	j.Between("payment.due_day", p.Payment.DueDay, 1, 28)
	j.Between("payment.standard.rural", int(p.Payment.Standard.Rural), 0, anyNumber)
	j.Between("payment.standard.urban", int(p.Payment.Standard.Urban), 0, anyNumber)
	j.Between("payment.required_days", p.Payment.RequiredDays, 1, 31)
	j.Between("exits.report_days", p.Exits.ReportDays, 0, anyNumber)
	j.Some("exits.codes", len(p.Exits.Codes), 1, anyNumber)
	for i, c := range p.Exits.Codes {
		j.Given(fmt.Sprintf("exits.codes[%d].code", i), c.Code)
		j.OneOf(fmt.Sprintf("exits.codes[%d].kind", i), c.Kind, "natural", "dismissal")
	}
	j.Between("backfill.days", p.Backfill.Days, 0, anyNumber)
	p.judgeRises(j)
	p.judgePayKinds(j)
	j.Between("ahead_days", p.AheadDays, 0, maxAhead)
}

// judgeRises checks the rises of the retirement ages. Two for the same sex and age have no
// order, so they are refused.
func (p *Pack) judgeRises(j Judge) {
	j.Some("retirement_rises", len(p.RetirementRises), 0, maxRises)
	type age struct {
		sex   string
		years int
	}
	seen := map[age]bool{}
	for i, r := range p.RetirementRises {
		at, of := fmt.Sprintf("retirement_rises[%d]", i), age{r.Sex, r.Age}
		j.OneOf(at+".sex", r.Sex, "F", "M")
		j.Between(at+".age", r.Age, 17, 120)
		j.Rule(at, !seen[of], twiceEN, twiceZH)
		seen[of] = true
		j.Rule(at+".born_from", r.BornFrom != 0, missingEN, missingZH)
		j.Between(at+".every_months", r.EveryMonths, 1, maxMonths)
		j.Between(at+".most_months", r.MostMonths, 1, maxMonths)
	}
}

func (p *Pack) judgePayKinds(j Judge) {
	j.Some("pay_kinds", len(p.PayKinds), 0, maxPayKinds)
	seen := map[string]bool{}
	for i, k := range p.PayKinds {
		at := fmt.Sprintf("pay_kinds[%d].", i)
		j.Code(at+"code", k.Code)
		j.Rule(at+"code", !seen[k.Code], twiceEN, twiceZH)
		seen[k.Code] = true
		j.Given(at+"title", k.Title)
	}
}

func (p *Pack) judgeRanks(j Judge) {
	seen := map[string]bool{}
	for i, rank := range p.Attendance.Ranks {
		at := fmt.Sprintf("attendance.ranks[%d]", i)
		j.OneOf(at, rank, defaultRanks...)
		j.Rule(at, !seen[rank], twiceEN, twiceZH)
		seen[rank] = true
	}
}

func (p *Pack) judgeGroups(j Judge) {
	j.Some("groups", len(p.Groups), 1, anyNumber)
	type named struct{ area, code string }
	seen := map[named]bool{}
	for i, g := range p.Groups {
		at, name := fmt.Sprintf("groups[%d]", i), named{g.Area, g.Code}
		j.Given(at+".code", g.Code)
		j.OneOf(at+".area", g.Area, "rural", "urban")
		j.Rule(at, !seen[name], twiceEN, twiceZH)
		seen[name] = true
		j.Span(at+".female", g.Female, 16, 100)
		j.Span(at+".male", g.Male, 16, 100)
	}
}

func (p *Pack) judgeConditions(j Judge) {
	j.Some("eligibility", len(p.Eligibility), 0, maxConditions)
	seen := map[string]bool{}
	for i, c := range p.Eligibility {
		at := fmt.Sprintf("eligibility[%d].", i)
		j.Code(at+"code", c.Code)
		j.Rule(at+"code", !seen[c.Code], twiceEN, twiceZH)
		seen[c.Code] = true
		j.Given(at+"when", c.When)
		j.Given(at+"detail", c.Detail)
	}
}

// CodeForm is the regular expression that the code of a condition matches.
const CodeForm = "^[a-z][a-z0-9_]{0,63}$"

const (
	missingEN, missingZH = "is missing", "为必填项"
	twiceEN, twiceZH     = "stands twice", "重复出现"
)

// Check returns an error if the pack breaks a requirement: the *[FieldError] values,
// joined.
func (p *Pack) Check() error {
	var c strict
	p.Judge(&c)
	return errors.Join(c...)
}

// strict is the Judge of Check. It collects the errors.
type strict []error

func (c *strict) Rule(field string, ok bool, en, zh string) {
	if !ok {
		*c = append(*c, &FieldError{Field: field, Detail: en, DetailZH: zh})
	}
}

func (c *strict) Given(field, s string) { c.Rule(field, s != "", missingEN, missingZH) }

func (c *strict) Code(field, s string) {
	form := s != "" && regexp.MustCompile(CodeForm).MatchString(s)
	c.Rule(field, form, "must be a word of lower case letters, digits and _, at most 64 of them", "应由小写字母、数字和下划线组成，以字母开头，不超过64个字符")
}

func (c *strict) OneOf(field, s string, allowed ...string) {
	c.Rule(field, slices.Contains(allowed, s), fmt.Sprintf("must be one of %v", allowed), "只能是下列之一："+strings.Join(allowed, "、"))
}

func (c *strict) Between(field string, n, low, high int) {
	if high == anyNumber {
		c.Rule(field, n >= low, fmt.Sprintf("must be at least %d", low), fmt.Sprintf("不得小于%d", low))
		return
	}
	c.Rule(field, low <= n && n <= high, fmt.Sprintf("must be from %d to %d", low, high), fmt.Sprintf("应在%d至%d之间", low, high))
}

func (c *strict) Span(field string, s AgeSpan, low, high int) {
	c.Rule(field, low <= s.From && s.From < s.Until && s.Until <= high,
		fmt.Sprintf("must be ages with %d <= from < until <= %d", low, high), fmt.Sprintf("年龄应满足 %d ≤ from < until ≤ %d", low, high))
}

func (c *strict) Ages(field string, a Ages, low, high int) {
	c.Rule(field, low <= a.Female && a.Female <= high && low <= a.Male && a.Male <= high,
		fmt.Sprintf("must be an age for each sex, from %d to %d", low, high), fmt.Sprintf("男女年龄均应填写，且在%d至%d之间", low, high))
}

func (c *strict) Some(field string, n, low, high int) {
	c.Rule(field, n >= low, fmt.Sprintf("must have at least %d", low), fmt.Sprintf("至少应有%d项", low))
	c.Rule(field, n <= high, fmt.Sprintf("must have at most %d", high), fmt.Sprintf("最多%d项", high))
}
