// Package pseudonym takes identities out of events. In their place it puts what
// the log may hold: pseudonyms, sealed texts, and tokens.
//
//	identity of a hire              ──► pseudonym, month of birth, sex,
//	                                    sealed identity, tokens
//	identity of any other event     ──► pseudonym
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

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/services/gateway/vault"
)

// UnknownPerson is the code of events about somebody whom the vault does not know.
const UnknownPerson events.Code = "unknown_person" // no hire or training before it made the person known

// A Resolver replaces the identities of events by what the vault knows of them. It
// is safe for concurrent use.
type Resolver struct{ vault *vault.Vault }

// NewResolver returns a resolver that asks a vault.
func NewResolver(v *vault.Vault) *Resolver { return &Resolver{v} }

// Resolve replaces the identities of events of one family, and returns for each
// event why it is refused, nil if it is not. All new people of the events are made
// known in one transaction.
//
// It fails if the vault does. Then some of the people may be known, but a second
// try gives them the same pseudonyms.
func (r *Resolver) Resolve(ctx context.Context, list []*events.Event) (refused []events.Reasons, err error) {
	refused = make([]events.Reasons, len(list))
	resolved, err := r.introduce(ctx, list, refused)
	if err != nil {
		return nil, err
	}
	for i, e := range list {
		if !resolved[i] && refused[i] == nil {
			refused[i] = replaceNumbers(r.vault, e.Data)
		}
		if refused[i] == nil {
			refused[i] = replaceSecond(r.vault, e.Data)
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
		profiles, err := r.vault.Enter(ctx, identities)
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
