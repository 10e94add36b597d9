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

// Erase deletes persons: their rows with the identities, their keys, and the
// tokens that nobody else holds. It is on the disk, and as hard to find as the
// store can make it, when Erase returns. Persons whom the vault does not know
// are passed over: what was erased before needs no erasing, and a vault that
// was restored from a copy is brought up to date by erasing everybody again.
// Whether somebody may be erased is for the caller to know.
//
// It looks through the marks of everybody once, which takes a second in a full
// vault.
func (v *Vault) Erase(ctx context.Context, persons ...events.Person) (Destroyed, error) {
	var gone Destroyed
	if err := v.refresh(ctx); err != nil {
		return gone, err
	}
	if !slices.ContainsFunc(persons, func(p events.Person) bool { _, _, known := v.Birth(p); return known }) {
		return gone, nil
	}
	err := v.queue(ctx, &job{alone: true, run: func(g *group) (err error) {
		gone, err = g.erase(persons)
		return err
	}})
	if err != nil {
		return Destroyed{}, err
	}
	return gone, nil
}

func (g *group) erase(persons []events.Person) (gone Destroyed, err error) {
	if err := g.fetch(persons); err != nil {
		return Destroyed{}, err
	}
	held := map[valueHash]bool{}
	leaving := map[uint32]bool{}
	for _, p := range persons {
		f, ok := g.fact(p)
		if !ok || leaving[f.row] {
			continue
		}
		r, err := g.closed(p, f)
		if err != nil {
			return Destroyed{}, err
		}
		// A row that does not open is deleted all the same.
		if _, err := g.row(p, f); err == nil {
			gone.name(r.identity)
		}
		gone.Keys++
		leaving[f.row] = true
		g.change.erased = append(g.change.erased, r.record)
		for _, h := range hashes(r.marks) {
			held[h] = true
		}
	}
	if len(held) > 0 {
		if err := g.tx.marks(g.ctx, func(n uint32, marks []byte) {
			for ; !leaving[n] && len(marks) >= 8; marks = marks[8:] {
				delete(held, valueHash(binary.BigEndian.Uint64(marks)))
			}
		}); err != nil {
			return Destroyed{}, err
		}
	}
	g.v.mu.RLock()
	defer g.v.mu.RUnlock()
	for h := range held {
		g.change.forgotten = append(g.change.forgotten, mark{h, g.v.tokens[h]})
	}
	gone.Tokens = len(held)
	return gone, nil
}

// name adds the fields of an identity.
func (d *Destroyed) name(id events.Identity) {
	for _, f := range Fields(id) {
		if !slices.Contains(d.Fields, f.Name) {
			d.Fields = append(d.Fields, f.Name)
		}
	}
}
