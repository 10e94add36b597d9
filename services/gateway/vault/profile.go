package vault

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
)

// A Profile is what an event may say of a person.
type Profile struct {
	Person   events.Person
	Birth    civil.Month
	Female   bool
	Identity events.Identity // as the log has it: sealed text and tokens

	// What was given to Enter says what the vault does not know (Fills), or something else
	// than it knows (Differs). See Settle.
	Fills, Differs bool
}

// Enter returns a profile for each identity, and makes a person known for each identity
// number that the vault does not know, all in one transaction. What the vault knows of a known
// person stays as it is. The sealed text of a profile holds the identity as it was given to
// Enter.
//
// Enter fails, and enters nobody, if an identity number is invalid.
func (v *Vault) Enter(ctx context.Context, ids []events.Identity) ([]Profile, error) {
	return v.enter(ctx, ids, nil)
}

// enter is Enter. With needs, who is new is pending.
func (v *Vault) enter(ctx context.Context, ids []events.Identity, needs []Need) ([]Profile, error) {
	parsed := make([]parsedIdentity, len(ids))
	for i, id := range ids {
		n, err := idnumber.Parse(id.IDNumber)
		if err != nil {
			return nil, fmt.Errorf("vault: identity %d: %w", i, err)
		}
		id = events.Identity{IDNumber: idnumber.Canonical(id.IDNumber), Name: id.Name, Phone: id.Phone, Household: id.Household}
		parsed[i] = parsedIdentity{id, numberHash(v.hashNumber(id.IDNumber)), n.Birth.Month(), n.Female}
	}
	profiles := make([]Profile, len(ids))
	err := v.inTransaction(ctx, func(g *groupCommit) (err error) {
		var met []events.Person
		for _, u := range parsed {
			if p, known := g.findPerson(u.hash); known {
				met = append(met, p)
			}
		}
		if err := g.fetchRows(met); err != nil {
			return err
		}
		for i, u := range parsed {
			if profiles[i], err = g.enterPerson(u); err != nil {
				return err
			}
			if needs != nil {
				g.need(profiles[i].Person, needs[i])
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return profiles, nil
}

// Recall returns a profile for each pseudonym, as Enter would if it were given what the
// vault holds of the person. If the vault does not know the person, the profile is zero.
func (v *Vault) Recall(ctx context.Context, persons []events.Person) ([]Profile, error) {
	profiles := make([]Profile, len(persons))
	err := v.inTransaction(ctx, func(g *groupCommit) error {
		if err := g.fetchRows(persons); err != nil {
			return err
		}
		for i, p := range persons {
			f, ok := g.attributesOf(p)
			if _, waits := g.standingOf(p); !ok || waits {
				profiles[i] = Profile{}
				continue
			}
			r, err := g.openRow(p, f)
			if err != nil {
				return err
			}
			if profiles[i], err = g.profileFor(r.key, f, r.known.Identity); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return profiles, nil
}

// A parsedIdentity is an identity with what its number says.
type parsedIdentity struct {
	events.Identity
	hash   numberHash
	birth  civil.Month
	female bool
}

// need makes an event a need of a person who is new, or pending.
func (g *groupCommit) need(p events.Person, n Need) {
	now, waits := g.standingOf(p)
	_, created := g.attributes[p]
	if _, settled := g.change.standings[p]; waits || created && !settled {
		g.setStanding(p, standing{append(slices.Clip(now.needs), n), now.stranger})
	}
}

// enterPerson finds or creates one person.
func (g *groupCommit) enterPerson(u parsedIdentity) (Profile, error) {
	p, known := g.findPerson(u.hash)
	if !known {
		return g.createPerson(u)
	}
	f, _ := g.attributesOf(p)
	r, err := g.openRow(p, f)
	if err != nil {
		return Profile{}, err
	}
	e, err := g.profileFor(r.key, f, u.Identity)
	base := r.known.base()
	e.Fills = fillIdentity(base, u.Identity) != base
	e.Differs = mergeIdentity(base, u.Identity) != base
	return e, err
}

// fillIdentity fills in the values of an identity that are not known.
func fillIdentity(known, given events.Identity) events.Identity {
	return mergeIdentity(mergeIdentity(known, given), known)
}

// mergeIdentity replaces the values of an identity that are given.
func mergeIdentity(old, given events.Identity) events.Identity {
	for _, f := range [...]struct {
		old   *string
		given string
	}{{&old.Name, given.Name}, {&old.Phone, given.Phone}, {&old.Household, given.Household}} {
		if f.given != "" {
			*f.old = f.given
		}
	}
	return old
}

// createPerson makes a person for an identity number that the vault does not know.
func (g *groupCommit) createPerson(u parsedIdentity) (Profile, error) {
	p, err := uuid.NewRandom()
	if err != nil {
		return Profile{}, fmt.Errorf("vault: %w", err)
	}
	k, wrapped, err := g.v.newKey(p)
	if err != nil {
		return Profile{}, err
	}
	sealed, err := k.sealIdentity(u.Identity)
	if err != nil {
		return Profile{}, err
	}
	r := &openedRow{
		personRow: &personRow{n: g.next, person: p, number: u.hash, birth: u.birth, female: u.female,
			key: wrapped, sealed: sealed, valueHashes: g.v.addIdentityHashes(nil, u.Identity)},
		key: k, known: knownIdentity{Identity: u.Identity}, isOpen: true, written: true,
	}
	g.next++
	g.change.created = append(g.change.created, r.personRow)
	f := attributes{r.n, u.birth, u.female}
	g.opened[r.n], g.persons[u.hash], g.attributes[p] = r, p, f
	return g.profileFor(k, f, u.Identity)
}

// profileFor seals an identity for an event and looks up its tokens.
func (g *groupCommit) profileFor(k personKey, f attributes, id events.Identity) (Profile, error) {
	sealed, err := k.sealIdentity(id)
	if err != nil {
		return Profile{}, err
	}
	e := Profile{Person: k.person, Birth: f.birth, Female: f.female}
	e.Identity.Sealed = base64.StdEncoding.EncodeToString(sealed)
	e.Identity.NameToken = g.tokenFor(nameValue, id.Name)
	e.Identity.PhoneToken = g.tokenFor(phoneValue, id.Phone)
	e.Identity.HouseholdToken = g.tokenFor(householdValue, id.Household)
	return e, nil
}
