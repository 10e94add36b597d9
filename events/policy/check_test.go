package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// Goal: Check reports each broken requirement by its field and a sentence, and
// nothing else.
// Method: one requirement at a time is broken in the reference pack.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		field  string
		change func(*Pack)
	}{
		{"policy", func(p *Pack) { p.Policy = "" }},
		{"version", func(p *Pack) { p.Version = "" }},
		{"jurisdiction", func(p *Pack) { p.Jurisdiction = "370" }},
		{"jurisdiction", func(p *Pack) { p.Jurisdiction = "3x" }},
		{"jurisdiction", func(p *Pack) { p.Jurisdiction = "370000000000" }},
		{"valid_from", func(p *Pack) { p.ValidFrom = 0 }},
		{"valid_to", func(p *Pack) { p.ValidTo = p.ValidFrom }},
		{"groups", func(p *Pack) { p.Groups = nil }},
		{"groups[2].code", func(p *Pack) { p.Groups[2].Code = "" }},
		{"groups[2].area", func(p *Pack) { p.Groups[2].Area = "village" }},
		{"groups[1]", func(p *Pack) { p.Groups[1] = p.Groups[0] }},
		{"groups[0].female", func(p *Pack) { p.Groups[0].Female = AgeSpan{15, 60} }},
		{"groups[0].male", func(p *Pack) { p.Groups[0].Male = AgeSpan{60, 60} }},
		{"groups[0].male", func(p *Pack) { p.Groups[0].Male = AgeSpan{45, 101} }},
		{"eligibility[1].code", func(p *Pack) { p.Eligibility[1].Code = p.Eligibility[0].Code }},
		{"eligibility[1].code", func(p *Pack) { p.Eligibility[1].Code = "" }},
		{"eligibility[1].code", func(p *Pack) { p.Eligibility[1].Code = "Too old" }},
		{"eligibility[1].code", func(p *Pack) { p.Eligibility[1].Code = strings.Repeat("a", 65) }},
		{"eligibility[0].when", func(p *Pack) { p.Eligibility[0].When = "" }},
		{"eligibility[0].detail", func(p *Pack) { p.Eligibility[0].Detail = "" }},
		{"eligibility", func(p *Pack) { p.Eligibility = conditions(maxConditions + 1) }},
		{"retirement", func(p *Pack) { p.Retirement.Male = 16 }},
		{"retirement", func(p *Pack) { p.Retirement.Female = 121 }},
		{"retirement", func(p *Pack) { p.Retirement.Female = 0 }},
		{"term.months", func(p *Pack) { p.Term.Months = 0 }},
		{"term.months", func(p *Pack) { p.Term.Months = maxMonths + 1 }},
		{"term.near_retirement_years", func(p *Pack) { p.Term.NearRetirementYears = 101 }},
		{"term.near_retirement_years", func(p *Pack) { p.Term.NearRetirementYears = -1 }},
		{"publicity.days", func(p *Pack) { p.Publicity.Days = -1 }},
		{"training.within_days", func(p *Pack) { p.Training.WithinDays = -1 }},
		{"attendance.due_day", func(p *Pack) { p.Attendance.DueDay = 0 }},
		{"attendance.half_day_percent", func(p *Pack) { p.Attendance.HalfDayPercent = 101 }},
		{"attendance.substitute_percent", func(p *Pack) { p.Attendance.SubstitutePercent = -1 }},
		{"attendance.leave_percent", func(p *Pack) { p.Attendance.LeavePercent = 101 }},
		{"payment.due_day", func(p *Pack) { p.Payment.DueDay = 29 }},
		{"payment.standard.urban", func(p *Pack) { p.Payment.Standard.Urban = -1 }},
		{"payment.required_days", func(p *Pack) { p.Payment.RequiredDays = 32 }},
		{"payment.required_days", func(p *Pack) { p.Payment.RequiredDays = 0 }},
		{"exits.report_days", func(p *Pack) { p.Exits.ReportDays = -1 }},
		{"exits.codes", func(p *Pack) { p.Exits.Codes = nil }},
		{"exits.codes[3].code", func(p *Pack) { p.Exits.Codes[3].Code = "" }},
		{"exits.codes[3].kind", func(p *Pack) { p.Exits.Codes[3].Kind = "left" }},
		{"backfill.days", func(p *Pack) { p.Backfill.Days = -1 }},
		{"attendance.ranks[1]", func(p *Pack) { p.Attendance.Ranks = []string{"county", "country"} }},
		{"attendance.ranks[1]", func(p *Pack) { p.Attendance.Ranks = []string{"county", "county"} }},
		{"ahead_days", func(p *Pack) { p.AheadDays = -1 }},
		{"ahead_days", func(p *Pack) { p.AheadDays = maxAhead + 1 }},
		{"retirement_rises", func(p *Pack) { p.RetirementRises = make([]RetirementRise, maxRises+1); fillRises(p) }},
		{"retirement_rises[1]", func(p *Pack) { p.RetirementRises[1] = p.RetirementRises[0] }},
		{"retirement_rises[0].sex", func(p *Pack) { p.RetirementRises[0].Sex = "male" }},
		{"retirement_rises[0].age", func(p *Pack) { p.RetirementRises[0].Age = 0 }},
		{"retirement_rises[0].born_from", func(p *Pack) { p.RetirementRises[0].BornFrom = 0 }},
		{"retirement_rises[0].every_months", func(p *Pack) { p.RetirementRises[0].EveryMonths = 0 }},
		{"retirement_rises[0].most_months", func(p *Pack) { p.RetirementRises[0].MostMonths = 0 }},
		{"pay_kinds", func(p *Pack) { p.PayKinds = make([]PayKind, maxPayKinds+1); fillKinds(p) }},
		{"pay_kinds[1].code", func(p *Pack) { p.PayKinds[1].Code = p.PayKinds[0].Code }},
		{"pay_kinds[1].code", func(p *Pack) { p.PayKinds[1].Code = "Heat" }},
		{"pay_kinds[0].title", func(p *Pack) { p.PayKinds[0].Title = "" }},
	} {
		p, err := Reference()
		if err != nil {
			t.Fatal(err)
		}
		p.Eligibility = conditions(2)
		p.RetirementRises = national()
		p.PayKinds = slices.Clone(p.Kinds())
		c.change(p)
		err = p.Check()
		var field *FieldError
		if !errors.As(err, &field) || field.Field != c.field || strings.Count(err.Error(), "\n") != 0 {
			t.Errorf("%s: %v", c.field, err)
			continue
		}
		if len(field.Detail) < 10 || len(field.DetailZH) < 10 {
			t.Errorf("%s: %q %q says nothing", c.field, field.Detail, field.DetailZH)
		}
	}
}

// conditions returns n valid conditions.
func conditions(n int) (all []Condition) {
	for i := range n {
		all = append(all, Condition{Code: fmt.Sprint("c_", i), When: "person.age < 60", Detail: "must be under 60"})
	}
	return all
}

// fillRises makes rises that differ in age.
func fillRises(p *Pack) {
	for i := range p.RetirementRises {
		p.RetirementRises[i] = RetirementRise{Sex: "F", Age: 40 + i, BornFrom: civil.MustMonth("1970-01"), EveryMonths: 4, MostMonths: 36}
	}
}

// fillKinds makes kinds that differ in their codes.
func fillKinds(p *Pack) {
	for i := range p.PayKinds {
		p.PayKinds[i] = PayKind{Code: fmt.Sprint("kind_", i), Title: "a kind"}
	}
}

// Goal: errors come in the order of the pack.
// Method: a pack with several errors is checked many times.
func TestCheckInOrder(t *testing.T) {
	p, err := Reference()
	if err != nil {
		t.Fatal(err)
	}
	p.Groups[0].Female, p.Groups[0].Male, p.Term.Months, p.Policy = AgeSpan{}, AgeSpan{}, 0, ""
	for range 50 {
		var fields []string
		for _, err := range p.Check().(interface{ Unwrap() []error }).Unwrap() {
			var wrong *FieldError
			if !errors.As(err, &wrong) {
				t.Fatal(err)
			}
			fields = append(fields, wrong.Field)
		}
		if got := strings.Join(fields, " "); got != "policy groups[0].female groups[0].male term.months" {
			t.Fatal(got)
		}
	}
}

// Goal: values at the limit of each requirement are accepted.
// Method: the limits are set in the reference pack.
func TestCheckAllows(t *testing.T) {
	for name, change := range map[string]func(*Pack){
		"everywhere":           func(p *Pack) { p.Jurisdiction = "" },
		"a village":            func(p *Pack) { p.Jurisdiction = "370211102231" },
		"one day":              func(p *Pack) { p.ValidTo = p.ValidFrom + 1 },
		"ages 16 to 100":       func(p *Pack) { p.Groups[0].Male = AgeSpan{16, 100} },
		"no publicity":         func(p *Pack) { p.Publicity.Days = 0 },
		"days 1 and 28":        func(p *Pack) { p.Attendance.DueDay, p.Payment.DueDay = 1, 28 },
		"0 and 100 percent":    func(p *Pack) { p.Attendance.HalfDayPercent, p.Attendance.LeavePercent = 0, 100 },
		"one day of work":      func(p *Pack) { p.Payment.RequiredDays = 1 },
		"every day of work":    func(p *Pack) { p.Payment.RequiredDays = 31 },
		"no money":             func(p *Pack) { p.Payment.Standard = Standard{} },
		"reported that day":    func(p *Pack) { p.Exits.ReportDays = 0 },
		"a hundred conditions": func(p *Pack) { p.Eligibility = conditions(maxConditions) },
		"a term of a century":  func(p *Pack) { p.Term.Months, p.Retirement.Male = maxMonths, 120 },
		"ten years ahead":      func(p *Pack) { p.AheadDays = maxAhead },
		"one rank alone":       func(p *Pack) { p.Attendance.Ranks = []string{Inspection} },
		"a kind of its own":    func(p *Pack) { p.PayKinds = []PayKind{{Code: "heat", Title: "heat allowance"}} },
		"no kind counts twice": func(p *Pack) { p.PayKinds = slices.Clone(p.Kinds()) },
		"a group, two areas":   func(p *Pack) { p.Groups = []Group{p.Groups[0], p.Groups[5]} },
	} {
		p, err := Reference()
		if err != nil {
			t.Fatal(err)
		}
		change(p)
		if err := p.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Goal: of two packs of one jurisdiction, the one adopted last holds on the days on
// which both are valid, whatever day it begins on. After the end of a pack, the pack
// of the larger jurisdiction holds.
// Method: a table of adoptions and dates.
func TestAdoptedLastHolds(t *testing.T) {
	var b Book
	b.Adopt(&Pack{Version: "wide", ValidFrom: civil.MustDate("2020-01-01")})
	b.Adopt(&Pack{Version: "new", Jurisdiction: "37", ValidFrom: civil.MustDate("2023-01-01")})
	b.Adopt(&Pack{Version: "amended", Jurisdiction: "37", ValidFrom: civil.MustDate("2022-01-01"), ValidTo: civil.MustDate("2024-01-01")})
	for on, want := range map[string]string{"2021-12-31": "wide", "2022-01-01": "amended", "2023-06-01": "amended", "2024-01-01": "new"} {
		if got := b.InForce("370211102231", civil.MustDate(on)); got == nil || got.Version != want {
			t.Errorf("%s: %+v, want %s", on, got, want)
		}
	}
	if got := b.InForce("410000000000", civil.MustDate("2023-06-01")); got.Version != "wide" {
		t.Errorf("elsewhere: %s", got.Version)
	}
	if b.Version("new") == nil || b.Version("none") != nil {
		t.Error("Version finds the wrong packs")
	}
}

// Goal: the packs of some days are those that are in force on each of them.
// Method: the runs of days are compared with the answer for each day, for two divisions.
func TestWithin(t *testing.T) {
	var b Book
	b.Adopt(&Pack{Version: "wide", ValidFrom: civil.MustDate("2022-06-03")})
	b.Adopt(&Pack{Version: "county", Jurisdiction: "370211", ValidFrom: civil.MustDate("2022-06-16"), ValidTo: civil.MustDate("2022-06-20")})
	b.Adopt(&Pack{Version: "elsewhere", Jurisdiction: "41", ValidFrom: civil.MustDate("2022-06-10")})
	for at, want := range map[division.Code]int{"370211102231": 4, "370212000000": 2, "410000000000": 3} {
		runs, next := 0, civil.MustDate("2022-06-01")
		b.Within(at, next, civil.MustDate("2022-07-01"), func(first, end civil.Date, p *Pack) {
			if runs++; first != next || end <= first {
				t.Errorf("%s: from %s until %s after %s", at, first, end, next)
			}
			for ; next < end; next++ {
				if got := b.InForce(at, next); got != p {
					t.Errorf("%s on %s: %v, want %v", at, next, p, got)
				}
			}
		})
		if runs != want || next != civil.MustDate("2022-07-01") {
			t.Errorf("%s: %d runs until %s, want %d", at, runs, next, want)
		}
	}
}
