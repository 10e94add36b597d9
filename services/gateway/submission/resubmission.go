package submission

import (
	"context"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/services/gateway/pseudonym"
	"github.com/muster-works/muster/services/internal/command"
)

// answerResubmitted answers events that are in the log already and introduce
// somebody who was erased since.
//
// Agencies send whole files again. Without this step the vault would learn anew
// who an erased person was, under a pseudonym that no event in the log has. So, once
// anybody was erased, an event that introduces somebody whom the vault does not
// know is tried first, with a pseudonym that is thrown away. If it is in the log
// already, it gets its receipt and leaves the run before the vault sees it.
func (p *preparation) answerResubmitted(ctx context.Context, r *run) error {
	if p.Erasures.IsEmpty() {
		return nil
	}
	copies, at := p.copyStrangers(r)
	if len(copies) == 0 {
		return nil
	}
	if _, err := pseudonym.NewThrowaway(p.Vault).Resolve(ctx, copies); err != nil {
		return err
	}
	receipts, err := p.Services.Try(ctx, r.family, nil, copies, p.imported)
	if err != nil {
		return err
	}
	answered := map[int]bool{}
	for n, receipt := range receipts[:min(len(receipts), len(at))] {
		// A duplicate without a position is one of another event of this run.
		if receipt.Status == events.Duplicate && !receipt.Position.IsZero() || command.NoLongerStands(receipt) {
			receipt.Person = events.Person{}
			p.receipts[r.at[at[n]]], answered[at[n]] = receipt, true
		}
	}
	r.keepEvents(func(i int) bool { return !answered[i] })
	return nil
}

// copyStrangers returns copies of the events of a run that introduce somebody whom
// the vault does not know, and their indexes in the run.
func (p *preparation) copyStrangers(r *run) (copies []*events.Event, at []int) {
	for i, e := range r.events {
		if !events.Introduces(e.Data) {
			continue
		}
		number := e.Data.About().Identity.IDNumber
		if p.Vault.Find(nil, number)[0] != (events.Person{}) {
			continue
		}
		if _, err := idnumber.Parse(number); err != nil {
			continue
		}
		c := *e
		c.Data = e.Data.Clone()
		copies, at = append(copies, &c), append(at, i)
	}
	return copies, at
}
