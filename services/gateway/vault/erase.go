package vault

import (
	"bytes"
	"context"
	"fmt"

	"github.com/muster-works/muster/events"
)

// Erase deletes a person: the row with the identity, the key, and the tokens
// that nobody else holds. It is on the disk, and nothing of it in the
// write-ahead log, when Erase returns. It fails with [ErrUnknown], which after
// a crash may mean that it was done. Whether the person may be erased is for
// the caller to know.
//
// It looks through the marks of everybody, which takes a second in a full
// vault.
func (v *Vault) Erase(ctx context.Context, p events.Person) error {
	known := false
	err := v.queue(ctx, &job{alone: true, run: func(g *group) error {
		f, ok := g.fact(p)
		if known = ok; !ok {
			return nil
		}
		return g.erase(p, f)
	}})
	if err == nil && !known {
		err = ErrUnknown
	}
	return err
}

func (g *group) erase(p events.Person, f fact) error {
	s, err := g.v.prepared("SELECT number, marks FROM person WHERE n=?")
	if err != nil {
		return err
	}
	var number, held []byte
	if err := s.QueryRowContext(g.ctx, int64(f.row)).Scan(&number, &held); err != nil {
		return fmt.Errorf("vault: person %s: %w", p, err)
	}
	if _, err := g.exec("DELETE FROM person WHERE n=?", int64(f.row)); err != nil {
		return err
	}
	gone, err := g.orphans(held)
	if err != nil {
		return err
	}
	for h := range gone {
		if _, err := g.exec("DELETE FROM mark WHERE hash=?", int64(h)); err != nil {
			return err
		}
	}
	g.after = func() {
		delete(g.v.persons, numberHash(number))
		delete(g.v.facts, p)
		for h := range gone {
			delete(g.v.tokens, h)
		}
	}
	return nil
}

// orphans returns the hashes among held that no row holds any more.
func (g *group) orphans(held []byte) (map[valueHash]bool, error) {
	gone := map[valueHash]bool{}
	for _, h := range hashes(held) {
		gone[h] = true
	}
	s, err := g.v.prepared("SELECT marks FROM person")
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(g.ctx)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	defer rows.Close()
	var marks []byte
	for rows.Next() {
		if err := rows.Scan(&marks); err != nil {
			return nil, fmt.Errorf("vault: %w", err)
		}
		for h := range gone {
			if bytes.Contains(marks, h.bytes()) {
				delete(gone, h)
			}
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return gone, nil
}
