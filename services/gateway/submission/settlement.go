package submission

import (
	"context"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/gateway/vault"
)

// settleTime is how long the vault is waited for after the decision, even if the client has gone.
const settleTime = 10 * time.Second

// settle tells the vault what became of the events of a run that it waits for: of the first n
// that were decided, and of those that were refused before. What became of the others is not
// known, so their people stay pending.
func (p *Pipeline) settle(ctx context.Context, r *run, n int, receipts []events.Receipt) {
	if len(r.awaits) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := p.Vault.Settle(ctx, r.outcomes(n, receipts)); err != nil && p.Unsettled != nil {
		p.Unsettled(err)
	}
}

// outcomes returns what is known of the events that the vault waits for.
func (r *run) outcomes(n int, receipts []events.Receipt) (known []vault.Outcome) {
	undecided, stands := map[[16]byte]bool{}, map[[16]byte]bool{}
	named := map[events.Person]bool{} // by events that stand
	for i, e := range r.events {
		key := e.Key().Hash()
		switch {
		case i >= n:
			undecided[key] = true
		case receipts[r.at[i]].Status != events.Rejected:
			stands[key] = true
			for person := range events.PersonsOf(e.Data) {
				named[person] = true
			}
		}
	}
	for _, a := range r.awaits {
		o := a.Outcome
		if o.Stands = stands[o.Key]; !o.Stands && named[o.Person] {
			// Another event of the run needs the person.
			o.Stands, o.Identity = true, events.Identity{}
		}
		if o.Stands || !undecided[o.Key] {
			known = append(known, o)
		}
	}
	return known
}
