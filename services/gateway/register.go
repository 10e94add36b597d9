package gateway

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
)

// A register is what the log says of people erased, as far as it was read.
type register struct {
	mu           sync.Mutex
	certificates map[events.Person]Certificate // the first of each
	read         log.Position
	gone         uint64 // of the vault, when the log was read last
}

func (r *register) find(p events.Person) (Certificate, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.certificates[p]
	return c, ok
}

func (r *register) add(c Certificate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, twice := r.certificates[c.Person]; !twice {
		r.certificates[c.Person] = c
	}
}

func (r *register) any() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.certificates) > 0
}

func (r *register) persons() []events.Person {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.certificates))
}

// learn reads the erasures of other gateways, once the vault has lost somebody
// whom this one has not erased. The event is in the log before that.
func (g *Gateway) learn(ctx context.Context) error {
	gone := g.vault.Erased()
	g.erased.mu.Lock()
	known := g.erased.gone == gone
	g.erased.mu.Unlock()
	if known || g.history == nil {
		return nil
	}
	if err := g.readErasures(ctx); err != nil {
		return err
	}
	g.erased.mu.Lock()
	defer g.erased.mu.Unlock()
	g.erased.gone = max(g.erased.gone, gone)
	return nil
}

// readErasures reads on in the log to its present end.
func (g *Gateway) readErasures(ctx context.Context) error {
	g.erased.mu.Lock()
	from := g.erased.read
	g.erased.mu.Unlock()
	head, _, err := g.history.Head(ctx, ownEvents)
	if err != nil {
		return err
	}
	for cert, err := range g.erasures(ctx, from) {
		if err != nil {
			return err
		}
		g.erased.add(cert)
	}
	g.erased.mu.Lock()
	defer g.erased.mu.Unlock()
	if head.Compare(g.erased.read) > 0 {
		g.erased.read = head
	}
	return nil
}
