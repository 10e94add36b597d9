package gateway

import (
	"context"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
)

// again answers what was submitted before by people who were erased since.
// Agencies send whole files again; without this the vault would learn anew, and
// under a pseudonym that no event names, who somebody was whom it was told to
// forget. So a hire of a stranger is tried first, where anybody was ever
// erased: one that is in the log already is a duplicate, and leaves the run
// without the vault having seen it.
func (p *preparation) again(ctx context.Context, r *run) error {
	if !p.g.erased.any() {
		return nil
	}
	h := newRehearsal(p.g.vault)
	var strangers []*events.Event
	var at []int
	for i, e := range r.events {
		if !events.Introduces(e.Data) || p.g.vault.Find(nil, e.Data.About().Identity.IDNumber)[0] != (events.Person{}) {
			continue
		}
		if _, err := idnumber.Parse(e.Data.About().Identity.IDNumber); err != nil {
			continue
		}
		c := *e
		c.Data = e.Data.Clone()
		strangers, at = append(strangers, &c), append(at, i)
	}
	if len(strangers) == 0 {
		return nil
	}
	h.resolve(strangers, make([]events.Reasons, len(strangers)))
	receipts, err := p.g.desk.Try(ctx, r.family, nil, strangers, p.imported)
	if err != nil {
		return err
	}
	answered := map[int]bool{}
	for n, receipt := range receipts[:min(len(receipts), len(at))] {
		// Without a position it is a duplicate of another one in this run.
		if receipt.Status == events.Duplicate && !receipt.Position.IsZero() {
			receipt.Person = events.Person{}
			p.receipts[r.at[at[n]]], answered[at[n]] = receipt, true
		}
	}
	keep := 0
	for i := range r.events {
		if !answered[i] {
			r.events[keep], r.at[keep], r.sizes[keep] = r.events[i], r.at[i], r.sizes[i]
			keep++
		}
	}
	r.events, r.at, r.sizes = r.events[:keep], r.at[:keep], r.sizes[:keep]
	return nil
}
