package submission

import (
	"context"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/services/gateway/pseudonym"
)

// answerResubmitted answers events that are in the log already and introduce
// somebody who was erased since, or was entered with a mistyped number, or say who somebody is.
//
// Agencies send whole files again. Without this step the vault would learn anew
// who an erased person was, under a pseudonym that no event in the log has. So, once
// anybody was erased, an event that introduces somebody whom the vault does not
// know is tried first, with a pseudonym that is thrown away. If it is in the log
// already, it gets its receipt and leaves the run before the vault sees it.
//
// The same holds for a number that was mistyped: it is free for its owner, and the
// event that introduced another person with it must not be taken for one about the
// owner. An event that says who somebody is may name the person by such a number.
func (p *preparation) answerResubmitted(ctx context.Context, r *run) error {
	if p.Erasures.IsEmpty() && !r.alone && !p.Vault.HasFreed() {
		return nil
	}
	copies, at, persons := p.copyStrangers(r)
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
		if isKnown(receipt) {
			receipt.Person = persons[n]
			p.receipts[r.at[at[n]]], answered[at[n]] = receipt, true
		}
	}
	r.keepEvents(func(i int) bool { return !answered[i] })
	return nil
}

// copyStrangers returns copies of the events of a run that introduce somebody whom
// the vault does not know under that number, or say who somebody is, their indexes in the run,
// and the pseudonyms of their persons as far as they are known.
func (p *preparation) copyStrangers(r *run) (copies []*events.Event, at []int, persons []events.Person) {
	for i, e := range r.events {
		var person events.Person
		switch {
		case r.alone:
			if d, ok := e.Data.(*events.PersonIdentified); ok && d.Identity != nil && d.Identity.IDNumber != "" {
				person = p.Vault.Find(nil, d.Identity.IDNumber)[0]
			}
		case events.Introduces(e.Data):
			number := e.Data.About().Identity.IDNumber
			person = p.Vault.FreedFrom(number)
			if person == (events.Person{}) && p.Vault.Find(nil, number)[0] != (events.Person{}) {
				continue
			}
			if _, err := idnumber.Parse(number); err != nil {
				continue
			}
		default:
			continue
		}
		c := *e
		c.Data = e.Data.Clone()
		copies, at, persons = append(copies, &c), append(at, i), append(persons, person)
	}
	return copies, at, persons
}
