package vault

import (
	"context"
	"encoding/hex"
	"fmt"

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

// load fills the indexes.
func (v *Vault) load(ctx context.Context) error {
	rows, err := v.conn.QueryContext(ctx, "SELECT n, person, number, birth, female FROM person ORDER BY n")
	if err != nil {
		return fmt.Errorf("vault: load persons: %w", err)
	}
	defer rows.Close()
	var person, number []byte
	for rows.Next() {
		var f fact
		if err := rows.Scan(&f.row, &person, &number, &f.birth, &f.female); err != nil {
			return fmt.Errorf("vault: load persons: %w", err)
		}
		if len(person) != 16 || len(number) != 16 {
			return fmt.Errorf("vault: row %d of person is damaged", f.row)
		}
		v.persons[numberHash(number)] = events.Person(person)
		v.facts[events.Person(person)] = f
		v.last = f.row
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("vault: load persons: %w", err)
	}
	if len(v.persons) != len(v.facts) {
		return fmt.Errorf("vault: %d identity numbers for %d persons: the database is damaged", len(v.persons), len(v.facts))
	}
	return v.loadTokens(ctx)
}

func (v *Vault) loadTokens(ctx context.Context) error {
	rows, err := v.conn.QueryContext(ctx, "SELECT hash, token FROM mark")
	if err != nil {
		return fmt.Errorf("vault: load tokens: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var hash, t int64
		if err := rows.Scan(&hash, &t); err != nil {
			return fmt.Errorf("vault: load tokens: %w", err)
		}
		v.tokens[valueHash(hash)] = token(t)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("vault: load tokens: %w", err)
	}
	return nil
}
