// Package payment decides what is said of money: funds allocated, accounts
// assigned, pay runs instructed, settled, returned and reversed.
//
// A fund holds what was allocated to it, all standing allocations added up. A
// line takes its amount from the fund when it is instructed, and gives it back
// when it is returned or reversed. No fund falls below zero.
//
// A fund is earmarked for one division, that of its allocations, and pays what
// happens there and below: an event must lie under the division of the fund it
// asks. Settlements and returns speak of lines whose fund is that of the event's
// division, of one above or of one below it. An agency that answers for other
// divisions can name neither: what it may say is bounded by its prefix at the
// door.
//
// A line goes one way: instructed, settled, returned or reversed. What came
// back is not settled again: whoever pays it a second time instructs it as a
// new line, which asks the fund anew and leaves both payments in the books. A
// line id is unique in its run, over all parts of the run; runs and funds, as
// posts, are named uniquely in the deployment, for the one who instructs and
// the one who settles may be two agencies. The records of settlements and
// returns name the person that the line pays.
//
// An allowance is paid for a month in which the person was in place on the
// post of the line. Arrears and insurance may come later: they ask for any
// placement that began by the end of the month. Whether an amount is right,
// and whether a month was paid twice, are findings and no refusals.
//
// A correction is decided as if what it replaces had never been. An
// instruction can be taken back until the first of its lines is settled, a
// settlement until one of its lines comes back; a settlement that is replaced
// may drop only lines that have not come back. An allocation or a return is
// taken back as long as that leaves no fund below zero.
//
// The codes, beside those of the contract and of the desk:
//
//	unknown_post      the post of a line is not in the books; also in record mode
//	division_outside  the post lies outside the event's division, the event
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
// In record mode contradictions are kept: funds may fall below zero, and what
// is said of a line before the line comes waits for it. A line id that is
// instructed twice then counts twice against the fund, and what is settled or
// returned is the earlier one.
//
// The states are read and changed under the locks of the desk; nothing here
// is safe for concurrent use by itself.
package payment

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/services/internal/placement"
)

// The codes of the service's refusals.
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

// Placements is what the service asks of posts and people.
type Placements interface {
	// Find returns a post that an event speaks of, or why it may not.
	Find(e *events.Event, post string) (placement.Post, events.Reasons)
	// PlacedWithin says whether a person was in place on a post on any day
	// from from until before until.
	PlacedWithin(p events.Person, post string, from, until civil.Date) bool
	// PlacedBefore says whether a person was put on any post before a day.
	PlacedBefore(p events.Person, day civil.Date) bool
}

// A Service decides the events of the family payment.
type Service struct {
	state      *State
	placements Placements
}

// New makes the service over its own state and the placements.
func New(s *State, p Placements) *Service { return &Service{s, p} }

// Decide is [command.Decider.Decide].
func (s *Service) Decide(e *events.Event) (*events.Event, events.Reasons) {
	j := &judgement{state: s.state, record: e.Submode == events.ModeRecord}
	j.gone = s.state.acts[s.state.SupersededNumber(e)]
	if s.state.Ahead(e.Key()) {
		// It was replaced or withdrawn before it came, and counts for nothing.
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
	case *events.PaymentReturned:
		record.Data = &events.PaymentReturned{Run: d.Run, Lines: j.restitute(e, d.Run, d.Lines)}
	case *events.PaymentReversed:
		record.Data = &events.PaymentReversed{Run: d.Run, Lines: j.restitute(e, d.Run, d.Lines)}
	case *events.EventWithdrawn:
		j.withdraw()
	}
	if len(j.reasons) > 0 {
		return nil, j.reasons
	}
	return &record, nil
}
