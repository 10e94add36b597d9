// Package attendance decides attendance sheets. A sheet reports the marks of people on one
// post, for a month or for a day.
//
// Attendance is reported, never assumed, and only for people who are in place: on every
// day with a mark of P, H, L, A or S the person must be placed on the post. A day of rest
// ('.') or a day not reported ('-') is not checked. The contract has already checked the
// letters and the length of the month. The recorder is free text, and any entitled agency
// may report.
//
// A second sheet for the same days is accepted: the projections use the one of the higher
// rank, or else the stronger mark. So a decision does not depend on earlier sheets. A
// correction is
// decided like any other sheet, and a withdrawal is never refused. No policy pack is
// consulted, and no policy version is stamped on the record.
//
// The codes of refusals, beside those of the contract and of package command:
//
//	unknown_post      the post is not in the books; also in record mode
//	division_outside  the post lies outside the event's division; also in record mode
//	not_placed        the person was not in place on a marked day
//	line_repeated     the person stands twice in the sheet
//
// In record mode only the refusals marked as such apply; contradictions are recorded.
//
// A Service reads the placements while the handler holds the lock of their fold. It has no
// state of its own.
package attendance

import (
	"fmt"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
)

// The codes of the refusals of this service. Those that other services share are
// declared in package placement.
const (
	UnknownPost     = placement.UnknownPost
	DivisionOutside = placement.DivisionOutside

	NotPlaced    events.Code = "not_placed"
	LineRepeated events.Code = "line_repeated"
)

// maxReasons is how many reasons one refusal gives at most.
const maxReasons = 20

// Placements answers what the service asks about posts and people.
type Placements interface {
	// Find returns the post that an event names, or why the event may not name it.
	Find(e *events.Event, post string) (placement.Post, events.Reasons)
	// Placements returns the placements of a person, in the order of their first days.
	Placements(p events.Person) []placement.Placement
}

// A Service decides the events of the family attendance.
type Service struct{ placements Placements }

// New makes the service. It reads p.
func New(p Placements) *Service { return &Service{p} }

// Decide is [command.Decider.Decide].
func (s *Service) Decide(e *events.Event) (*events.Event, events.Reasons) {
	d, ok := e.Data.(*events.AttendanceReported)
	if !ok {
		return command.DecideWithdrawal(e)
	}
	if _, reasons := s.placements.Find(e, d.Post); reasons != nil {
		return nil, reasons
	}
	if e.Submode == events.ModeRecord {
		return e, nil
	}
	var reasons events.Reasons
	refuse := func(code events.Code, i int, s events.Sentence) {
		reasons = append(reasons, events.ReasonOf(code, fmt.Sprintf("data.lines[%d]", i), s))
	}
	seen := make(map[events.Person]struct{}, len(d.Lines))
	for i := range d.Lines {
		if len(reasons) >= maxReasons {
			break
		}
		l := &d.Lines[i]
		if _, ok := seen[l.Person]; ok {
			refuse(LineRepeated, i, events.Say(
				"is about a person who has a line in this sheet already; put all marks of a person into one line",
				"该人员在本表中已有一行：请将同一人的出勤合并为一行"))
			continue
		}
		seen[l.Person] = struct{}{}
		if day := s.firstDayNotPlaced(d, l); day != 0 {
			refuse(NotPlaced, i, events.Say(
				"has a mark on %s, when the person was not in place on this post: %s; submit the hire first, or mark days outside the placement with -",
				"%s有出勤标记，但该人员当日不在本岗位上：%s。请先报送上岗，或将在岗期以外的日子填为-", day, s.placedHere(d, l.Person)))
		}
	}
	if reasons != nil {
		return nil, reasons
	}
	return e, nil
}

// firstDayNotPlaced returns the first day with a mark on which the person of a line was not
// in place on the post, or 0 if there is none.
func (s *Service) firstDayNotPlaced(d *events.AttendanceReported, l *events.AttendanceLine) civil.Date {
	first, marks := d.Date, l.Mark
	if d.Month != 0 {
		first, marks = d.Month.First(), l.Marks
	}
	placed := s.placements.Placements(l.Person)
	for i := range len(marks) {
		day := first + civil.Date(i)
		if m := marks[i]; m != '.' && m != '-' && !slices.ContainsFunc(placed, func(p placement.Placement) bool {
			return p.From <= day && (p.Exit == 0 || day < p.Exit) && p.Post == d.Post
		}) {
			return day
		}
	}
	return 0
}

// placedHere says when the person was in place on the post of a sheet: the last placement.
func (s *Service) placedHere(d *events.AttendanceReported, person events.Person) events.Sentence {
	said := events.Say("the books have no hire of the person there", "账上没有该人员在本岗位的上岗记录")
	for _, p := range s.placements.Placements(person) {
		switch {
		case p.Post != d.Post:
		case p.Exit == 0:
			said = events.Say("the placement there began on %s", "账上从%s起在本岗位", p.From)
		default:
			said = events.Say("the last placement there was from %s until the exit on %s", "账上最近一次在本岗位自%s起，%s退出", p.From, p.Exit)
		}
	}
	return said
}
