package gateway

import (
	"context"
	"fmt"
	"strconv"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/vault"
)

// resolve puts pseudonyms, sealed texts and tokens in the place of the
// identities of a run. Events that speak of unknown people leave the run with
// a receipt. It fails when the vault does; the run is then left whole.
func (p *preparation) resolve(ctx context.Context, r *run) error {
	if p.rehearsal == nil {
		if err := p.again(ctx, r); err != nil {
			return err
		}
	}
	refused := make([]events.Reasons, len(r.events))
	if p.rehearsal != nil {
		p.rehearsal.resolve(r.events, refused)
	} else if err := p.g.resolve(ctx, r.events, refused); err != nil {
		return vaultError(ctx, err)
	}
	keep := 0
	for i, e := range r.events {
		if refused[i] == nil && r.sizes[i] > log.MaxBytes/2 {
			refused[i] = p.measure(e)
		}
		if refused[i] != nil {
			p.reject(r.at[i], e, refused[i])
			continue
		}
		r.events[keep], r.at[keep] = e, r.at[i]
		keep++
	}
	r.events, r.at = r.events[:keep], r.at[:keep]
	return nil
}

func (g *Gateway) resolve(ctx context.Context, list []*events.Event, refused []events.Reasons) error {
	if err := g.hires(ctx, list, refused); err != nil {
		return err
	}
	for i, e := range list {
		if _, hire := e.Data.(*events.HirePlaced); !hire && refused[i] == nil {
			refused[i] = people(g.vault, e.Data)
		}
	}
	return g.accounts(ctx, list, refused)
}

func vaultError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", log.ErrUnavailable, err)
}

// measure refuses an event that has grown over the limit: a pseudonym is
// longer than an identity number.
func (p *preparation) measure(e *events.Event) events.Reasons {
	raw, err := e.Append(p.raw[:0])
	if err != nil {
		return events.Refuse(events.Malformed, "", "cannot be written as JSON")
	}
	p.raw = raw
	return fits(len(raw))
}

// hires makes the people of a run's hires known and fills in what the engine
// knows of them. A training before the hire makes its person known as well, or
// it could not be submitted before the hire.
func (g *Gateway) hires(ctx context.Context, list []*events.Event, refused []events.Reasons) error {
	var identities []events.Identity
	var persons []events.Person
	var entered, recalled []int
	for i, e := range list {
		d := e.Data.About()
		_, hire := e.Data.(*events.HirePlaced)
		switch {
		case events.Introduces(e.Data):
			if _, err := idnumber.Parse(d.Identity.IDNumber); err != nil {
				refused[i] = events.Refuse(events.InvalidIDNumber, "data.identity.id_number", err.Error())
				continue
			}
			identities, entered = append(identities, *d.Identity), append(entered, i)
		case !hire:
		case d.Person != events.Person{}:
			persons, recalled = append(persons, d.Person), append(recalled, i)
		default:
			refused[i] = events.Refuse(events.Missing, "data.identity", "is required, or person: the pseudonym of an earlier receipt")
		}
	}
	if len(identities) > 0 {
		entries, err := g.vault.Enter(ctx, identities)
		if err != nil {
			return err
		}
		for n, i := range entered {
			fill(list[i], entries[n])
		}
	}
	if len(persons) == 0 {
		return nil
	}
	entries, err := g.vault.Recall(ctx, persons)
	if err != nil {
		return err
	}
	for n, i := range recalled {
		if entries[n].Person == (events.Person{}) {
			refused[i] = unknown("data.person")
			continue
		}
		fill(list[i], entries[n])
	}
	return nil
}

func fill(e *events.Event, entry vault.Entry) {
	if w := e.Data.About(); w != nil {
		*w = events.Who{Person: entry.Person}
	}
	d, ok := e.Data.(*events.HirePlaced)
	if !ok {
		return
	}
	d.Person, d.Identity, d.BirthMonth, d.Sex = entry.Person, &entry.Identity, entry.Birth, "M"
	if entry.Female {
		d.Sex = "F"
	}
}

func unknown(field string) events.Reasons {
	return events.Refuse(UnknownPerson, field, "is of nobody who was ever placed on a post or trained for one; submit the hire first")
}

// maxReasons is how many bad lines of one sheet are named.
const maxReasons = 20

// A directory is what the vault knows of people without opening anything.
type directory interface {
	// Find appends the pseudonym of each identity number to dst, the zero one
	// where there is none.
	Find(dst []events.Person, numbers ...string) []events.Person
	// Birth returns the month of birth and the sex of a person who is known.
	Birth(p events.Person) (month civil.Month, female, known bool)
}

// people puts pseudonyms in the place of identity numbers. Everybody must be
// known.
func people(in directory, d events.Data) events.Reasons {
	if w := d.About(); w != nil {
		return person(in, w)
	}
	lines := d.PersonLines()
	if lines == nil || lines.Len() > 0 && lines.IDNumber(0) == nil {
		return nil // the payload names nobody, or the engine fills in whom
	}
	return personsOfLines(in, lines)
}

// personsOfLines puts pseudonyms in the place of identity numbers line by line,
// and refuses lines about people who are not known.
func personsOfLines(in directory, lines events.PersonLines) (refused events.Reasons) {
	var few [16]string
	numbers := few[:0]
	for i := range lines.Len() {
		if number := *lines.IDNumber(i); number != "" {
			numbers = append(numbers, number)
		}
	}
	var found [16]events.Person
	persons := in.Find(found[:0], numbers...)
	for i := range lines.Len() {
		person, number, field := lines.Person(i), lines.IDNumber(i), ".id_number"
		if *number != "" {
			*person, persons = persons[0], persons[1:]
			*number = ""
			if *person != (events.Person{}) {
				continue
			}
		} else {
			if _, _, known := in.Birth(*person); known {
				continue
			}
			field = ".person"
		}
		if len(refused) < maxReasons {
			refused = append(refused, unknown("data.lines["+strconv.Itoa(i)+"]"+field)...)
		}
	}
	return refused
}

func person(in directory, w *events.Who) events.Reasons {
	if w.Identity == nil || w.Identity.IDNumber == "" {
		if _, _, known := in.Birth(w.Person); !known {
			return unknown("data.person")
		}
		w.Identity = nil
		return nil
	}
	var found [1]events.Person
	w.Person = in.Find(found[:0], w.Identity.IDNumber)[0]
	w.Identity = nil
	if w.Person == (events.Person{}) {
		return unknown("data.identity.id_number")
	}
	return nil
}

// accounts puts tokens in the place of account numbers.
func (g *Gateway) accounts(ctx context.Context, list []*events.Event, refused []events.Reasons) error {
	var assigned []vault.Account
	var holders []*events.AccountAssigned
	var numbers []string
	var lines []*events.SettledLine
	for i, e := range list {
		switch d := e.Data.(type) {
		case *events.AccountAssigned:
			if refused[i] == nil {
				assigned, holders = append(assigned, vault.Account{Person: d.Person, Number: d.Number}), append(holders, d)
			}
		case *events.PaymentSettled:
			for n := range d.Lines {
				if l := &d.Lines[n]; l.Number != "" {
					numbers, lines = append(numbers, l.Number), append(lines, l)
				}
			}
		}
	}
	if len(assigned) > 0 {
		sealed, err := g.vault.Assign(ctx, assigned)
		if err != nil {
			return err
		}
		for i, d := range holders {
			d.Account, d.Sealed, d.Number = sealed[i].Token, sealed[i].Sealed, ""
		}
	}
	if len(numbers) > 0 {
		tokens, err := g.vault.Accounts(ctx, nil, numbers...)
		if err != nil {
			return err
		}
		for i, l := range lines {
			l.Account, l.Number = tokens[i], ""
		}
	}
	return nil
}
