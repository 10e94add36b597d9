package policy

import (
	"errors"
	"fmt"
	"math"
	"regexp"

	"github.com/muster-works/muster/events/division"
)

const (
	maxConditions = 100
	maxMonths     = 1200 // longest term: a hundred years
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
	// Rule reports a requirement that only words can express, and whether it is met.
	Rule(field string, ok bool, detail string)
}

// Judge calls the methods of j with the requirements on the members of p, in the
// order of the members.
func (p *Pack) Judge(j Judge) {
	j.Given("policy", p.Policy)
	j.Given("version", p.Version)
	prefix, err := division.ParsePrefix(p.Jurisdiction)
	j.Rule("jurisdiction", err == nil && prefix == p.Jurisdiction, "must be a division prefix of 2, 4, 6, 9 or 12 digits, or empty for all")
	j.Rule("valid_from", p.ValidFrom != 0, "is missing")
	j.Rule("valid_to", p.ValidTo == 0 || p.ValidTo > p.ValidFrom, "must lie after valid_from")
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
}

func (p *Pack) judgeGroups(j Judge) {
	j.Some("groups", len(p.Groups), 1, anyNumber)
	type named struct{ area, code string }
	seen := map[named]bool{}
	for i, g := range p.Groups {
		at, name := fmt.Sprintf("groups[%d]", i), named{g.Area, g.Code}
		j.Given(at+".code", g.Code)
		j.OneOf(at+".area", g.Area, "rural", "urban")
		j.Rule(at, !seen[name], "stands twice")
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
		j.Rule(at+"code", !seen[c.Code], "stands twice")
		seen[c.Code] = true
		j.Given(at+"when", c.When)
		j.Given(at+"detail", c.Detail)
	}
}

// CodeForm is the regular expression that the code of a condition matches.
const CodeForm = "^[a-z][a-z0-9_]{0,63}$"

// Check returns an error if the pack breaks a requirement: the *[FieldError] values,
// joined.
func (p *Pack) Check() error {
	var c strict
	p.Judge(&c)
	return errors.Join(c...)
}

// strict is the Judge of Check. It collects the errors.
type strict []error

func (c *strict) Rule(field string, ok bool, detail string) {
	if !ok {
		*c = append(*c, &FieldError{Field: field, Detail: detail})
	}
}

func (c *strict) Given(field, s string) { c.Rule(field, s != "", "is missing") }

func (c *strict) Code(field, s string) {
	form := s != "" && regexp.MustCompile(CodeForm).MatchString(s)
	c.Rule(field, form, "must be a word of lower case letters, digits and _, at most 64 of them")
}

func (c *strict) OneOf(field, s string, allowed ...string) {
	for _, a := range allowed {
		if s == a {
			return
		}
	}
	c.Rule(field, false, fmt.Sprintf("must be one of %v", allowed))
}

func (c *strict) Between(field string, n, low, high int) {
	switch {
	case n < low && high == anyNumber:
		c.Rule(field, false, fmt.Sprintf("must be at least %d", low))
	case n < low || n > high:
		c.Rule(field, false, fmt.Sprintf("must be from %d to %d", low, high))
	}
}

func (c *strict) Span(field string, s AgeSpan, low, high int) {
	c.Rule(field, low <= s.From && s.From < s.Until && s.Until <= high, fmt.Sprintf("must be ages with %d <= from < until <= %d", low, high))
}

func (c *strict) Ages(field string, a Ages, low, high int) {
	c.Rule(field, low <= a.Female && a.Female <= high && low <= a.Male && a.Male <= high,
		fmt.Sprintf("must be an age for each sex, from %d to %d", low, high))
}

func (c *strict) Some(field string, n, low, high int) {
	switch {
	case n < low:
		c.Rule(field, false, fmt.Sprintf("must have at least %d", low))
	case n > high:
		c.Rule(field, false, fmt.Sprintf("must have at most %d", high))
	}
}
