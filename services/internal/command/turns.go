package command

import (
	"slices"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
)

// roundBudget is how long the handler decides the events of one round. A round that takes
// longer ends after the event that was being decided, and the next round begins with
// another agency. So an agency whose events are dear to decide delays an event of another
// agency by a round or two.
const roundBudget = 100 * time.Millisecond

// A turn is an event that waits for its decision, and the request that it is part of.
type turn struct {
	event   *events.Event
	request *pendingRequest
}

// agency returns who submitted a request. All events of a request are of one submission.
func (r *pendingRequest) agency() string { return r.events[0].AuthID }

// nextRound lists the events of one round, up to the number that a commit may hold: in
// turn by agency, one event each, beginning with the agency after the one called last.
// Events of one agency keep their order. skip holds how many undecided events of a request
// to leave out, because an earlier round holds them that is not in the log yet.
//
// An agency's events end before its first dry run and before its first request with
// another recorded time of an import, because a commit has one recorded time: that of the
// agency whose turn is first.
func nextRound(waiting []*pendingRequest, last string, skip map[*pendingRequest]int) (list []turn, imported time.Time) {
	queues := agencyQueues(waiting, last)
	imported = queues[0][0].imported
	var open [][]turn
	for _, requests := range queues {
		var turns []turn
		for _, r := range requests {
			if r.dryRun || !r.imported.Equal(imported) || len(turns) >= log.MaxEvents {
				break
			}
			rest := r.events[len(r.receipts)+skip[r]:]
			for _, e := range rest[:min(len(rest), log.MaxEvents)] {
				turns = append(turns, turn{e, r})
			}
		}
		open = append(open, turns)
	}
	for i := 0; len(list) < log.MaxEvents; i++ {
		before := len(list)
		for _, turns := range open {
			if i < len(turns) && len(list) < log.MaxEvents {
				list = append(list, turns[i])
			}
		}
		if len(list) == before {
			break
		}
	}
	return list, imported
}

// agencyQueues groups the waiting requests by agency. The agencies are in the order in
// which they began to wait, but the first is the one after last.
func agencyQueues(waiting []*pendingRequest, last string) (queues [][]*pendingRequest) {
	index, first := map[string]int{}, 0
	for _, r := range waiting {
		i, known := index[r.agency()]
		if !known {
			i = len(queues)
			index[r.agency()] = i
			queues = append(queues, nil)
		}
		queues[i] = append(queues[i], r)
	}
	if i, known := index[last]; known {
		first = (i + 1) % len(queues)
	}
	return slices.Concat(queues[first:], queues[:first])
}

// eventsOf returns the events of turns.
func eventsOf(turns []turn) []*events.Event {
	list := make([]*events.Event, len(turns))
	for i, t := range turns {
		list[i] = t.event
	}
	return list
}

// handOut gives the receipts of a round to their requests and returns the requests that
// still wait. The next round begins with another agency than that of the last event.
func (h *Handler) handOut(waiting []*pendingRequest, r *round) []*pendingRequest {
	h.last = r.last()
	for i, receipt := range r.receipts {
		request := r.turns[i].request
		if request.receipts = append(request.receipts, receipt); len(request.receipts) == len(request.events) {
			request.done <- nil
		}
	}
	return slices.DeleteFunc(waiting, func(r *pendingRequest) bool { return len(r.receipts) == len(r.events) })
}
