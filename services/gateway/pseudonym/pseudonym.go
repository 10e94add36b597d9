// Package pseudonym takes identities out of events. In their place it puts what
// the log may hold: pseudonyms, sealed texts, and tokens.
//
//	identity of a hire              ──► pseudonym, month of birth, sex,
//	                                    sealed identity, tokens
//	identity of any other event     ──► pseudonym
//	identity of person.identified   ──► month of birth, sex, sealed identity, tokens
//	identity number of a line       ──► pseudonym
//	identity number of a recorder   ──► pseudonym
//	account number                  ──► token; sealed too where it is assigned
//
// Two types do this. [Resolver] asks the vault, and makes new people known to it.
// [Throwaway] is for what must leave no trace: it gives a new person a pseudonym
// that is forgotten with it, and leaves out everything that is sealed.
//
// Both change the events that they are given, which must be copies that belong to
// the gateway. An event about somebody unknown is refused, and the refusal names the
// field. No refusal and no error holds an identity.
package pseudonym

import (
	"context"
	"slices"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/vault"
)

// UnknownPerson is the code of events about somebody whom the vault does not know.
const UnknownPerson events.Code = "unknown_person" // no hire or training before it made the person known

// A Resolver replaces the identities of the events of one submission by what the vault knows
// of them. It is not safe for concurrent use.
type Resolver struct {
	vault  *vault.Vault
	head   func(context.Context) (log.Position, error)
	now    func() time.Time
	known  acquaintances // the vault, and who is new in the events that are resolved
	awaits []Await
}

// pendingTime is how long after it was resolved an event may come into the log. It is much
// longer than any service is waited for.
const pendingTime = 10 * time.Minute

// NewResolver returns a resolver that asks a vault. head returns the end of the log, and now is
// the clock.
func NewResolver(v *vault.Vault, head func(context.Context) (log.Position, error), now func() time.Time) *Resolver {
	return &Resolver{vault: v, head: head, now: now}
}

// An Await is an event whose decision the vault waits for, with what it said of its person. See
// [vault.Vault.Settle].
type Await struct {
	vault.Outcome
	Pending bool // the person is new: nobody else may see the person before the decision
}

// Awaits returns what the vault waits for of the events that were resolved last.
func (r *Resolver) Awaits() []Await { return r.awaits }

// Resolve replaces the identities of events of one family, and returns for each
// event why it is refused, nil if it is not. All new people of the events are made
// known in one transaction, and are pending until they are settled: only these events know
// them until then.
//
// It fails if the vault does. Then some of the people may be known, but a second
// try gives them the same pseudonyms.
func (r *Resolver) Resolve(ctx context.Context, list []*events.Event) (refused []events.Reasons, err error) {
	refused = make([]events.Reasons, len(list))
	r.known, r.awaits = acquaintancesOf(r.vault), nil
	resolved, err := r.introduce(ctx, list, refused)
	if err != nil {
		return nil, err
	}
	if err := r.meetStrangers(ctx, list, refused); err != nil {
		return nil, err
	}
	for i, e := range list {
		if events.Identifies(e) {
			if refused[i], err = r.reidentify(ctx, e); err != nil {
				return nil, err
			}
			continue
		}
		if !resolved[i] && refused[i] == nil {
			refused[i] = replaceNumbers(&r.known, e.Data)
		}
		if refused[i] == nil {
			refused[i] = replaceSecond(&r.known, e.Data)
		}
	}
	return refused, r.replaceAccounts(ctx, list, refused)
}

// introduce makes the people of hires known to the vault and completes the hires
// with what the engine knows of these people. A training before the hire makes its
// person known as well; otherwise it could not be submitted before the hire. It
// reports which events need nothing more.
func (r *Resolver) introduce(ctx context.Context, list []*events.Event, refused []events.Reasons) (resolved []bool, err error) {
	resolved = make([]bool, len(list))
	var identities []events.Identity
	var persons []events.Person
	var entered, recalled []int // indexes of events
	for i, e := range list {
		who := e.Data.About()
		switch {
		case events.Introduces(e.Data):
			if _, err := idnumber.Parse(who.Identity.IDNumber); err != nil {
				refused[i] = invalidNumber(err)
				continue
			}
			identities, entered = append(identities, *who.Identity), append(entered, i)
		case !needsProfile(e.Data):
		case who.Person != events.Person{}:
			persons, recalled = append(persons, who.Person), append(recalled, i)
		default:
			refused[i] = events.Refusal(events.Missing, "data.identity", events.Say(
				"is required, or person: the pseudonym of an earlier receipt", "为必填项；或填person：以前回执中的人员代号"))
		}
	}
	if len(identities) > 0 {
		profiles, err := r.enter(ctx, list, entered, identities)
		if err != nil {
			return nil, err
		}
		for n, i := range entered {
			completePayload(list[i].Data, profiles[n])
			resolved[i] = true
		}
	}
	if len(persons) > 0 {
		profiles, err := r.vault.Recall(ctx, persons)
		if err != nil {
			return nil, err
		}
		for n, i := range recalled {
			if profiles[n].Person == (events.Person{}) {
				refused[i] = unknownPerson("data.person")
				continue
			}
			completePayload(list[i].Data, profiles[n])
			resolved[i] = true
		}
	}
	return resolved, nil
}

// enter makes the people of the identities known to the vault, for the events with these indexes,
// and notes what the vault waits for.
func (r *Resolver) enter(ctx context.Context, list []*events.Event, entered []int, identities []events.Identity) ([]vault.Profile, error) {
	numbers := make([]string, len(identities))
	for n, id := range identities {
		numbers[n] = id.IDNumber
	}
	var since log.Position
	if slices.Contains(r.vault.Find(nil, numbers...), events.Person{}) {
		var err error
		if since, err = r.head(ctx); err != nil {
			return nil, err
		}
	}
	needs := make([]vault.Need, len(identities))
	for n, i := range entered {
		needs[n] = vault.Need{Key: list[i].Key().Hash(), Since: since, Deadline: r.now().Add(pendingTime)}
	}
	profiles, pending, err := r.vault.EnterFor(ctx, identities, needs)
	if err != nil {
		return nil, err
	}
	for n, i := range entered {
		p := &profiles[n]
		corrects := list[i].Replaces != "" && p.Differs
		if pending[n] {
			if err := r.meet(numbers[n], p.Person); err != nil {
				return nil, err // introduce has parsed it
			}
		}
		if pending[n] || p.Fills || corrects {
			r.awaits = append(r.awaits, Await{vault.Outcome{Person: p.Person, Key: needs[n].Key, Identity: identities[n], Corrects: corrects}, pending[n]})
		}
	}
	return profiles, nil
}

// needsProfile reports whether an event records what the engine knows of its
// person. Only a hire does; every other event has the pseudonym alone.
func needsProfile(d events.Data) bool { return d.Type() == events.HirePlacedType }

// completePayload puts what the engine knows of the person into a payload.
func completePayload(d events.Data, p vault.Profile) {
	*d.About() = events.Who{Person: p.Person}
	hire, ok := d.(*events.HirePlaced)
	if !ok {
		return
	}
	hire.BirthMonth, hire.Sex = p.Birth, "M"
	if p.Female {
		hire.Sex = "F"
	}
	if p.Identity != (events.Identity{}) {
		hire.Identity = &p.Identity
	}
}

func invalidNumber(err error) events.Reasons {
	return events.Refusal(events.InvalidIDNumber, "data.identity.id_number", events.OfIDNumber(err))
}

func unknownPerson(field string) events.Reasons {
	return events.Refusal(UnknownPerson, field, events.Say(
		"is of nobody who was ever placed on a post or trained for one; submit the hire first",
		"该人员从未上岗，也没有岗前培训；请先报送上岗"))
}
