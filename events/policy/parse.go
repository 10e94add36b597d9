package policy

import (
	_ "embed" // for the reference pack
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events/division"
)

//go:embed reference.json
var reference []byte

// Reference returns the pack of the reference programme, Shandong's 2022
// expansion.
func Reference() (*Pack, error) { return Parse(reference) }

// Parse reads a pack as JSON and checks it. Unknown members are refused.
func Parse(b []byte) (*Pack, error) {
	p := new(Pack)
	if err := json.Unmarshal(b, p, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("policy pack: %w", err)
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	return p, nil
}

// A FieldError says which member of a pack is wrong.
type FieldError struct {
	Field  string // path, such as groups[2].female.until
	Detail string
}

func (e *FieldError) Error() string { return "policy pack: " + e.Field + " " + e.Detail }

// Check says what is wrong with the pack: *FieldError values, joined.
func (p *Pack) Check() error {
	var errs []error
	bad := func(ok bool, field, detail string) {
		if !ok {
			errs = append(errs, &FieldError{field, detail})
		}
	}
	day := func(n int, field string) { bad(n >= 1 && n <= 28, field, "must be a day from 1 to 28") }
	percent := func(n int, field string) { bad(n >= 0 && n <= 100, field, "must be 0 to 100") }

	bad(p.Policy != "", "policy", "is missing")
	bad(p.Version != "", "version", "is missing")
	if prefix, err := division.ParsePrefix(p.Jurisdiction); err != nil || prefix != p.Jurisdiction {
		bad(false, "jurisdiction", "must be a division prefix of 2, 4, 6, 9 or 12 digits, or empty for all")
	}
	bad(p.ValidFrom != 0, "valid_from", "is missing")
	bad(p.ValidTo == 0 || p.ValidTo > p.ValidFrom, "valid_to", "must lie after valid_from")
	bad(len(p.Groups) > 0, "groups", "must name at least one group")
	seen := map[string]bool{}
	for i, g := range p.Groups {
		at := fmt.Sprintf("groups[%d]", i)
		bad(g.Code != "", at+".code", "is missing")
		bad(g.Area == "rural" || g.Area == "urban", at+".area", "must be rural or urban")
		bad(!seen[g.Area+g.Code], at, "stands twice")
		seen[g.Area+g.Code] = true
		for sex, s := range map[string]AgeSpan{"female": g.Female, "male": g.Male} {
			bad(s.From >= 16 && s.From < s.Until && s.Until <= 100, at+"."+sex, "must be ages with 16 <= from < until <= 100")
		}
	}
	bad(p.Retirement.Female > 16 && p.Retirement.Male > 16, "retirement", "must be an age for each sex")
	bad(p.Term.Months >= 1, "term.months", "must be at least 1")
	bad(p.Term.NearRetirementYears >= 0, "term.near_retirement_years", "must not be negative")
	bad(p.Publicity.Days >= 0, "publicity.days", "must not be negative")
	bad(p.Training.WithinDays >= 0, "training.within_days", "must not be negative")
	day(p.Attendance.DueDay, "attendance.due_day")
	percent(p.Attendance.HalfDayPercent, "attendance.half_day_percent")
	percent(p.Attendance.SubstitutePercent, "attendance.substitute_percent")
	percent(p.Attendance.LeavePercent, "attendance.leave_percent")
	day(p.Payment.DueDay, "payment.due_day")
	bad(p.Payment.Standard.Rural >= 0 && p.Payment.Standard.Urban >= 0, "payment.standard", "must not be negative")
	bad(p.Payment.RequiredDays >= 1 && p.Payment.RequiredDays <= 31, "payment.required_days", "must be 1 to 31")
	bad(p.Exits.ReportDays >= 0, "exits.report_days", "must not be negative")
	bad(len(p.Exits.Codes) > 0, "exits.codes", "must name at least one code")
	for i, c := range p.Exits.Codes {
		bad(c.Code != "", fmt.Sprintf("exits.codes[%d].code", i), "is missing")
		bad(c.Kind == "natural" || c.Kind == "dismissal", fmt.Sprintf("exits.codes[%d].kind", i), "must be natural or dismissal")
	}
	bad(p.Backfill.Days >= 0, "backfill.days", "must not be negative")
	return errors.Join(errs...)
}
