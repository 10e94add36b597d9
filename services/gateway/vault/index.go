package vault

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
)

// Find returns the pseudonym of each identity number, the zero one where the
// vault knows none. It creates nothing, touches no disk, and appends to dst.
func (v *Vault) Find(dst []events.Person, numbers ...string) []events.Person {
	var few [32]numberHash
	hashes := few[:0]
	for _, n := range numbers {
		hashes = append(hashes, v.number(n))
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, h := range hashes {
		dst = append(dst, v.persons[h])
	}
	return dst
}

func (v *Vault) number(n string) numberHash { return v.numbers.of(idnumber.Canonical(n)) }

// Birth returns the month of birth and the sex of a person, and whether the
// vault knows the person.
func (v *Vault) Birth(p events.Person) (month civil.Month, female, known bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	f, known := v.facts[p]
	return f.birth, f.female, known
}

// Len returns the number of persons.
func (v *Vault) Len() int {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return len(v.facts)
}

// Digest returns 128 bits of a keyed hash in hexadecimal. It tells equal
// submissions from different ones, and only the vault can compute it: what was
// submitted holds identities, which could be guessed from a plain hash.
func (v *Vault) Digest(b []byte) string {
	sum := v.digests.ofBytes(b)
	return hex.EncodeToString(sum[:])
}

// LockShared opens the door to a submission: until it leaves nobody is erased, and
// whoever was entered before, through whatever gateway, is found.
func (v *Vault) LockShared(ctx context.Context) (leave func(), err error) {
	if leave, err = v.door.share(ctx); err != nil {
		return nil, err
	}
	if err := v.refresh(ctx); err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// LockExclusive closes the door of all gateways until it leaves: it waits for those
// who share it, and those who come wait.
func (v *Vault) LockExclusive(ctx context.Context) (leave func(), err error) {
	if leave, err = v.door.seize(ctx); err != nil {
		return nil, err
	}
	if err := v.refresh(ctx); err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// Erased returns how many persons have gone from the index since the vault was
// opened. It grows when another gateway has erased somebody.
func (v *Vault) Erased() uint64 {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.erased
}

// refresh learns what others have written.
func (v *Vault) refresh(ctx context.Context) error {
	v.mu.RLock()
	since := v.version
	v.mu.RUnlock()
	n, err := v.store.read(ctx, since)
	if err != nil {
		return err
	}
	v.learn(n)
	return nil
}

// learn brings the index up to a version. News that came late is old: what it
// tells is known, or was overtaken.
func (v *Vault) learn(n *news) {
	if n == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if n.version <= v.version {
		return
	}
	v.version = n.version
	if len(n.erased) > 0 {
		before := len(v.facts)
		maps.DeleteFunc(v.facts, func(p events.Person, _ fact) bool { return n.erased[p] })
		maps.DeleteFunc(v.persons, func(_ numberHash, p events.Person) bool { return n.erased[p] })
		v.erased += uint64(before - len(v.facts))
	}
	if len(n.forgotten) > 0 {
		maps.DeleteFunc(v.tokens, func(_ valueHash, t token) bool { return n.forgotten[t] })
	}
	for _, k := range n.persons {
		v.persons[k.number], v.facts[k.person] = k.person, k.fact
		v.last = max(v.last, k.row)
	}
	for _, m := range n.tokens {
		v.tokens[m.hash] = m.token
	}
}

// load fills the index.
func (v *Vault) load(ctx context.Context) error {
	n, err := v.store.read(ctx, 0)
	if err != nil {
		return err
	}
	if n == nil {
		return nil
	}
	v.persons = make(map[numberHash]events.Person, len(n.persons))
	v.facts = make(map[events.Person]fact, len(n.persons))
	v.tokens = make(map[valueHash]token, len(n.tokens))
	v.learn(n)
	if len(v.persons) != len(v.facts) {
		return fmt.Errorf("vault: %d identity numbers for %d persons: the database is damaged", len(v.persons), len(v.facts))
	}
	return nil
}

// knownOf makes a person of the index out of what a row holds.
func knownOf(f fact, person, number []byte) (known, error) {
	if len(person) != len(events.Person{}) || len(number) != len(numberHash{}) {
		return known{}, damaged(f.row)
	}
	return known{events.Person(person), numberHash(number), f}, nil
}

func damaged(n uint32) error { return fmt.Errorf("vault: row %d of person is damaged", n) }
