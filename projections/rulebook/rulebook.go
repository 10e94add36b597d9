// Package rulebook knows the policy packs that stood at any commit of the log:
// which were adopted by then, and had been neither replaced nor withdrawn.
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

// A History holds what the boundary policy of a log says, which is little. It reads on
// from where it was left before each answer. It is safe for concurrent use.
type History struct {
	log log.Log

	mu         sync.Mutex
	at         log.Position // up to which the boundary was read
	adopted    []adoption
	superseded []supersession
}

type adoption struct {
	at   log.Position
	key  events.Key
	pack *policy.Pack
}

// A supersession says since which commit an event is replaced or withdrawn.
type supersession struct {
	at  log.Position
	key events.Key
}

// NewHistory returns the History of a log, which has read nothing yet.
func NewHistory(l log.Log) *History { return &History{log: l} }

// Book returns the packs that stood at a commit, in the order in which they were
// adopted. Events that were set aside are left out if they cannot be read. Book fails as
// the log does, and if another event cannot be read.
func (h *History) Book(ctx context.Context, known log.Position, setAside ...log.Position) (*policy.Book, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.refresh(ctx, setAside); err != nil {
		return nil, err
	}
	return h.bookAt(known), nil
}

// bookAt returns the packs that stood at a commit, as far as the log was read.
func (h *History) bookAt(known log.Position) *policy.Book {
	book := new(policy.Book)
	for _, a := range h.adopted {
		if a.at.Compare(known) <= 0 && !h.isSuperseded(a.key, known) {
			book.Adopt(a.pack)
		}
	}
	return book
}

// A Known is what was known of the packs since a commit.
type Known struct {
	Since log.Position
	Book  *policy.Book
}

// Books returns what Book returns at a commit, and at each earlier commit that changed it, in log
// order.
func (h *History) Books(ctx context.Context, known log.Position, setAside ...log.Position) (all []Known, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.refresh(ctx, setAside); err != nil {
		return nil, err
	}
	var at []log.Position
	for _, a := range h.adopted {
		at = append(at, a.at)
	}
	for _, s := range h.superseded {
		if slices.ContainsFunc(h.adopted, func(a adoption) bool { return a.key == s.key }) {
			at = append(at, s.at)
		}
	}
	slices.SortFunc(at, log.Position.Compare)
	for _, p := range slices.Compact(at) {
		if p.Compare(known) > 0 {
			break
		}
		all = append(all, Known{p, h.bookAt(p)})
	}
	return all, nil
}

// isSuperseded reports whether an event was replaced or withdrawn at a commit.
func (h *History) isSuperseded(key events.Key, known log.Position) bool {
	return slices.ContainsFunc(h.superseded, func(s supersession) bool { return s.key == key && s.at.Compare(known) <= 0 })
}

// refresh reads the commits that are new.
func (h *History) refresh(ctx context.Context, setAside []log.Position) error {
	for c, err := range h.log.Read(ctx, h.at, log.Filter{Boundary: events.Policy.Boundary()}) {
		if err != nil {
			return err
		}
		if err := h.apply(c, setAside); err != nil {
			return err
		}
		h.at = c.Position
	}
	return nil
}

// apply notes what the events of a commit say. A commit is applied as a whole or not at
// all.
func (h *History) apply(c log.Commit, setAside []log.Position) error {
	adopted, superseded := h.adopted, h.superseded
	for i, raw := range c.Events {
		e, err := events.Decode(raw)
		if at := c.Position.Event(i); err != nil && slices.Contains(setAside, at) {
			continue
		} else if err != nil {
			return fmt.Errorf("policy at %s: %w", at, err)
		}
		if key, ok := e.Supersedes(); ok {
			superseded = append(superseded, supersession{c.Position, key})
		}
		if d, ok := e.Data.(*events.PolicyAdopted); ok {
			adopted = append(adopted, adoption{c.Position, e.Key(), &d.Pack})
		}
	}
	h.adopted, h.superseded = adopted, superseded
	return nil
}
