package vault

import (
	"fmt"

	"github.com/muster-works/muster/events"
)

// A row is a person's record in a transaction, opened when it is asked for.
type row struct {
	*record
	key      key
	identity events.Identity
	isOpen   bool
	written  bool // is part of the change
}

// fetch reads the rows of persons that are not at hand, all in one reading.
func (g *group) fetch(persons []events.Person) error {
	var numbers []uint32
	for _, p := range persons {
		if f, ok := g.fact(p); ok && g.opened[f.row] == nil {
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
		g.opened[r.n] = &row{record: r}
	}
	return nil
}

// closed returns the row of a person, opened or not.
func (g *group) closed(p events.Person, f fact) (*row, error) {
	if g.opened[f.row] == nil {
		if err := g.fetch([]events.Person{p}); err != nil {
			return nil, err
		}
	}
	r := g.opened[f.row]
	if r == nil || r.person != p {
		return nil, fmt.Errorf("vault: row of person %s is missing: the database is damaged", p)
	}
	return r, nil
}

// row returns the row of a person, opened.
func (g *group) row(p events.Person, f fact) (*row, error) {
	r, err := g.closed(p, f)
	if err != nil || r.isOpen {
		return r, err
	}
	if r.key, err = g.v.unwrap(p, r.record.key); err != nil {
		return nil, err
	}
	if r.identity, err = r.key.openIdentity(r.sealed); err != nil {
		return nil, err
	}
	r.isOpen = true
	return r, nil
}

// update makes what was changed of a row part of the change.
func (g *group) update(r *row) {
	if !r.written {
		r.written = true
		g.change.updated = append(g.change.updated, r.record)
	}
}
