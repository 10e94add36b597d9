package gateway

import (
	"context"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/vault"
)

// TidyVault finds out, at once and then after each interval until the context ends, what became of
// people whose submissions no gateway has settled, since the gateway ended or the vault did not
// answer; and deletes the people whose events were refused. Any number of gateways may do so.
func (g *Gateway) TidyVault(ctx context.Context, interval time.Duration) {
	for {
		if err := g.tidyVault(ctx); err != nil && ctx.Err() == nil {
			g.log.Warn("the vault was not tidied; it will be tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
	}
}

func (g *Gateway) tidyVault(ctx context.Context) error {
	if err := g.catchUpIdentities(ctx); err != nil {
		return err
	}
	pending, err := g.vault.Pending(ctx)
	if err != nil || len(pending) == 0 {
		return err
	}
	outcomes, err := g.findOutcomes(ctx, pending, g.now())
	if err != nil {
		return err
	}
	if err := g.vault.Settle(ctx, outcomes); err != nil {
		return err
	}
	return g.vault.Sweep(ctx)
}

// catchUpIdentities has the vault take in the events that a gateway left under way.
func (g *Gateway) catchUpIdentities(ctx context.Context) error {
	if g.history == nil || !g.vault.IdentityUnderway() {
		return nil
	}
	release, err := g.vault.LockExclusive(ctx)
	if err != nil {
		return err
	}
	defer release()
	return g.people.CatchUp(ctx)
}

// findOutcomes looks in the log for the events that pending persons need. An event that is not
// there by its deadline does not come any more. One whose deadline is to come is left to the
// gateway that has it under way.
func (g *Gateway) findOutcomes(ctx context.Context, pending map[events.Person][]vault.Need, now time.Time) (known []vault.Outcome, err error) {
	var from log.Position
	some := false
	for _, needs := range pending {
		for _, n := range needs {
			if !some || n.Since.Compare(from) < 0 {
				from, some = n.Since, true
			}
		}
	}
	if !some || g.history == nil {
		return nil, nil
	}
	head, _, err := g.history.Head(ctx, log.Filter{}) // after now: what was appended by a deadline is there
	if err != nil {
		return nil, err
	}
	stands, err := g.personsInLog(ctx, from, head, pending)
	if err != nil {
		return nil, err
	}
	for p, needs := range pending {
		named := stands[p]
		for _, n := range needs {
			if named.is || n.Deadline.Before(now) {
				known = append(known, vault.Outcome{Person: p, Key: n.Key, Stands: named.is, Stranger: !named.placed})
			}
		}
	}
	return known, nil
}

// A naming says whether events in the log name a person, and whether one of them is more than a
// fact of a register.
type naming struct{ is, placed bool }

// personsInLog returns which of the pending persons events between two positions name.
func (g *Gateway) personsInLog(ctx context.Context, from, to log.Position, pending map[events.Person][]vault.Need) (map[events.Person]naming, error) {
	named := map[events.Person]naming{}
	if from.Compare(to) >= 0 {
		return named, nil
	}
	for c, err := range g.history.Read(ctx, from, log.Filter{}) {
		if err != nil {
			return nil, err
		}
		for _, raw := range c.Events {
			e, err := events.Decode(raw)
			if err != nil {
				continue // an event that no version reads names nobody whom this gateway entered
			}
			for p := range events.PersonsOf(e.Data) {
				if _, waits := pending[p]; waits {
					named[p] = naming{true, named[p].placed || !events.AdmitsStrangers(e.Data)}
				}
			}
		}
		if c.Position.Compare(to) >= 0 {
			break
		}
	}
	return named, nil
}
