// Package payment decides the events about money: allocations of funds, assignments of accounts,
// and instructions, settlements, returns and reversals of pay runs. All amounts are in fen.
//
// # Funds
//
// A fund holds the sum of its allocations that are not superseded, without what was surrendered.
// An ordered line takes its amount from the fund on the day of the order. What is returned,
// reversed or rejected is in the fund again from its day on. No fund falls below zero on any
// day: an order may take no later day below zero either. An allocation may be usable until a
// day; no order after it may take that money.
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
// A run belongs to the source that ordered it, so its key is the source and the name. Who settles
// a run of another source names that source in ordered_by, and must answer for the division of
// the fund. Orders of before 1.1 have no day, and their runs no source.
//
// A line goes through these states, and never back:
//
//	ordered ──► settled ──► returned or reversed
//	   └──────► rejected ──► ordered again
//
// A line may be settled and come back in parts, and never more than was ordered, or settled. What
// came back is not settled again. To pay it a second time, the agency instructs a new line, which
// takes its amount from the fund again; so both payments are on record. A line that the bank
// rejected may be ordered again under its id. A line id is unique in its run, over all parts of
// the run; where an order leaves it out, it is made of the person. The records of settlements,
// returns and rejections name the person that each line pays.
//
// An allowance for a month requires that the person was in place on the post of the line on a day
// of that month. Arrears and insurance may be paid later: they require only that some placement
// of the person began by the end of the month. Whether an amount is right, and whether a month
// was paid twice, is not decided here: these are findings.
//
// # Corrections
//
// A correction is decided as if the event that it replaces had never been recorded. An
// instruction can be replaced after a settlement if the settled lines are the same in it. A
// settlement can be taken back until one of its lines comes back; a settlement that replaces it
// may leave out only lines that have not come back. An allocation, a return or a rejection can be
// taken back if no fund falls below zero. An overseer's correction of an order leaves the run
// with the source that it corrects.
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
//	not_placed        the person was not in place for what the line pays, or when the account begins and in the twelve months before
//	line_repeated     the line id stands twice in the event or in the run
//	unknown_run       the source has no such run, or the agency does not answer for the
//	                  run that it names in ordered_by; the latter also in record mode
//	line_unknown      no such line stands in the run
//	line_settled      the line was settled before
//	line_not_settled  the line has not been settled
//	line_returned     the line came back before
//	line_rejected     the bank rejected the line before
//	over_settled      more was settled of the line than was ordered
//	over_returned     more came back of the line than was settled
//	fund_expired      the money of the fund may not be used on that day any more
//	pay_kind_unknown  the pack has no such kind of pay
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
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
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
	LineRejected   events.Code = "line_rejected"
	OverSettled    events.Code = "over_settled"
	OverReturned   events.Code = "over_returned"
	FundExpired    events.Code = "fund_expired"
	PayKindUnknown events.Code = "pay_kind_unknown"
)

// Placements answers what the service asks about posts and people.
type Placements interface {
	// FindWithin returns the post that an event names for what happened from one day
	// until before another, or why the event may not name it.
	FindWithin(e *events.Event, post string, from, until civil.Date) (placement.Post, events.Reasons)
	// PlacedWithin reports whether a person was in place on a post on any day
	// from day from on and before day until.
	PlacedWithin(p events.Person, post string, from, until civil.Date) bool
	// AnswersFor reports whether a person was in place, from a day on, on a post in the
	// division of an event, and whether the person was in place at all.
	AnswersFor(e *events.Event, p events.Person, from civil.Date) (answers, placed bool)
	// PlacedBefore reports whether a placement of a person, on any post, began
	// before a day.
	PlacedBefore(p events.Person, day civil.Date) bool
}

// Packs answers which policy pack is in force.
type Packs interface {
	// InForce returns the pack in force at a division on a day, or nil if there is none.
	InForce(at division.Code, on civil.Date) *policy.Pack
}

// A Service decides the events of the family payment.
type Service struct {
	state      *State
	placements Placements
	packs      Packs
}

// New makes the service. s is the state of the family's own boundary; the service reads p and
// packs.
func New(s *State, p Placements, packs Packs) *Service { return &Service{s, p, packs} }

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
		record.Data = j.allocate(e, d)
	case *events.FundSurrendered:
		j.surrender(e, d)
	case *events.PaymentInstructed:
		record.Data = j.instruct(e, d, s.placements, s.packs)
	case *events.PaymentSettled:
		record.Data = j.settle(e, d)
	case *events.PaymentRejected:
		record.Data = j.reject(e, d)
	case events.Restitution:
		record.Data = j.restitute(e, d)
	case *events.EventWithdrawn:
		j.withdraw()
	case *events.AccountAssigned:
		j.assign(e, d, s.placements)
	default:
		j.reasons = command.Undecided(e)
	}
	if len(j.reasons) > 0 {
		return nil, j.reasons
	}
	return &record, nil
}
