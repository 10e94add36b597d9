package submission

import (
	"context"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/muster-works/muster/services/gateway/pseudonym"
	"github.com/muster-works/muster/services/gateway/vault"
	"github.com/muster-works/muster/services/internal/command"
)

// lock begins a submission. One with an event that says who a person is has the vault to itself,
// since whose a number is is not known until that event is decided. Every other one waits until the
// vault has taken in all such events.
func (p *Pipeline) lock(ctx context.Context, s Submission, items []intake.Item) (release func(), err error) {
	exclusive := !s.IsDryRun() && slices.ContainsFunc(items, func(i intake.Item) bool {
		return i.Event != nil && i.Event.Data != nil && events.Identifies(i.Event)
	})
	if !exclusive {
		if release, err = p.Vault.LockShared(ctx); err != nil {
			return nil, vault.Unavailable(ctx, err)
		}
		if !p.Vault.IdentityUnderway() {
			return release, nil
		}
		release()
	}
	if release, err = p.Vault.LockExclusive(ctx); err != nil {
		return nil, vault.Unavailable(ctx, err)
	}
	if err := p.Identities.CatchUp(ctx); err != nil {
		release()
		return nil, err
	}
	if exclusive {
		return release, nil
	}
	release()
	// What is still under way, nobody knows the outcome of: it is as if it came after this submission.
	if release, err = p.Vault.LockShared(ctx); err != nil {
		return nil, vault.Unavailable(ctx, err)
	}
	return release, nil
}

// settleIdentities has the vault take in the event of a run that says who a person is, if the first n
// events were decided. What became of another one is found out from the log.
func (p *Pipeline) settleIdentities(ctx context.Context, s Submission, r *run, n int, receipts []events.Receipt) error {
	if !r.alone {
		return nil
	}
	var decided [][16]byte
	for i, e := range r.events[:n] {
		key := e.Key().Hash()
		decided = append(decided, key)
		if s.IsDryRun() && receipts[r.at[i]].Status == events.Accepted {
			s.dryRun.people.Learn(key)
		}
	}
	if s.IsDryRun() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	return p.Identities.CatchUp(ctx, decided...)
}

// answerKnown answers those of the refused events of a run that are in the log already: the number by
// which they name their person was mistyped, and corrected since.
func (p *preparation) answerKnown(ctx context.Context, r *run, refused []events.Reasons) error {
	if p.dryRun != nil || !p.Vault.HasFreed() {
		return nil
	}
	var again []*events.Event
	var at []int
	for i, reasons := range refused {
		if len(reasons) > 0 && reasons[0].Code == pseudonym.UnknownPerson {
			again, at = append(again, r.events[i]), append(at, i)
		}
	}
	if len(again) == 0 {
		return nil
	}
	receipts, err := p.Services.Try(ctx, r.family, nil, again, p.imported)
	if err != nil {
		return ctx.Err() // they stay refused, as they were before the correction
	}
	for n, receipt := range receipts[:min(len(receipts), len(at))] {
		if isKnown(receipt) {
			receipt.Person = events.Person{}
			p.receipts[r.at[at[n]]], refused[at[n]] = receipt, answeredAlready
		}
	}
	return nil
}

// answeredAlready stands in place of the refusal of an event that has its receipt.
var answeredAlready = events.Reasons{}

// isKnown reports whether a receipt says that the event is in the log already. A duplicate without a
// position is one of another event of the same run.
func isKnown(r events.Receipt) bool {
	return r.Status == events.Duplicate && !r.Position.IsZero() || command.NoLongerStands(r)
}
