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

// Find appends the pseudonym of each identity number to dst, and the zero pseudonym for
// a number that the vault does not know, or whose person is pending. It reads the index alone: no disk, no server.
func (v *Vault) Find(dst []events.Person, numbers ...string) []events.Person {
	var few [32]numberHash
	hashes := few[:0]
	for _, n := range numbers {
		hashes = append(hashes, v.hashNumber(n))
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, h := range hashes {
		p := v.persons[h]
		if len(v.pending) > 0 && v.isPending(p) {
			p = events.Person{}
		}
		dst = append(dst, p)
	}
	return dst
}

// hashNumber returns the hash of an identity number in its canonical form.
func (v *Vault) hashNumber(n string) numberHash { return v.numberMAC.sum(idnumber.Canonical(n)) }

// Birth returns the month of birth and the sex of a person, and whether the vault knows
// the person, who is not pending. It reads the index alone.
func (v *Vault) Birth(p events.Person) (month civil.Month, female, known bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	f, known := v.attributes[p]
	if known && v.isPending(p) {
		return 0, false, false
	}
	return f.birth, f.female, known
}

// Len returns the number of persons.
func (v *Vault) Len() int {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return len(v.attributes)
}

// Digest returns 128 bits of a keyed hash of a submission, in hexadecimal. Equal
// submissions have equal digests. The hash is keyed because a submission holds
// identities: from a plain hash they could be found by trying.
func (v *Vault) Digest(b []byte) string {
	sum := v.digestMAC.sumBytes(b)
	return hex.EncodeToString(sum[:])
}

// LockShared begins a submission. Until it is released nobody is erased, and everybody
// who was entered before, through whatever gateway, is found. Any number of submissions
// hold the lock at the same time.
func (v *Vault) LockShared(ctx context.Context) (release func(), err error) {
	if release, err = v.lock.shared(ctx); err != nil {
		return nil, err
	}
	if err := v.refreshIndex(ctx); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// LockExclusive begins an erasure. It waits for the submissions of all gateways, and
// submissions that begin later wait until it is released.
func (v *Vault) LockExclusive(ctx context.Context) (release func(), err error) {
	if release, err = v.lock.exclusive(ctx); err != nil {
		return nil, err
	}
	if err := v.refreshIndex(ctx); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// Erased returns how many persons have gone from the index since the vault was opened.
// The number grows when this gateway erases somebody, and when it learns that another
// gateway has.
func (v *Vault) Erased() uint64 {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.erased
}

// refreshIndex learns what other gateways have written.
func (v *Vault) refreshIndex(ctx context.Context) error {
	v.mu.RLock()
	since := v.version
	v.mu.RUnlock()
	n, err := v.store.read(ctx, since)
	if err != nil {
		return err
	}
	v.applyUpdate(n)
	return nil
}

// applyUpdate brings the index up to a version. An update that comes after a newer one is
// ignored: the newer one contains it.
func (v *Vault) applyUpdate(n *indexUpdate) {
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
		before := len(v.attributes)
		maps.DeleteFunc(v.attributes, func(p events.Person, _ attributes) bool { return n.erased[p] })
		maps.DeleteFunc(v.persons, func(_ numberHash, p events.Person) bool { return n.erased[p] })
		for h, m := range v.marks {
			if n.erased[m.person] {
				v.dropMark(h)
			}
		}
		v.erased += uint64(before - len(v.attributes))
	}
	if len(n.forgotten) > 0 {
		maps.DeleteFunc(v.tokens, func(_ valueHash, t token) bool { return n.forgotten[t] })
	}
	for _, h := range n.unlinked {
		delete(v.persons, h)
	}
	for _, k := range n.persons {
		v.persons[k.number], v.attributes[k.person] = k.person, k.attributes
		v.lastRow = max(v.lastRow, k.row)
	}
	v.applyMarks(n)
	if n.upTo.Compare(v.upTo) > 0 {
		v.upTo = n.upTo
	}
	for _, m := range n.tokens {
		v.tokens[m.hash] = m.token
	}
	if n.pending != nil {
		v.pending = n.pending
	}
	for p, s := range n.standings {
		if s == nil {
			delete(v.pending, p)
		} else {
			v.pending[p] = *s
		}
	}
}

// loadIndex fills the index.
func (v *Vault) loadIndex(ctx context.Context) error {
	n, err := v.store.read(ctx, 0)
	if err != nil {
		return err
	}
	if n == nil {
		return nil
	}
	v.persons = make(map[numberHash]events.Person, len(n.persons))
	v.attributes = make(map[events.Person]attributes, len(n.persons))
	v.tokens = make(map[valueHash]token, len(n.tokens))
	v.applyUpdate(n)
	kept := 0
	for _, m := range v.marks {
		if m.kind == markKept {
			kept++
		}
	}
	if len(v.persons) != len(v.attributes)+kept {
		return fmt.Errorf("vault: %d identity numbers for %d persons, %d of them former: the database is damaged", len(v.persons), len(v.attributes), kept)
	}
	return nil
}

// newIndexedPerson returns a person of the index from the columns of a row. It fails if a
// column does not have the size that the format gives it.
func newIndexedPerson(f attributes, person, number []byte) (indexedPerson, error) {
	if len(person) != len(events.Person{}) || len(number) != len(numberHash{}) {
		return indexedPerson{}, damagedRow(f.row)
	}
	return indexedPerson{events.Person(person), numberHash(number), f}, nil
}

// damagedRow returns the error of a row that does not have the vault's format.
func damagedRow(n uint32) error { return fmt.Errorf("vault: row %d of person is damaged", n) }
