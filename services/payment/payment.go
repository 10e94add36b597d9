// Package payment decides the events about money: allocations of funds, assignments of accounts,
// and instructions, settlements, returns and reversals of pay runs. All amounts are in fen.
//
// # Funds
//
// A fund holds the sum of its allocations that are not superseded. An instructed line takes its
// amount from the fund. A line that is returned or reversed gives the amount back. No fund falls
// below zero.
//
// A fund is earmarked for one division, the one it was allocated for, and pays for that division
// and those below it: the division of an instruction must lie under that of its fund. A
// settlement or a return may concern a line whose fund belongs to the division of the event, to
// one above it or to one below it. The gateway has checked that the agency is entitled to the
// division of the event, so an agency cannot touch the funds of other divisions.
//
// The post of a line must have lain in the division of the instruction on a day of the month
// that the line pays. So the fund of a county pays what was earned on a post before the post
// moved to another county.
//
// # Lines
//
// A line goes through these states, and never back:
//
//	instructed ──► settled ──► returned or reversed
//
// A line that came back is not settled again. To pay it a second time, the agency instructs a new
// line, which takes its amount from the fund again; so both payments are on record. A line id is
// unique in its run, over all parts of the run. The names of runs and funds, like those of posts,
// are unique in the deployment, because the agency that instructs and the one that settles may
// differ. The records of settlements and returns name the person that each line pays.
//
// An allowance for a month requires that the person was in place on the post of the line on a day
// of that month. Arrears and insurance may be paid later: they require only that some placement
// of the person began by the end of the month. Whether an amount is right, and whether a month
// was paid twice, is not decided here: these are findings.
//
// # Corrections
//
// A correction is decided as if the event that it replaces had never been recorded. An
// instruction can be taken back until one of its lines is settled. A settlement can be taken back
// until one of its lines comes back; a settlement that replaces it may leave out only lines that
// have not come back. An allocation or a return can be taken back if no fund falls below zero.
//
// # Codes
//
// The codes of refusals, beside those of the contract and of package command:
//
//	unknown_post      the post of a line is not in the books; also in record mode
//	division_outside  the post lay outside the event's division in the month paid, the event
//	                  outside the fund's, or the line was paid for another one;
//	                  also in record mode
//	unknown_fund      the fund has no allocation
//	fund_exceeded     the fund would fall below zero; the sentence says what is left
//	not_placed        the person was not in place for what the line pays
//	line_repeated     the line id stands twice in the event or in the run
//	unknown_run       no such run
//	line_unknown      no such line stands in the run
//	line_settled      the line was settled before
//	line_not_settled  the line has not been settled
//	line_returned     the line came back before
//
// # Record mode
//
// In record mode only the refusals marked as such apply. Funds may fall below zero. Settlements
// and returns may come before the instruction of their lines, and count once it comes. A line id
// that is instructed twice takes its amount from the fund twice; a settlement or return then
// concerns the first of the two lines.
//
// # Concurrency
//
// The states are read and changed while the handler holds the locks of their folds. Nothing in
// this package is safe for concurrent use by itself.
package payment

import (
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

	UnknownFund    events.Code = "unknown_fund"
	FundExceeded   events.Code = "fund_exceeded"
	NotPlaced      events.Code = "not_placed"
	LineRepeated   events.Code = "line_repeated"
	UnknownRun     events.Code = "unknown_run"
	LineUnknown    events.Code = "line_unknown"
	LineSettled    events.Code = "line_settled"
	LineNotSettled events.Code = "line_not_settled"
	LineReturned   events.Code = "line_returned"
)

// Placements answers what the service asks about posts and people.
type Placements interface {
	// FindWithin returns the post that an event names for what happened from one day
	// until before another, or why the event may not name it.
	FindWithin(e *events.Event, post string, from, until civil.Date) (placement.Post, events.Reasons)
	// PlacedWithin reports whether a person was in place on a post on any day
	// from day from on and before day until.
	PlacedWithin(p events.Person, post string, from, until civil.Date) bool
	// PlacedBefore reports whether a placement of a person, on any post, began
	// before a day.
	PlacedBefore(p events.Person, day civil.Date) bool
}

// A Service decides the events of the family payment.
type Service struct {
	state      *State
	placements Placements
}

// New makes the service. s is the state of the family's own boundary; the service reads p.
func New(s *State, p Placements) *Service { return &Service{s, p} }

// Decide is [command.Decider.Decide].
func (s *Service) Decide(e *events.Event) (*events.Event, events.Reasons) {
	j := &judgement{state: s.state, record: e.Submode == events.ModeRecord}
	j.superseded = s.state.effects[s.state.SupersededNumber(e)]
	if s.state.SupersededEarly(e.Key()) {
		// e was replaced or withdrawn before it came, and has no effect.
		return e, nil
	}
	record := *e
	switch d := e.Data.(type) {
	case *events.FundAllocated:
		j.allocate(d)
	case *events.PaymentInstructed:
		j.instruct(e, d, s.placements)
	case *events.PaymentSettled:
		record.Data = j.settle(e, d)
	case events.Restitution:
		record.Data = d.With(d.RunKey().Source, j.restitute(e, d))
	case *events.EventWithdrawn:
		j.withdraw()
	case *events.AccountAssigned:
		// The vault has the account; no rule depends on it.
	case *events.PaymentRejected, *events.FundSurrendered:
		// The rules of these follow with the sums of funds by day.
	default:
		j.reasons = command.Undecided(e)
	}
	if len(j.reasons) > 0 {
		return nil, j.reasons
	}
	return &record, nil
}
