// Package submission takes the items of a submission through the gateway, from
// events as agencies wrote them to receipts.
//
//	items ─► contract ─► rights ─► digest ─► clear ─► runs ─► identities ─┐
//	         (intake)    (admission)         numbers          (pseudonym) │
//	                                                                      ▼
//	receipts ◄──────────────── service of the family ◄─────────────────── run
//	         in order of items                         one after the other
//
// Two goroutines work on a submission. One prepares runs: it checks the items,
// gathers consecutive events of one family, and replaces their identities. The
// other hands each run to its service when the receipts of the run before are in,
// so that the events of a submission are decided in order, each seeing those
// before it. The next run is prepared meanwhile.
//
// An item that is refused gets its receipt in the first goroutine and never
// reaches a service.
//
// An event that says who a person is is a run of its own. The exclusive lock of the vault is held for
// its whole submission, and the vault takes in what became of it before the next run is resolved. See
// identity.go.
//
// Who is new in a run is pending in the vault until the run is decided, so the next run is
// resolved after that: its events may be about the same people.
package submission

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division/editions"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/erasures"
	"github.com/muster-works/muster/services/gateway/identities"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/muster-works/muster/services/gateway/pseudonym"
	"github.com/muster-works/muster/services/gateway/vault"
)

// A Submitter hands events to the service that owns their family.
type Submitter interface {
	// Submit hands over recordable events of one family and returns a receipt
	// each, in order. When it fails it may return the receipts of the first
	// events of the batch; what became of the others is unknown.
	Submit(ctx context.Context, f events.Family, batch []*events.Event, imported time.Time) ([]events.Receipt, error)
	// Try answers what Submit would, were the premises in the log already, and
	// writes nothing. What would be taken is accepted without a position.
	Try(ctx context.Context, f events.Family, premises, batch []*events.Event, imported time.Time) ([]events.Receipt, error)
}

// A Pipeline is what submissions go through. Its fields are set before the first
// submission and do not change. Its methods are safe for concurrent use.
type Pipeline struct {
	Services  Submitter
	Vault     *vault.Vault
	Divisions *editions.Register
	Erasures  *erasures.Register
	// Identities has the vault take in who people are, after events that say so.
	Identities *identities.Reader
	Now        func() time.Time                            // by which a submission gets its day of decision
	Head       func(context.Context) (log.Position, error) // the end of the log
	// Unsettled, if it is set, is told when the vault could not be told what became of events.
	// Nothing is lost: the gateway finds it out from the log.
	Unsettled func(error)
	Zone      *time.Location // of business dates
	// Count is told of the receipts that an agency was given. It is not told of
	// those of a dry run.
	Count func(agency string, receipts []events.Receipt)
}

// Patience is how long a client that would have much to send again waits for a
// busy service.
const Patience = 10 * time.Second

// A Submission is one request: who sends it, under which id, how long it waits for
// a busy service, and what it has come to if it is a dry run. Its items may be
// submitted in several groups, one after the other.
type Submission struct {
	admission.Caller
	Correlation string // the correlationid of its events
	patience    time.Duration
	dryRun      *dryRun
}

// New returns a submission with a correlation id of its own.
func New(c admission.Caller, patience time.Duration) Submission {
	return Submission{Caller: c, Correlation: uuid.NewString(), patience: patience}
}

// IsDryRun reports whether the submission writes nothing.
func (s Submission) IsDryRun() bool { return s.dryRun != nil }

// NewDryRun is New for a submission that writes nothing.
func (p *Pipeline) NewDryRun(c admission.Caller, patience time.Duration) Submission {
	s := New(c, patience)
	s.dryRun = newDryRun(p.Vault)
	return s
}

// A run is consecutive events of one family, ready for their service.
type run struct {
	family events.Family
	events []*events.Event // pseudonymised
	at     []int           // their indexes in the submission
	sizes  []int           // of their canonical form, as submitted
	bytes  int             // the sum of the sizes
	err    error           // the vault failed: the run is not to be decided
	awaits []pseudonym.Await
	alone  bool          // its event says who a person is, so that the next run is resolved after it
	done   chan struct{} // closed when the run was decided, and the vault knows of it
}

// addEvent puts an event at the end of a run.
func (r *run) addEvent(e *events.Event, index, size int) {
	r.events, r.at, r.sizes = append(r.events, e), append(r.at, index), append(r.sizes, size)
	r.bytes += size
}

// keepEvents removes the events of a run for which keep returns false.
func (r *run) keepEvents(keep func(i int) bool) {
	kept := 0
	for i := range r.events {
		if keep(i) {
			r.events[kept], r.at[kept], r.sizes[kept] = r.events[i], r.at[i], r.sizes[i]
			kept++
		}
	}
	r.events, r.at, r.sizes = r.events[:kept], r.at[:kept], r.sizes[:kept]
}

// Submit takes items through the pipeline and returns a receipt each, in order.
// imported, if it is not zero, is the recorded time that the events bring along;
// the caller needs the right to import. The events of the items are not changed.
//
// It fails with [log.ErrUnavailable], [command.ErrBusy] or the context's error, and
// then returns the receipts up to the first event that was not decided. Submitting
// all of the items again is safe: what is in the log already is a duplicate.
func (p *Pipeline) Submit(ctx context.Context, s Submission, items []intake.Item, imported time.Time) ([]events.Receipt, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	release, err := p.lock(ctx, s, items)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := p.Erasures.CatchUp(ctx); err != nil {
		return nil, err
	}
	receipts := make([]events.Receipt, len(items))
	runs := make(chan *run)
	go func() {
		defer close(runs)
		p := p.newPreparation(s, imported, receipts)
		p.prepareRuns(ctx, items, runs)
	}()
	decided, err := p.decideRuns(ctx, cancel, s, runs, imported, receipts)
	if err != nil {
		receipts = receipts[:decided]
	}
	if s.IsDryRun() {
		s.dryRun.withholdPersons(receipts)
	} else {
		p.Count(s.Agency, receipts)
	}
	return receipts, err
}

// decideRuns hands over the runs until one fails, and waits until the preparation
// has ended. It returns the index of the first item whose receipt is not final.
func (p *Pipeline) decideRuns(ctx context.Context, cancel context.CancelFunc, s Submission, runs <-chan *run, imported time.Time, receipts []events.Receipt) (decided int, failed error) {
	for r := range runs {
		if failed != nil {
			close(r.done)
			continue // the preparation is about to end
		}
		n := 0
		if failed = r.err; failed == nil {
			n, failed = p.handOver(ctx, s, r, imported, receipts)
			p.settle(ctx, r, n, receipts)
			if err := p.settleIdentities(ctx, s, r, n, receipts); failed == nil {
				failed = err
			}
			if r.family == events.Policy && failed == nil && !s.IsDryRun() {
				failed = p.Divisions.CatchUp(ctx) // what was just accepted counts for the next submission
			}
		}
		close(r.done)
		if n < len(r.at) {
			decided = r.at[n]
		} else {
			decided = r.at[n-1] + 1
		}
		if failed != nil {
			cancel()
		}
	}
	if failed == nil {
		failed = ctx.Err()
	}
	return decided, failed
}

// A resolver takes the identities out of events. It returns for each event why it
// is refused, nil if it is not.
type resolver interface {
	Resolve(ctx context.Context, list []*events.Event) ([]events.Reasons, error)
}

var (
	_ resolver = (*pseudonym.Resolver)(nil)
	_ resolver = (*pseudonym.Throwaway)(nil)
)
