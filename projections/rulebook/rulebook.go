// Package rulebook knows the policy packs that stood at any commit of the log:
// which were adopted by then, and were neither replaced nor withdrawn.
//
// It reads the boundary policy of the log, which holds little, and is
// brought up to date before each answer.
package rulebook

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/policy"
)

// A Shelf holds what the boundary policy of the log says. It is read on from
// where it was left, which costs one look when there is nothing new. The zero
// Shelf is ready and safe for concurrent use; it serves one log.
type Shelf struct {
	mu      sync.Mutex
	at      log.Position
	adopted []adoption
	voided  []voided
}

type adoption struct {
	at   log.Position
	key  events.Key
	pack *policy.Pack
}

// voided is an event that was replaced or withdrawn.
type voided struct {
	at  log.Position // since when
	key events.Key
}

// Book returns the packs that stood at a commit, in the order in which they were
// adopted. Events that were set aside are left out if they cannot be read. It fails
// as the log does.
func (s *Shelf) Book(ctx context.Context, l log.Log, known log.Position, setAside ...log.Position) (*policy.Book, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refresh(ctx, l, setAside); err != nil {
		return nil, err
	}
	book := new(policy.Book)
	for _, a := range s.adopted {
		gone := func(v voided) bool { return v.key == a.key && v.at.Compare(known) <= 0 }
		if a.at.Compare(known) <= 0 && !slices.ContainsFunc(s.voided, gone) {
			book.Adopt(a.pack)
		}
	}
	return book, nil
}

func (s *Shelf) refresh(ctx context.Context, l log.Log, setAside []log.Position) error {
	for c, err := range l.Read(ctx, s.at, log.Filter{Boundary: events.Policy.Boundary()}) {
		if err != nil {
			return err
		}
		for i, raw := range c.Events {
			e, err := events.Decode(raw)
			if at := c.Position.Event(i); err != nil && slices.Contains(setAside, at) {
				continue
			} else if err != nil {
				return fmt.Errorf("policy at %s: %w", at, err)
			}
			if superseded, ok := e.Supersedes(); ok {
				s.voided = append(s.voided, voided{c.Position, superseded})
			}
			if d, ok := e.Data.(*events.PolicyAdopted); ok {
				s.adopted = append(s.adopted, adoption{c.Position, e.Key(), &d.Pack})
			}
		}
		s.at = c.Position
	}
	return nil
}
