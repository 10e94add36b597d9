// Package policy defines policy packs. A pack holds the rules of a programme as a
// dated document, so that no rule of a place or a year is a constant in the code.
//
// A pack is valid for a jurisdiction, given as a division prefix, from a business
// date on. A pack enters the log as a whole, as the data of a policy.adopted event. A
// [Book] holds the packs adopted so far and returns the one that is in force for a
// decision: the pack with the longest matching jurisdiction on the business date of
// the decided event.
//
// Ages are completed years, money is in fen, periods are in days or months as their
// names say, and intervals are half-open. The README of package events names the
// source of each rule of the reference pack. A Pack may be read concurrently.
package policy

import (
	"github.com/muster-works/muster/events/civil"
)

// A Pack is one version of the rules of a jurisdiction.
type Pack struct {
	Policy       string      `json:"policy"`                // name of the pack; the same in all its versions
	Version      string      `json:"version"`               // unique in the deployment; every event decided by the pack carries it
	Jurisdiction string      `json:"jurisdiction"`          // division prefix to which the pack applies; empty is every division
	ValidFrom    civil.Date  `json:"valid_from"`            // first day on which the pack is valid
	ValidTo      civil.Date  `json:"valid_to,omitzero"`     // first day on which the pack is no longer valid; open if left out
	Title        string      `json:"title,omitzero"`        // name for people
	Sources      []string    `json:"sources,omitempty"`     // documents that the rules come from
	Groups       []Group     `json:"groups"`                // groups of persons who may be placed
	Eligibility  []Condition `json:"eligibility,omitempty"` // further conditions on a placement
	Retirement   Ages        `json:"retirement"`            // ages at which a placement ends
	Term         Term        `json:"term"`                  // how long a placement may last
	Publicity    Publicity   `json:"publicity"`             // what is published before the on-duty day
	Agreement    Agreement   `json:"agreement"`             // what is signed before the on-duty day
	Training     Training    `json:"training"`              // pre-service training
	Attendance   Attendance  `json:"attendance"`            // how attendance is counted
	Payment      Payment     `json:"payment"`               // what a month is worth and when it is paid
	Exits        Exits       `json:"exits"`                 // reasons for an exit and when it is reported
	Backfill     Backfill    `json:"backfill"`              // how soon a vacant seat is filled
	Thresholds   Thresholds  `json:"thresholds,omitzero"`   // thresholds of the rules for findings

	RetirementRises []RetirementRise `json:"retirement_rises,omitempty"` // how the retirement ages rise by month of birth; left out: not at all
	PayKinds        []PayKind        `json:"pay_kinds,omitempty"`        // kinds of pay lines; left out: allowance, arrears, insurance and delay_compensation
	AheadDays       int              `json:"ahead_days,omitzero"`        // days after the day of the decision on which an exit, hire, change, suspension or closing may lie; left out or 0: 92
}

// A Group is a group of persons who may be placed in an area.
type Group struct {
	Code   string  `json:"code"` // such as older or out_of_poverty
	Area   string  `json:"area"` // rural or urban
	Female AgeSpan `json:"female"`
	Male   AgeSpan `json:"male"`
}

// An AgeSpan is the time from the birthday on which a person is From years old until
// the day before the birthday on which the person is Until years old.
type AgeSpan struct {
	From  int `json:"from"`
	Until int `json:"until"`
}

// Holds reports whether age lies in the span.
func (s AgeSpan) Holds(age int) bool { return s.From <= age && age < s.Until }

// A Condition must hold for a placement. A placement that does not meet it is refused
// with its code. When is a boolean expression in CEL. This package checks only that
// there is an expression. The services that decide know the variables, and refuse a
// pack whose expressions do not compile.
//
// A condition with Renewals decides renewals of a term, too.
type Condition struct {
	Code     string `json:"code"`               // code of the refusal: lower-case letters, digits and _
	When     string `json:"when"`               // expression that must be true
	Detail   string `json:"detail"`             // sentence for people
	DetailZH string `json:"detail_zh,omitzero"` // Chinese sentence; left out: detail
	Renewals bool   `json:"renewals,omitzero"`  // also decides renewals
}

// Ages are the ages of women and men to which a rule refers.
type Ages struct {
	Female int `json:"female"`
	Male   int `json:"male"`
}

// Term limits a placement to Months. A person who is NearRetirementYears or less
// below the retirement age on the on-duty day may stay until retirement.
type Term struct {
	Months              int `json:"months"`
	NearRetirementYears int `json:"near_retirement_years"`
}

// Publicity says that a placement is published for at least Days, before the on-duty
// day.
type Publicity struct {
	Days int `json:"days"`
}

// Agreement says whether an agreement must be signed by the on-duty day.
type Agreement struct {
	Required bool `json:"required"`
}

// Training says whether a person is trained before the placement, within WithinDays
// of the on-duty day. Missing training is a finding and no reason to refuse.
type Training struct {
	PreService bool `json:"pre_service"`
	WithinDays int  `json:"within_days"`
}

// Attendance says how days are counted. The attendance of a month is due on DueDay of
// the next month. A half day counts HalfDayPercent of a day; the other percentages
// are those of the other marks that are not full days. If two reports contradict each
// other about a day, that of the higher rank counts, see [Attendance.Rank].
type Attendance struct {
	DueDay            int      `json:"due_day"`
	HalfDayPercent    int      `json:"half_day_percent"`
	SubstitutePercent int      `json:"substitute_percent"`
	LeavePercent      int      `json:"leave_percent"`
	Ranks             []string `json:"ranks,omitempty"` // whose report of a day counts, from the highest rank on; left out: inspection, province, prefecture, county, township, village
}

// Payment says what a month is worth. The payment for a month is due on DueDay of the
// next month. A month earns standard ÷ required days × days attended, and at most the
// standard. The standard and the required days are those of the post, or else
// Standard and RequiredDays.
type Payment struct {
	DueDay       int      `json:"due_day"`
	Standard     Standard `json:"standard"`
	RequiredDays int      `json:"required_days"`
}

// Standard is the allowance of a full month in fen, for each area.
type Standard struct {
	Rural int64 `json:"rural"`
	Urban int64 `json:"urban"`
}

// Exits lists the exit codes, and the number of days within which an exit is
// reported.
type Exits struct {
	ReportDays int        `json:"report_days"`
	Codes      []ExitCode `json:"codes"`
}

// An ExitCode is a reason for an exit: a natural one, or a dismissal for a violation.
type ExitCode struct {
	Code  string `json:"code"`
	Kind  string `json:"kind"` // natural or dismissal
	Title string `json:"title"`
	Label string `json:"label,omitzero"` // Chinese name
}

// A PayKind is a kind of pay lines. What is paid under a kind that counts is compared with
// what the person earned. Other kinds, such as premiums of insurance, are paid beside it.
type PayKind struct {
	Code   string `json:"code"`
	Title  string `json:"title"`
	Label  string `json:"label,omitzero"`  // Chinese name
	Counts bool   `json:"counts,omitzero"` // counts against the entitlement
}

// Backfill is the number of days within which a vacant seat is to be filled.
type Backfill struct {
	Days int `json:"days"`
}

// Thresholds are the parameters of the rules for findings. F03 and so on are the
// numbers of the rules.
type Thresholds struct {
	GraceDays         int `json:"grace_days"`          // F03: days after the attendance deadline
	TeamSize          int `json:"team_size"`           // F18: smallest number of persons that is examined
	FullMonths        int `json:"full_months"`         // F18: consecutive months of full attendance
	SharedDevice      int `json:"shared_device"`       // F19: persons with the same device or evidence
	RecorderPerMinute int `json:"recorder_per_minute"` // F20: records of one recorder in a minute
	UnfilledDays      int `json:"unfilled_days"`       // F33: days for which a seat is vacant
	RehireDays        int `json:"rehire_days"`         // F34: days between an exit and the next hire
}

// Group returns the group with a code in an area, and whether the pack has one.
func (p *Pack) Group(area, code string) (Group, bool) {
	for _, g := range p.Groups {
		if g.Area == area && g.Code == code {
			return g, true
		}
	}
	return Group{}, false
}

// ExitCode returns the exit with a code, and whether the pack has one.
func (p *Pack) ExitCode(code string) (ExitCode, bool) {
	for _, c := range p.Exits.Codes {
		if c.Code == code {
			return c, true
		}
	}
	return ExitCode{}, false
}
