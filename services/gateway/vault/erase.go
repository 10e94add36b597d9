package vault

import (
	"context"
	"encoding/binary"
	"fmt"
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
// tokens that nobody else holds. It is on the disk, and nothing of it in the
// write-ahead log, when Erase returns. Persons whom the vault does not know
// are passed over: what was erased before needs no erasing, and a vault that
// was restored from a copy is brought up to date by erasing everybody again.
// Whether somebody may be erased is for the caller to know.
//
// It looks through the marks of everybody once, which takes a second in a full
// vault.
func (v *Vault) Erase(ctx context.Context, persons ...events.Person) (Destroyed, error) {
	var gone Destroyed
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
	var numbers []numberHash
	var erased []events.Person
	tokens := map[valueHash]bool{}
	for _, p := range persons {
		f, ok := g.fact(p)
		if !ok || slices.Contains(erased, p) {
			continue
		}
		number, held, err := g.unseat(p, f, &gone)
		if err != nil {
			return Destroyed{}, err
		}
		numbers, erased = append(numbers, number), append(erased, p)
		for _, h := range hashes(held) {
			tokens[h] = true
		}
	}
	if err := g.orphans(tokens); err != nil {
		return Destroyed{}, err
	}
	for h := range tokens {
		if _, err := g.exec("DELETE FROM mark WHERE hash=?", int64(h)); err != nil {
			return Destroyed{}, err
		}
	}
	gone.Tokens = len(tokens)
	g.after = func() {
		for i, p := range erased {
			delete(g.v.persons, numbers[i])
			delete(g.v.facts, p)
		}
		for h := range tokens {
			delete(g.v.tokens, h)
		}
	}
	return gone, nil
}

// unseat deletes the row of a person and returns what stood in the index for
// it. A row that does not open is deleted all the same.
func (g *group) unseat(p events.Person, f fact, gone *Destroyed) (number numberHash, held []byte, err error) {
	if r, err := g.row(p, f); err == nil {
		for _, field := range Fields(r.identity) {
			if !slices.Contains(gone.Fields, field.Name) {
				gone.Fields = append(gone.Fields, field.Name)
			}
		}
	}
	s, err := g.v.prepared("SELECT number, marks FROM person WHERE n=?")
	if err != nil {
		return number, nil, err
	}
	var hash []byte
	if err := s.QueryRowContext(g.ctx, int64(f.row)).Scan(&hash, &held); err != nil {
		return number, nil, fmt.Errorf("vault: person %s: %w", p, err)
	}
	copy(number[:], hash)
	_, err = g.exec("DELETE FROM person WHERE n=?", int64(f.row))
	gone.Keys++
	return number, held, err
}

// orphans leaves in held the hashes that no row holds.
func (g *group) orphans(held map[valueHash]bool) error {
	if len(held) == 0 {
		return nil
	}
	s, err := g.v.prepared("SELECT marks FROM person")
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(g.ctx)
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	defer rows.Close()
	var marks []byte
	for rows.Next() {
		if err := rows.Scan(&marks); err != nil {
			return fmt.Errorf("vault: %w", err)
		}
		for ; len(marks) >= 8; marks = marks[8:] {
			delete(held, valueHash(binary.BigEndian.Uint64(marks)))
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	return nil
}
