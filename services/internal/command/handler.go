// Package command handles the commands of the services. A command is an event as
// an agency submits it; a [Handler] decides the commands of one family, appends what
// it accepts to the log, and answers each with a receipt.
//
// # The life of a submission
//
//	Submit ──► queue ──► round ──► append ──► append result ──► receipts
//	                       ▲                        │
//	                       └── undo, catch up ◄─────┘
//	                           if the boundary has moved
//
// In detail:
//
//  1. [Handler.Submit] queues the submission. The handler takes the events of all
//     submissions that wait, up to those of one commit: in turn by agency, one
//     event each. These are decided in one round and appended in one commit. So
//     one fsync serves all of them: this is the group commit. A round that takes
//     more than 100 ms to decide ends, and the next begins with another agency.
//  2. The handler looks up each event in the idempotency index by family, source
//     and id. If the index holds an equal event, the receipt says duplicate, or
//     already_voided if that event was replaced or withdrawn since. If the index
//     holds an event of other content, the receipt says id_reused.
//  3. The [Decider] of the service decides the event on the state, which includes
//     the events accepted before it in the same round.
//  4. If a round refuses an event, the handler compares the folds it has read with
//     the head of the log. If a fold was behind, the handler undoes the round,
//     catches up, and decides again. So no event is refused on stale knowledge of
//     any boundary.
//  5. The accepted events are appended as one commit, on the revision that the
//     round was decided on. The commit is durable when the append returns; only
//     then do the receipts go out. If the boundary has moved, the append fails and
//     the handler undoes the round and decides again. So no event is accepted on
//     stale knowledge of its own boundary. After 16 conflicts in a row the answer
//     is [ErrBusy].
//
// While the log takes a full commit, the handler decides the next round: see
// [Handler.groupCommit].
//
// # Errors
//
// If the log does not answer, it is unknown whether a commit is in the log. The
// handler appends the commit again under the same commit id, for 10 seconds. After
// that the submitter gets [log.ErrUnavailable]. A submitter may submit the same
// events again at any time: those that are in the log come back as duplicates.
//
// # Order and concurrency
//
// One goroutine, [Handler.Run], decides for each handler. The events of an agency are
// decided in the order of the queue. Submit and Try are safe for concurrent use. Several handlers, in one
// process or in several, may decide on one boundary: the revision of each append
// makes sure that only one of them decides on each state of the boundary.
package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
)

// ErrBusy says that other handlers kept moving the boundary, or that the queue is
// full. If the queue is full, nothing was written. Submit the same events again
// after a second: those that are in the log come back as duplicates.
var ErrBusy = errors.New("command: busy, submit again")

// The codes of the refusals that come from the handler and from no service.
const (
	IDReused          events.Code = "id_reused"        // the id was used for other content
	UnknownReplaced   events.Code = "unknown_replaced" // the event to replace or withdraw is not in the log
	AlreadySuperseded events.Code = "already_voided"   // the event, or the one to replace or withdraw, was replaced or withdrawn before
	NotEntitled       events.Code = "not_entitled"     // the event to correct is another agency's, which the agency does not oversee
	ImportClosed      events.Code = "import_closed"    // history cannot be brought in any more
)

const (
	maxConflicts  = 16               // conflicts in a row after which the answer is ErrBusy
	queueLength   = 1024             // requests that may wait
	appendTimeout = 10 * time.Second // for which a commit of unknown outcome is tried again
	keepWarm      = time.Second      // between two catch-ups of a handler with nothing to do
)

// A Decider holds the rules of one service.
//
// Decide says whether e may be recorded, given the states of the handler's folds.
// If e may be recorded, Decide returns the event to record: e itself, or a copy
// with what the service adds, such as a seat or the policy version. Otherwise
// Decide returns the reasons of the refusal. Decide must change neither e nor the
// states, and must not read a clock. The handler calls Decide with the folds
// locked.
type Decider interface {
	Decide(e *events.Event) (record *events.Event, refused events.Reasons)
}

// A Handler decides the events of one family. Its methods are safe for concurrent
// use. A Handler is made by [NewHandler] and works while [Handler.Run] runs.
type Handler struct {
	family   events.Family
	decider  Decider
	own      *Fold   // of the family's boundary
	consults []*Fold // of other boundaries, which the decider reads
	requests chan *pendingRequest
	stopped  chan struct{}
	buffers  [][]byte // free buffers, of rounds that are in the log
	last     string   // the agency whose event was decided last
}

// A pendingRequest is a submission, or a dry run, that waits for its receipts.
type pendingRequest struct {
	ctx      context.Context
	events   []*events.Event
	imported time.Time
	dryRun   bool             // nothing is to be written
	premises []*events.Event  // of a dry run, see Try
	receipts []events.Receipt // so far; one for each of the first events
	done     chan error       // gets one value: nil when there is a receipt for each event
}

// NewHandler makes the handler of a family. own is the fold of the family's
// boundary; consults are the other folds that the decider reads. The handlers of a
// process lock folds in one order, so that they cannot deadlock: a handler on
// policy consults none, a handler on placement consults policy at most, and a
// handler on any other boundary consults these two at most. All handlers that share a fold
// must be made before any of them runs.
func NewHandler(f events.Family, d Decider, own *Fold, consults ...*Fold) *Handler {
	own.handlers++
	return &Handler{family: f, decider: d, own: own, consults: consults, requests: make(chan *pendingRequest, queueLength), stopped: make(chan struct{})}
}

// Family returns the family whose events the handler decides.
func (h *Handler) Family() events.Family { return h.family }

// Submit decides the events of batch in order and returns one receipt for each, in
// the same order. The batch may be larger than a commit. A commit is atomic, a batch
// is not: if Submit fails, some of the events may be in the log. If imported is not
// zero, it is the recorded time of all events of an import. Submit fails with
// ErrBusy, [log.ErrUnavailable], the error of ctx, or an error of the log.
func (h *Handler) Submit(ctx context.Context, batch []*events.Event, imported time.Time) ([]events.Receipt, error) {
	return h.queue(&pendingRequest{ctx: ctx, events: batch, imported: imported, done: make(chan error, 1)})
}

// queue hands a request to Run and waits for its receipts.
func (h *Handler) queue(r *pendingRequest) ([]events.Receipt, error) {
	if len(r.events) == 0 {
		return nil, nil
	}
	for _, e := range r.events {
		if f := e.Family(); f != h.family {
			return nil, fmt.Errorf("command: %s of family %s came to the handler of %s", e.Type, f, h.family)
		}
	}
	select {
	case h.requests <- r:
	default:
		return nil, ErrBusy
	}
	select {
	case err := <-r.done:
		return r.receipts, err
	case <-r.ctx.Done():
		return nil, r.ctx.Err()
	case <-h.stopped:
		return nil, fmt.Errorf("%w: the service %s is stopping", log.ErrUnavailable, h.family)
	}
}

// Run catches up with the log, calls ready, and decides what is submitted until ctx
// ends. Run returns nil when ctx ends. If the folds cannot catch up at the start,
// or the log is damaged, Run returns that error. Run is called once for each
// Handler.
func (h *Handler) Run(ctx context.Context, ready func()) error {
	defer close(h.stopped)
	for _, f := range append([]*Fold{h.own}, h.consults...) {
		if err := f.CatchUp(ctx); err != nil {
			return err
		}
	}
	ready()
	tick := time.NewTicker(keepWarm)
	defer tick.Stop()
	var waiting []*pendingRequest
	for {
		if len(waiting) == 0 {
			select {
			case <-ctx.Done():
				return nil
			case r := <-h.requests:
				waiting = append(waiting, r)
			case <-tick.C:
				if err := h.own.CatchUp(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, log.ErrUnavailable) {
					return err
				}
				continue
			}
		}
		waiting = h.drain(waiting)
		var err error
		if first := agencyQueues(waiting, h.last)[0][0]; first.dryRun {
			waiting, err = h.dryRun(ctx, waiting, first)
		} else {
			waiting, err = h.groupCommit(ctx, waiting)
		}
		if err != nil {
			fail(waiting, err)
			waiting = nil
			if errors.Is(err, log.ErrCorrupt) || errors.Is(err, log.ErrForeign) {
				return err
			}
		}
	}
}

// drain moves requests from the queue to waiting, so that the events of each agency get
// their turn however many of another agency wait. Requests whose context has ended are
// dropped.
func (h *Handler) drain(waiting []*pendingRequest) []*pendingRequest {
	for len(waiting) < queueLength {
		select {
		case r := <-h.requests:
			if r.ctx.Err() != nil {
				r.done <- r.ctx.Err()
				continue
			}
			waiting = append(waiting, r)
		default:
			return waiting
		}
	}
	return waiting
}

// fail answers requests with an error.
func fail(waiting []*pendingRequest, err error) {
	for _, r := range waiting {
		r.done <- err
	}
}
