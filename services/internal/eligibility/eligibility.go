// Package eligibility decides whether a hire meets the conditions of a policy pack, beside
// those on group and age. A condition is a boolean expression in CEL (cel.dev). Its
// variables are what the hire and its post say:
//
//	person.age           int     completed years on the on-duty day, or on the first day that a renewal adds
//	person.sex           string  F or M
//	person.birth_month   string  1965-01
//	hire.group           string  the code of the group
//	hire.from            string  the on-duty day, 2024-02-01
//	hire.until           string  the end of the term; empty where none is given
//	hire.months          int     whole months from the on-duty day until the end of the term; 0 where none is given
//	history.placements   int     placements of the person, on any post, that began before the on-duty day
//	history.months       int     months in place before the on-duty day, on all posts
//	history.last_exit_code  string  code of the person's last exit; empty if there is none
//	post.area            string  rural or urban
//	post.category        string  the code of the category
//	post.division        string  the 12 digits of where the post lies
//	post.seats           int     the seats on the on-duty day
//
// A condition that has renewals set is evaluated for renewals, too. Then hire.until is the
// new end of the term. So a pack that places nobody for more than two full terms has the
// condition history.months + hire.months <= 72, with renewals.
//
// Dates and months are strings in the order of time, so < and > compare them. There is no
// clock: the same hire gets the same answer for ever.
//
// The log holds the month of birth and not the day. If the on-duty day is in the month of a
// birthday, a condition is evaluated with both possible ages, and holds if it holds with one
// of them. A condition that cannot be evaluated does not hold. Examples are an age if the
// birth is unknown, a division by zero, and an expression that exceeds its cost limit.
//
// [Compile] refuses an expression that is not valid CEL, is not boolean, or names an unknown
// variable. So the conditions of an adopted pack can always be evaluated. A [Rules] is safe
// for concurrent use.
package eligibility

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/placement"
)

// costLimit is the cost that one evaluation of an expression may have, in the units of CEL.
// A comparison costs about one.
const costLimit = 10_000

// Facts are the values of the variables.
type Facts struct {
	Birth       civil.Month // 0 if it is unknown
	Sex         string
	Group       string
	From, Until civil.Date
	RenewedFrom civil.Date // first day that a renewal adds; 0 for a hire
	Area        string
	Category    string
	Division    division.Code
	Seats       int

	History placement.History // of the person before From
}

// Rules are the compiled conditions of a pack. The zero Rules have no conditions and refuse
// nothing.
type Rules struct{ conditions []condition }

// A condition is one compiled condition.
type condition struct {
	policy.Condition
	program cel.Program // nil if nobody meets the condition
	version string      // of the pack
}

// Parse reads the file of a pack that is to be adopted. It does what [policy.Parse] does and
// also compiles the conditions. The error consists of *policy.FieldError values, joined,
// each with its line and column in the file.
func Parse(b []byte) (*policy.Pack, error) {
	p, err := policy.Parse(b)
	if err != nil {
		return nil, err
	}
	if _, err := Compile(p); err != nil {
		return nil, policy.Locate(b, err)
	}
	return p, nil
}

// Compile compiles the conditions of a pack. The error consists of *policy.FieldError values,
// joined, each with the number of the character of the expression, from 1, if it is known.
func Compile(p *policy.Pack) (*Rules, error) {
	r := new(Rules)
	if len(p.Eligibility) == 0 {
		return r, nil
	}
	env, err := newEnvironment()
	if err != nil {
		return nil, err
	}
	var errs []error
	for i, c := range p.Eligibility {
		program, err := compile(env, c.When)
		if err != nil {
			err.Field = fmt.Sprintf("eligibility[%d].when", i)
			errs = append(errs, err)
			continue
		}
		r.conditions = append(r.conditions, condition{c, program, p.Version})
	}
	if errs != nil {
		return nil, errors.Join(errs...)
	}
	return r, nil
}

// Nobody makes rules whose conditions nobody meets. They are for a pack in the log that
// cannot be compiled.
func Nobody(p *policy.Pack) *Rules {
	r := new(Rules)
	for _, c := range p.Eligibility {
		r.conditions = append(r.conditions, condition{Condition: c, version: p.Version})
	}
	return r
}

// newEnvironment declares the variables.
func newEnvironment() (*cel.Env, error) {
	env, err := cel.NewEnv(
		cel.Variable("person.age", cel.IntType),
		cel.Variable("person.sex", cel.StringType),
		cel.Variable("person.birth_month", cel.StringType),
		cel.Variable("hire.group", cel.StringType),
		cel.Variable("hire.from", cel.StringType),
		cel.Variable("hire.until", cel.StringType),
		cel.Variable("hire.months", cel.IntType),
		cel.Variable("history.placements", cel.IntType),
		cel.Variable("history.months", cel.IntType),
		cel.Variable("history.last_exit_code", cel.StringType),
		cel.Variable("post.area", cel.StringType),
		cel.Variable("post.category", cel.StringType),
		cel.Variable("post.division", cel.StringType),
		cel.Variable("post.seats", cel.IntType),
		cel.ParserRecursionLimit(50),
		cel.ExtendedValidations(),
	)
	if err != nil {
		return nil, fmt.Errorf("language of conditions: %w", err)
	}
	return env, nil
}

// compile compiles one expression. The field of the error is left empty.
func compile(env *cel.Env, when string) (cel.Program, *policy.FieldError) {
	ast, issues := env.Compile(when)
	if issues != nil && len(issues.Errors()) > 0 {
		first := issues.Errors()[0]
		line, column := first.Location.Line(), first.Location.Column()+1
		return nil, &policy.FieldError{
			Detail:    fmt.Sprintf("cannot be compiled at %d:%d: %s", line, column, first.Message),
			DetailZH:  fmt.Sprintf("表达式第%d行第%d列无法编译：%s", line, column, first.Message),
			Character: runeOffset(when, line, column),
		}
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		typ := cel.FormatCELType(ast.OutputType())
		return nil, &policy.FieldError{Detail: "must be true or false, and not of the type " + typ, DetailZH: "表达式的结果应为真或假，而不是" + typ}
	}
	program, err := env.Program(ast, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, &policy.FieldError{Detail: "cannot be compiled: " + err.Error(), DetailZH: "表达式无法编译：" + err.Error()}
	}
	return program, nil
}

// runeOffset returns the number of the character, from 1, at a line and column of s, which
// both count from 1.
func runeOffset(s string, line, column int) int {
	n := column
	for range line - 1 {
		before, after, _ := strings.Cut(s, "\n")
		n += utf8.RuneCountInString(before) + 1
		s = after
	}
	return n
}

// Refuse returns a reason for each condition that does not hold, in the order of the pack. It
// returns nil if all hold. For a renewal only the conditions that decide renewals count.
func (r *Rules) Refuse(f Facts) (reasons events.Reasons) {
	if len(r.conditions) == 0 {
		return nil
	}
	cases := f.variables()
	for _, c := range r.conditions {
		if (f.RenewedFrom == 0 || c.Renewals) && !c.holds(cases) {
			reasons = append(reasons, events.ReasonOf(events.Code(c.Code), "data", c.sentence()))
		}
	}
	return reasons
}

// sentence says which condition does not hold. The words are those of the pack.
func (c *condition) sentence() events.Sentence {
	zh := c.DetailZH
	if zh == "" {
		zh = c.Detail
	}
	return events.Say("%s (a condition of policy pack %s)", "%s（政策包%s的条件）", events.Sentence{EN: c.Detail, ZH: zh}, c.version)
}

// holds reports whether the condition is true for one of the cases.
func (c *condition) holds(cases []map[string]any) bool {
	if c.program == nil {
		return false
	}
	for _, vars := range cases {
		if value, _, err := c.program.Eval(vars); err == nil && value.Value() == true {
			return true
		}
	}
	return false
}

// variables returns the variables of the expressions, once for each age that the person may
// have. If the birth is unknown, the variables of the person are missing.
func (f *Facts) variables() []map[string]any {
	term, _ := f.From.MonthsUntil(f.Until)
	vars := map[string]any{
		"hire.group": f.Group, "hire.from": f.From.String(), "hire.until": f.Until.String(),
		"post.area": f.Area, "post.category": f.Category, "post.division": string(f.Division), "post.seats": f.Seats,
		"hire.months": term, "history.placements": f.History.Placements, "history.months": f.History.Months, "history.last_exit_code": f.History.LastExitCode,
	}
	if f.Birth == 0 {
		return []map[string]any{vars}
	}
	months := int(max(f.From, f.RenewedFrom).Month() - f.Birth)
	vars["person.sex"], vars["person.birth_month"], vars["person.age"] = f.Sex, f.Birth.String(), months/12
	if months%12 != 0 || months == 0 {
		return []map[string]any{vars}
	}
	younger := maps.Clone(vars)
	younger["person.age"] = months/12 - 1
	return []map[string]any{vars, younger}
}
