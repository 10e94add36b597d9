package vault

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/events/log"
)

// Who a person is changes by events: person.identified, and what replaces or withdraws one. The log
// is what counts. The vault takes in what stands there, in the order of the log, and notes how far it
// has read, so that a vault that was restored from a copy reads on from there:
//
//	Reidentify ──► event under way ──► in the log ──► TakeIn
//	                       └─────────► refused ─────► TakeIn: forgotten
//
// While an event is under way the vault may not know whose a number is. Submissions wait until it
// does, see [Vault.IdentityUnderway]. Whoever calls Reidentify, Retracts or TakeIn holds the
// exclusive lock.

// A Reidentified is what an event may say of a person who has another number or name.
type Reidentified struct {
	Known    bool    // the vault knows the person; if it does not, all else is zero
	Profile  Profile // the pseudonym, what the new number says, and what was given, sealed
	HeldBy   events.Person
	Awaiting bool // somebody else with the new number is pending
}

// Reidentify seals what an event gives of a person, and notes that the event with a key is under
// way until a moment. HeldBy is the person to whom the number leads so far, unless that is p.
func (v *Vault) Reidentify(ctx context.Context, p events.Person, given events.Identity, key [16]byte, until time.Time) (out Reidentified, err error) {
	given = events.Identity{IDNumber: idnumber.Canonical(given.IDNumber), Name: given.Name, Phone: given.Phone, Household: given.Household}
	err = v.inTransaction(ctx, func(g *groupCommit) (err error) {
		out = Reidentified{}
		f, known := g.attributesOf(p)
		if _, waits := g.standingOf(p); !known || waits {
			return nil
		}
		r, err := g.openRow(p, f)
		if err != nil {
			return err
		}
		if given.IDNumber != "" {
			n, err := idnumber.Parse(given.IDNumber)
			if err != nil {
				return err // the contract has checked it
			}
			f.birth, f.female = n.Birth.Month(), n.Female
			if q, found := g.findPerson(g.v.hashNumber(given.IDNumber)); found && q != p {
				s, _ := g.standingOf(q)
				out.HeldBy, out.Awaiting = q, len(s.needs) > 0
			}
		}
		out.Known = true
		if out.Profile, err = g.profileFor(r.key, f, given); err != nil || out.Awaiting {
			return err
		}
		g.setMark(key, mark{kind: markUnderway, person: p, until: seconds(until)})
		return nil
	})
	if err != nil {
		return Reidentified{}, err
	}
	return out, nil
}

// Retracts notes that an event with a key, which retracts the person.identified with another, is
// under way until a moment. If the person would have a number again that is somebody else's by now,
// taken is set and nothing is noted.
func (v *Vault) Retracts(ctx context.Context, retracted, key [16]byte, until time.Time) (taken bool, err error) {
	err = v.inTransaction(ctx, func(g *groupCommit) error {
		taken = false
		m, _ := g.markOf(retracted)
		if f, known := g.attributesOf(m.person); known && m.kind == markStands {
			r, err := g.openRow(m.person, f)
			if err != nil {
				return err
			}
			now, _ := knownFrom(r.known.base(), without(r.known.Said, retracted))
			if q, found := g.findPerson(g.v.hashNumber(now.IDNumber)); found && q != m.person {
				taken = true
				return nil
			}
		}
		g.setMark(key, mark{kind: markUnderway, until: seconds(until)})
		return nil
	})
	return taken, err
}

// An IdentityEvent is an event of the log that says who a person is, or retracts one that does.
type IdentityEvent struct {
	Key       [16]byte
	Retracted [16]byte // the key of the event that it replaces or withdraws; zero is none
	Person    events.Person
	On        civil.Date
	Restates  bool
	Sealed    string // what it gives; empty if it is a withdrawal
}

// TakeIn takes events of the log in, and notes that everything up to a position was. Of the events
// under way, those with the keys decided are no longer, nor are those that cannot come any more by
// now. Taking in an event again changes nothing.
func (v *Vault) TakeIn(ctx context.Context, list []IdentityEvent, upTo log.Position, decided [][16]byte, now time.Time) error {
	return v.inTransaction(ctx, func(g *groupCommit) error {
		for i := range list {
			if err := g.takeIn(&list[i]); err != nil {
				return err
			}
		}
		for _, key := range decided {
			g.forgetUnderway(key)
		}
		for _, key := range g.v.overdue(now) {
			g.forgetUnderway(key)
		}
		if upTo.Compare(g.v.identifiedUpTo()) > 0 {
			g.change.identifiedUpTo = upTo
		}
		return nil
	})
}

// forgetUnderway takes the mark of an event away that is under way.
func (g *groupCommit) forgetUnderway(key [16]byte) {
	if m, ok := g.markOf(key); ok && m.kind == markUnderway {
		g.unmark(key)
	}
}

// overdue returns the events that cannot come into the log any more.
func (v *Vault) overdue(now time.Time) (keys [][16]byte) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	for key, until := range v.underway {
		if until < seconds(now) {
			keys = append(keys, key)
		}
	}
	return keys
}

// IdentifiedUpTo returns the position up to which the vault has taken in the log.
func (v *Vault) IdentifiedUpTo() log.Position { return v.identifiedUpTo() }

func (v *Vault) identifiedUpTo() log.Position {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.upTo
}

func (g *groupCommit) takeIn(e *IdentityEvent) error {
	if e.Retracted != ([16]byte{}) {
		if err := g.retract(e.Retracted); err != nil {
			return err
		}
	}
	if e.Sealed == "" {
		g.forgetUnderway(e.Key)
		return nil
	}
	switch m, ok := g.markOf(e.Key); {
	case ok && m.kind == markStands:
		return nil
	case ok && m.kind == markRetracted:
		g.unmark(e.Key)
		return nil
	}
	f, known := g.attributesOf(e.Person)
	if !known {
		g.unmark(e.Key)
		return nil // erased, or entered after the copy was made that the vault was restored from
	}
	r, err := g.openRow(e.Person, f)
	if err != nil {
		return err
	}
	given, ok := r.unseal(e.Sealed)
	if !ok {
		g.unmark(e.Key)
		return nil // another vault sealed it
	}
	g.setMark(e.Key, mark{kind: markStands, person: e.Person})
	said := append(without(r.known.Said, e.Key), saidIdentity{e.Key, e.On, e.Restates, given})
	return g.restate(r, said, true)
}

// retract takes back what an event said, or notes that it will.
func (g *groupCommit) retract(key [16]byte) error {
	m, ok := g.markOf(key)
	if !ok || m.kind != markStands {
		g.setMark(key, mark{kind: markRetracted})
		return nil
	}
	g.unmark(key)
	f, known := g.attributesOf(m.person)
	if !known {
		return nil
	}
	r, err := g.openRow(m.person, f)
	if err != nil {
		return err
	}
	return g.restate(r, without(r.known.Said, key), false)
}

// unseal opens what an event of the person gives.
func (r *openedRow) unseal(sealed string) (given events.Identity, ok bool) {
	b, err := base64.StdEncoding.DecodeString(sealed)
	if err == nil {
		b, err = open(r.key.AEAD, r.person, b)
	}
	if err == nil {
		err = json.Unmarshal(b, &given)
	}
	return given, err == nil
}

// without returns what was said without what one event said.
func without(said []saidIdentity, key [16]byte) (rest []saidIdentity) {
	for _, s := range said {
		if s.Key != key {
			rest = append(rest, s)
		}
	}
	return rest
}

// restate makes what was said of a person what the vault knows. A number that leads to somebody else
// is taken away from there if take is set; otherwise the person has none by which to be found.
func (g *groupCommit) restate(r *openedRow, said []saidIdentity, take bool) (err error) {
	before := r.known.former()
	var former []formerNumber
	r.known, former = knownFrom(r.known.base(), said)
	if r.sealed, err = r.key.sealKnown(r.known); err != nil {
		return err
	}
	for i := range said {
		r.valueHashes = g.v.addIdentityHashes(r.valueHashes, said[i].Identity)
	}
	g.updateRow(r)
	for _, f := range before {
		if h := g.v.hashNumber(f.number); g.isMarkedFor(h, r.person) {
			g.unmark(h)
			g.unlink(h, r.person)
		}
	}
	if err := g.renumber(r, take); err != nil {
		return err
	}
	for _, f := range former {
		h := numberHash(g.v.hashNumber(f.number))
		if _, marked := g.markOf(h); marked && !g.isMarkedFor(h, r.person) {
			continue
		}
		kind := markKept
		if f.freed {
			kind = markFreed
		} else if q, found := g.findPerson(h); found && q != r.person {
			continue
		}
		g.setMark(h, mark{kind: kind, person: r.person})
		if !f.freed {
			g.persons[h] = r.person
		}
	}
	return nil
}

// isMarkedFor reports whether a number is marked as a former one of a person.
func (g *groupCommit) isMarkedFor(h numberHash, p events.Person) bool {
	m, ok := g.markOf(h)
	return ok && m.person == p && (m.kind == markKept || m.kind == markFreed)
}

// renumber finds a person by the number that the vault knows now.
func (g *groupCommit) renumber(r *openedRow, take bool) error {
	h := numberHash(g.v.hashNumber(r.known.IDNumber))
	if h == r.number {
		return nil
	}
	if q, found := g.findPerson(h); found && q != r.person {
		if !take {
			h = nobody()
		} else if err := g.takeNumber(q, h); err != nil {
			return err
		}
	}
	n, err := idnumber.Parse(r.known.IDNumber)
	if err != nil {
		return err // it was checked when it was said
	}
	g.unlink(r.number, r.person)
	r.number, r.birth, r.female = h, n.Birth.Month(), n.Female
	g.move(r)
	return nil
}

// takeNumber takes a number away from a person of whom no event stands.
func (g *groupCommit) takeNumber(q events.Person, h numberHash) error {
	f, _ := g.attributesOf(q)
	r, err := g.openRow(q, f)
	if err != nil {
		return err
	}
	g.unlink(h, q)
	if r.number != h {
		g.unmark(h)
		return nil
	}
	r.number = nobody()
	g.move(r)
	return nil
}

// nobody returns a hash that is that of no number.
func nobody() (h numberHash) {
	rand.Read(h[:])
	return h
}

// unlink makes a number lead to nobody, if it leads to a person.
func (g *groupCommit) unlink(h numberHash, p events.Person) {
	if q, found := g.findPerson(h); found && q == p {
		g.persons[h] = events.Person{}
		g.change.unlinked = append(g.change.unlinked, h)
	}
}

// move makes the number of a row part of the change, and what it says.
func (g *groupCommit) move(r *openedRow) {
	g.updateRow(r)
	if !r.moved {
		r.moved = true
		g.change.moved = append(g.change.moved, r.personRow)
	}
	g.persons[r.number], g.attributes[r.person] = r.person, attributes{r.n, r.birth, r.female}
}
