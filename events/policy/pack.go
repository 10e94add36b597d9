// Package policy holds policy packs: the rules of a programme as dated
// documents, so that no rule of a place or a year is a constant in code.
//
// A pack is valid for a jurisdiction (a division prefix) from a business date
// on. It enters the log whole, as the data of a policy.adopted event, and a
// [Book] of the packs adopted so far answers which one is in force: that of
// the longest matching prefix on the business date of the event decided.
package policy

import (
	"github.com/muster-works/muster/events/civil"
)

// A Pack is one version of the rules of a jurisdiction. Ages are in completed
// years; intervals are half-open; money is in fen.
type Pack struct {
	Policy       string      `json:"policy"`                // names the pack across its versions
	Version      string      `json:"version"`               // unique in the deployment; stamped on what is decided by it
	Jurisdiction string      `json:"jurisdiction"`          // division prefix
	ValidFrom    civil.Date  `json:"valid_from"`            // first day
	ValidTo      civil.Date  `json:"valid_to,omitzero"`     // first day no longer; none is open
	Title        string      `json:"title,omitzero"`        // for people
	Sources      []string    `json:"sources,omitempty"`     // the documents that the rules come from
	Groups       []Group     `json:"groups"`                // who may be placed
	Eligibility  []Condition `json:"eligibility,omitempty"` // what must hold of a placement besides
	Retirement   Ages        `json:"retirement"`            // the ages at which duty ends
	Term         Term        `json:"term"`                  // how long a placement may last
	Publicity    Publicity   `json:"publicity"`             // what is published before duty
	Agreement    Agreement   `json:"agreement"`             // what is signed before duty
	Training     Training    `json:"training"`              // pre-service training
	Attendance   Attendance  `json:"attendance"`            // how attendance counts
	Payment      Payment     `json:"payment"`               // what a month is worth, and when it is due
	Exits        Exits       `json:"exits"`                 // why people leave, and how soon it is reported
	Backfill     Backfill    `json:"backfill"`              // how soon a seat is filled again
	Thresholds   Thresholds  `json:"thresholds,omitzero"`   // of the finding rules
}

// A Group is a kind of person who may be placed in an area.
type Group struct {
	Code   string  `json:"code"` // older, out_of_poverty, …
	Area   string  `json:"area"` // rural or urban
	Female AgeSpan `json:"female"`
	Male   AgeSpan `json:"male"`
}

// An AgeSpan holds the ages from From until the birthday of Until.
type AgeSpan struct {
	From  int `json:"from"`
	Until int `json:"until"`
}

// Holds says whether age lies in the span.
func (s AgeSpan) Holds(age int) bool { return s.From <= age && age < s.Until }

// A Condition must hold of a placement; who does not meet it is refused with
// its code. When is a boolean expression in CEL. The package knows its form
// alone: the services that decide know its variables, and refuse a pack whose
// expressions they cannot compile.
type Condition struct {
	Code   string `json:"code"`   // of the refusal: lower case, digits and _
	When   string `json:"when"`   // what must hold
	Detail string `json:"detail"` // says so to people
}

// Ages are an age by sex.
type Ages struct {
	Female int `json:"female"`
	Male   int `json:"male"`
}

// Term bounds a placement: Months at most, or to retirement for those who had
// NearRetirementYears or less to it on the on-duty day.
type Term struct {
	Months              int `json:"months"`
	NearRetirementYears int `json:"near_retirement_years"`
}

// Publicity lasts Days at least and ends before the on-duty day.
type Publicity struct {
	Days int `json:"days"`
}

// Agreement is what is signed; where required, by the on-duty day.
type Agreement struct {
	Required bool `json:"required"`
}

// Training before service lies within WithinDays of the on-duty day. Its
// absence is a finding, not a refusal.
type Training struct {
	PreService bool `json:"pre_service"`
	WithinDays int  `json:"within_days"`
}

// Attendance of a month is due on DueDay of the next; a half day counts
// HalfDayPercent of a day, and so on for the marks that are not full days.
type Attendance struct {
	DueDay            int `json:"due_day"`
	HalfDayPercent    int `json:"half_day_percent"`
	SubstitutePercent int `json:"substitute_percent"`
	LeavePercent      int `json:"leave_percent"`
}

// Payment of a month is due on DueDay of the next. A month earns
// standard ÷ required days × days attended, at most the standard; posts that
// name none have those of Standard and RequiredDays.
type Payment struct {
	DueDay       int      `json:"due_day"`
	Standard     Standard `json:"standard"`
	RequiredDays int      `json:"required_days"`
}

// Standard is the allowance of a full month by area, in fen.
type Standard struct {
	Rural int64 `json:"rural"`
	Urban int64 `json:"urban"`
}

// Exits lists the codes and how many days after the exit it is reported.
type Exits struct {
	ReportDays int        `json:"report_days"`
	Codes      []ExitCode `json:"codes"`
}

// An ExitCode is a reason to leave: natural, or a dismissal for a violation.
type ExitCode struct {
	Code  string `json:"code"`
	Kind  string `json:"kind"` // natural or dismissal
	Title string `json:"title"`
	Label string `json:"label,omitzero"` // Chinese
}

// Backfill is the number of days within which a vacant seat is filled.
type Backfill struct {
	Days int `json:"days"`
}

// Thresholds tune the finding rules.
type Thresholds struct {
	GraceDays         int `json:"grace_days"`          // F03: after the attendance deadline
	TeamSize          int `json:"team_size"`           // F18: smallest unit looked at
	FullMonths        int `json:"full_months"`         // F18: months in a row at 100 %
	SharedDevice      int `json:"shared_device"`       // F19: persons on one device or evidence
	RecorderPerMinute int `json:"recorder_per_minute"` // F20
	UnfilledDays      int `json:"unfilled_days"`       // F33
	RehireDays        int `json:"rehire_days"`         // F34
}

// Group returns the rule for a group in an area.
func (p *Pack) Group(area, code string) (Group, bool) {
	for _, g := range p.Groups {
		if g.Area == area && g.Code == code {
			return g, true
		}
	}
	return Group{}, false
}

// ExitCode returns the rule for an exit code.
func (p *Pack) ExitCode(code string) (ExitCode, bool) {
	for _, c := range p.Exits.Codes {
		if c.Code == code {
			return c, true
		}
	}
	return ExitCode{}, false
}
