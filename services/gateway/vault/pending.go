package vault

import (
	"context"
	"encoding/binary"
	"slices"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
)

// A person who is new to the vault is pending until an event about the person is in the log.
// Number, pseudonym and key are on the disk before that, since the log must not name somebody
// whom no vault knows; but to everybody except the submissions that wait for the decision a
// pending person is unknown.
//
//	EnterFor ──► pending ──► Settle: an event stands      ──► known
//	                    └──► Settle: none of them stands  ──► refused ──► Sweep: gone
//
// A register may report a fact about somebody whom no agency has placed. Such a person is a stranger:
// the vault has the number alone, so that later facts, and a hire, find the same pseudonym. To all
// but registers and hires a stranger is as unknown as a person who is pending.
//
// The row of table pending holds the needs of the person: the events that wait. A person without
// needs who is no stranger is refused, and gone with the next [Vault.Sweep]. Sweeping is apart from settling because
// it reads the value hashes of everybody once. A gateway that ends between EnterFor and Settle
// leaves needs behind. Another one, or itself when it is started again, finds them in
// [Vault.Pending] and looks in the log whether their events stand.

// A Need is an event that needs a pending person.
type Need struct {
	Key      [16]byte     // see events.Key.Hash
	Since    log.Position // the end of the log before the event: what came of it stands behind
	Deadline time.Time    // after which the event cannot come into the log any more; whole seconds
}

// needSize is the size of a need in the store: key, both parts of the position, deadline.
const needSize = 16 + 8 + 8 + 8

func (n Need) append(b []byte) []byte {
	b = append(b, n.Key[:]...)
	major, minor := n.Since.Parts()
	b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, major), minor)
	return binary.BigEndian.AppendUint64(b, uint64(n.Deadline.Unix()))
}

// splitNeeds returns the needs of a row. What is too short for a need is left out.
func splitNeeds(b []byte) (list []Need) {
	for ; len(b) >= needSize; b = b[needSize:] {
		list = append(list, Need{
			Key: [16]byte(b), Since: log.At(binary.BigEndian.Uint64(b[16:]), binary.BigEndian.Uint64(b[24:])),
			Deadline: time.Unix(int64(binary.BigEndian.Uint64(b[32:])), 0),
		})
	}
	return list
}

// A standing is how a person stands who is not known to everybody.
type standing struct {
	needs    []Need
	stranger bool
}

// strangerMark follows the needs of a stranger in the store.
const strangerMark = 's'

// isRefused reports whether nothing speaks for keeping the person.
func (s standing) isRefused() bool { return len(s.needs) == 0 && !s.stranger }

// encode returns the standing as the store keeps it. The result is not nil, because the column must
// not be NULL.
func (s standing) encode() []byte {
	b := make([]byte, 0, len(s.needs)*needSize+1)
	for _, n := range s.needs {
		b = n.append(b)
	}
	if s.stranger {
		b = append(b, strangerMark)
	}
	return b
}

func decodeStanding(b []byte) standing {
	return standing{splitNeeds(b), len(b)%needSize == 1 && b[len(b)-1] == strangerMark}
}

// An Outcome says what became of an event that needed a person.
type Outcome struct {
	Person events.Person
	Key    [16]byte
	Stands bool // the event is in the log
	// Stranger says that the event is a fact of a register: if it stands, and nothing else does, the
	// person is a stranger.
	Stranger bool
	// Identity is what the event said of the person. If the event stands, it fills in what the
	// vault does not know. If Corrects is set, too, it replaces what the vault knows.
	Identity events.Identity
	Corrects bool
}

// EnterFor is Enter for events that are to be decided: needs has the event of each identity. Who is
// new is pending until Settle. pending says of each identity whether its person is.
func (v *Vault) EnterFor(ctx context.Context, ids []events.Identity, needs []Need) (profiles []Profile, pending []bool, err error) {
	profiles, err = v.enter(ctx, ids, needs)
	if err != nil {
		return nil, nil, err
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, p := range profiles {
		_, waits := v.pending[p.Person]
		pending = append(pending, waits)
	}
	return profiles, pending, nil
}

// Settle says what became of events. A person of whom one stands is known from then on. A person
// of whom none stands, and whom no other event needs, is refused. Persons who are not pending
// stay as they are, except for what an Outcome fills in or corrects.
func (v *Vault) Settle(ctx context.Context, outcomes []Outcome) error {
	if len(outcomes) == 0 {
		return nil
	}
	return v.inTransaction(ctx, func(g *groupCommit) error {
		for i := range outcomes {
			if err := g.settle(&outcomes[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (g *groupCommit) settle(o *Outcome) error {
	now, waits := g.standingOf(o.Person)
	switch {
	case waits && o.Stands && !o.Stranger:
		g.settlePerson(o.Person)
	case waits:
		left := slices.DeleteFunc(slices.Clone(now.needs), func(n Need) bool { return n.Key == o.Key })
		if made := o.Stands && !now.stranger; made || len(left) != len(now.needs) {
			g.setStanding(o.Person, standing{left, now.stranger || o.Stands})
		}
	}
	f, known := g.attributesOf(o.Person)
	if !o.Stands || !known || o.Identity == (events.Identity{}) {
		return nil
	}
	return g.learn(o, f)
}

// learn fills in, or corrects, what the vault knows of a person.
func (g *groupCommit) learn(o *Outcome, f attributes) error {
	r, err := g.openRow(o.Person, f)
	if err != nil {
		return err
	}
	base := r.known.base()
	now := fillIdentity(base, o.Identity)
	if o.Corrects {
		now = mergeIdentity(base, o.Identity)
	}
	if now == base {
		return nil
	}
	known := r.known.setBase(now)
	sealed, err := r.key.sealKnown(known)
	if err != nil {
		return err
	}
	r.known, r.sealed, r.valueHashes = known, sealed, g.v.addIdentityHashes(r.valueHashes, now)
	g.updateRow(r)
	return nil
}

// standingOf returns the standing of a person, and false if the person is known to everybody.
func (g *groupCommit) standingOf(p events.Person) (standing, bool) {
	if s, ok := g.change.standings[p]; ok {
		if s == nil {
			return standing{}, false
		}
		return *s, true
	}
	g.v.mu.RLock()
	defer g.v.mu.RUnlock()
	s, waits := g.v.pending[p]
	return s, waits
}

// setStanding makes the standing of a person part of the change.
func (g *groupCommit) setStanding(p events.Person, s standing) { g.changeStanding(p, &s) }

// settlePerson makes a person known to everybody.
func (g *groupCommit) settlePerson(p events.Person) { g.changeStanding(p, nil) }

func (g *groupCommit) changeStanding(p events.Person, s *standing) {
	if g.change.standings == nil {
		g.change.standings = map[events.Person]*standing{}
	}
	g.change.standings[p] = s
}

// Pending returns the persons who are pending, with their needs. Persons without needs are refused.
// Strangers whom no event needs are left out.
func (v *Vault) Pending(ctx context.Context) (map[events.Person][]Need, error) {
	if err := v.refreshIndex(ctx); err != nil {
		return nil, err
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	list := map[events.Person][]Need{}
	for p, s := range v.pending {
		if len(s.needs) > 0 || s.isRefused() {
			list[p] = s.needs
		}
	}
	return list, nil
}

// FindStrangers is Find for registers: it finds strangers, too.
func (v *Vault) FindStrangers(dst []events.Person, numbers ...string) []events.Person {
	for _, n := range numbers {
		h := v.hashNumber(n)
		v.mu.RLock()
		p := v.persons[h]
		if s, waits := v.pending[p]; waits && !s.stranger {
			p = events.Person{}
		}
		v.mu.RUnlock()
		dst = append(dst, p)
	}
	return dst
}

// Strangers returns the number of strangers, and of people who are pending.
func (v *Vault) Strangers() int {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return len(v.pending)
}

// Sweep deletes the persons who were refused, and the tokens that nobody else holds. It reads the
// value hashes of everybody once, if there is somebody to delete.
func (v *Vault) Sweep(ctx context.Context) error {
	refused := func() (list []events.Person) {
		v.mu.RLock()
		defer v.mu.RUnlock()
		for p, s := range v.pending {
			if s.isRefused() {
				list = append(list, p)
			}
		}
		return list
	}
	if len(refused()) == 0 {
		return nil
	}
	return v.enqueue(ctx, &job{alone: true, run: func(g *groupCommit) error {
		list := refused() // again: somebody may have been needed meanwhile
		for _, p := range list {
			g.settlePerson(p)
		}
		_, err := g.erasePersons(list)
		return err
	}})
}

// isPending reports whether a person is pending. The caller holds mu.
func (v *Vault) isPending(p events.Person) bool {
	_, waits := v.pending[p]
	return waits
}
