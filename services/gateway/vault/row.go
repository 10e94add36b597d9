package vault

import (
	"fmt"

	"github.com/muster-works/muster/events"
)

// An openedRow is the row of a person in a transaction. Its key and identity are opened
// when they are needed first.
type openedRow struct {
	*personRow
	key     personKey
	known   knownIdentity
	isOpen  bool
	written bool // the row is part of the change already
	moved   bool // so is its number
}

// fetchRows reads the rows of persons in one query, except those that were read before.
func (g *groupCommit) fetchRows(persons []events.Person) error {
	var numbers []uint32
	for _, p := range persons {
		if f, ok := g.attributesOf(p); ok && g.opened[f.row] == nil {
			numbers = append(numbers, f.row)
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	list, err := g.tx.rows(g.ctx, numbers)
	if err != nil {
		return err
	}
	for _, r := range list {
		g.opened[r.n] = &openedRow{personRow: r}
	}
	return nil
}

// fetchRow returns the row of a person, opened or not.
func (g *groupCommit) fetchRow(p events.Person, f attributes) (*openedRow, error) {
	if g.opened[f.row] == nil {
		if err := g.fetchRows([]events.Person{p}); err != nil {
			return nil, err
		}
	}
	r := g.opened[f.row]
	if r == nil || r.person != p {
		return nil, fmt.Errorf("vault: row of person %s is missing: the database is damaged", p)
	}
	return r, nil
}

// openRow returns the row of a person, with key and identity opened.
func (g *groupCommit) openRow(p events.Person, f attributes) (*openedRow, error) {
	r, err := g.fetchRow(p, f)
	if err != nil || r.isOpen {
		return r, err
	}
	if r.key, err = g.v.unwrap(p, r.personRow.key); err != nil {
		return nil, err
	}
	if r.known, err = r.key.openKnown(r.sealed); err != nil {
		return nil, err
	}
	r.isOpen = true
	return r, nil
}

// updateRow makes a row part of the change.
func (g *groupCommit) updateRow(r *openedRow) {
	if !r.written {
		r.written = true
		g.change.updated = append(g.change.updated, r.personRow)
	}
}
