package vault

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
)

// An Profile is what an event may say of a person.
type Profile struct {
	Person   events.Person
	Birth    civil.Month
	Female   bool
	Identity events.Identity // in the form of a record: sealed text and tokens
}

// Enter returns a profile for each identity, and makes a person for each
// identity number that the vault does not know, all in one transaction. What
// is given of a known person replaces what the vault had; what is left out
// stays. The sealed text of a profile holds the identity as given here. It
// fails, and enters nobody, when a number is invalid.
func (v *Vault) Enter(ctx context.Context, ids []events.Identity) ([]Profile, error) {
	guests := make([]guest, len(ids))
	for i, id := range ids {
		n, err := idnumber.Parse(id.IDNumber)
		if err != nil {
			return nil, fmt.Errorf("vault: identity %d: %w", i, err)
		}
		id = events.Identity{IDNumber: idnumber.Canonical(id.IDNumber), Name: id.Name, Phone: id.Phone, Household: id.Household}
		guests[i] = guest{id, numberHash(v.number(id.IDNumber)), n.Birth.Month(), n.Female}
	}
	profiles := make([]Profile, len(ids))
	err := v.do(ctx, func(g *group) (err error) {
		var met []events.Person
		for _, u := range guests {
			if p, known := g.find(u.hash); known {
				met = append(met, p)
			}
		}
		if err := g.fetch(met); err != nil {
			return err
		}
		for i, u := range guests {
			if profiles[i], err = g.enter(u); err != nil {
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

// Recall returns a profile for each pseudonym, as Enter would with what the
// vault holds of the person; the zero Profile where it knows no such person.
func (v *Vault) Recall(ctx context.Context, persons []events.Person) ([]Profile, error) {
	profiles := make([]Profile, len(persons))
	err := v.do(ctx, func(g *group) error {
		if err := g.fetch(persons); err != nil {
			return err
		}
		for i, p := range persons {
			f, ok := g.fact(p)
			if !ok {
				profiles[i] = Profile{}
				continue
			}
			r, err := g.row(p, f)
			if err != nil {
				return err
			}
			if profiles[i], err = g.profile(r.key, f, r.identity); err != nil {
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

// A guest is an identity at the door.
type guest struct {
	events.Identity
	hash   numberHash
	birth  civil.Month
	female bool
}

func (g *group) enter(u guest) (Profile, error) {
	p, known := g.find(u.hash)
	if !known {
		return g.create(u)
	}
	f, _ := g.fact(p)
	r, err := g.row(p, f)
	if err != nil {
		return Profile{}, err
	}
	e, err := g.profile(r.key, f, u.Identity)
	if err != nil {
		return Profile{}, err
	}
	if now := merge(r.identity, u.Identity); now != r.identity {
		sealed, err := r.key.sealIdentity(now)
		if err != nil {
			return Profile{}, err
		}
		r.identity, r.sealed, r.marks = now, sealed, g.v.marks(r.marks, now)
		g.update(r)
	}
	return e, nil
}

func merge(old, given events.Identity) events.Identity {
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

func (g *group) create(u guest) (Profile, error) {
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
	r := &row{
		record: &record{n: g.next, person: p, number: u.hash, birth: u.birth, female: u.female,
			key: wrapped, sealed: sealed, marks: g.v.marks(nil, u.Identity)},
		key: k, identity: u.Identity, isOpen: true, written: true,
	}
	g.next++
	g.change.created = append(g.change.created, r.record)
	f := fact{r.n, u.birth, u.female}
	g.opened[r.n], g.persons[u.hash], g.facts[p] = r, p, f
	return g.profile(k, f, u.Identity)
}

// profile seals an identity for an event and looks up its tokens.
func (g *group) profile(k key, f fact, id events.Identity) (Profile, error) {
	sealed, err := k.sealIdentity(id)
	if err != nil {
		return Profile{}, err
	}
	e := Profile{Person: k.person, Birth: f.birth, Female: f.female}
	e.Identity.Sealed = base64.StdEncoding.EncodeToString(sealed)
	e.Identity.NameToken = g.token(names, id.Name)
	e.Identity.PhoneToken = g.token(phones, id.Phone)
	e.Identity.HouseholdToken = g.token(households, id.Household)
	return e, nil
}
