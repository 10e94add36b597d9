package vault

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/muster-works/muster/events"
)

// Destroyed says what an erasure took away for good, and names nobody.
type Destroyed struct {
	Keys   int      `json:"keys"`   // of persons, each with its sealed identity and its entry in the index
	Fields []string `json:"fields"` // that the identities held
	Tokens int      `json:"tokens"` // of names, phones, households and accounts that nobody else holds
}

// Erase deletes persons: their rows with the identities and keys, and the tokens that
// nobody else holds. When Erase returns, the deletion is on the disk, and what was
// deleted is as hard to find as the store can make it.
//
// Persons whom the vault does not know are passed over, so that erasing everybody again
// brings a vault up to date that was restored from a copy. The caller decides whether
// somebody may be erased, and holds the exclusive lock.
//
// Erase reads the value hashes of everybody once, which takes a second in a full vault.
func (v *Vault) Erase(ctx context.Context, persons ...events.Person) (Destroyed, error) {
	var gone Destroyed
	if err := v.refreshIndex(ctx); err != nil {
		return gone, err
	}
	if !slices.ContainsFunc(persons, func(p events.Person) bool { _, _, known := v.Birth(p); return known }) {
		return gone, nil
	}
	err := v.enqueue(ctx, &job{alone: true, run: func(g *groupCommit) (err error) {
		gone, err = g.erasePersons(persons)
		return err
	}})
	if err != nil {
		return Destroyed{}, err
	}
	return gone, nil
}

// erasePersons adds the rows of persons to the change, and the tokens of the values that
// nobody else holds. A row that cannot be opened is deleted all the same.
func (g *groupCommit) erasePersons(persons []events.Person) (gone Destroyed, err error) {
	if err := g.fetchRows(persons); err != nil {
		return Destroyed{}, err
	}
	held := map[valueHash]bool{}
	leaving := map[uint32]bool{}
	for _, p := range persons {
		f, ok := g.attributesOf(p)
		if !ok || leaving[f.row] {
			continue
		}
		r, err := g.fetchRow(p, f)
		if err != nil {
			return Destroyed{}, err
		}
		if _, err := g.openRow(p, f); err == nil {
			gone.addFields(r.known.Identity)
		}
		gone.Keys++
		leaving[f.row] = true
		g.change.erased = append(g.change.erased, r.personRow)
		for _, h := range splitHashes(r.valueHashes) {
			held[h] = true
		}
	}
	if len(held) > 0 {
		if err := g.tx.visitHashes(g.ctx, func(n uint32, hashes []byte) {
			for ; !leaving[n] && len(hashes) >= 8; hashes = hashes[8:] {
				delete(held, valueHash(binary.BigEndian.Uint64(hashes)))
			}
		}); err != nil {
			return Destroyed{}, err
		}
	}
	g.v.mu.RLock()
	defer g.v.mu.RUnlock()
	for h := range held {
		g.change.forgotten = append(g.change.forgotten, valueToken{h, g.v.tokens[h]})
	}
	gone.Tokens = len(held)
	return gone, nil
}

// addFields adds the names of the fields of an identity.
func (d *Destroyed) addFields(id events.Identity) {
	for _, f := range Fields(id) {
		if !slices.Contains(d.Fields, f.Name) {
			d.Fields = append(d.Fields, f.Name)
		}
	}
}
