package erasures

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
)

// A Vault says how many persons have gone from it since it was opened.
type Vault interface{ Erased() uint64 }

// A Register holds the certificates of the erasures in the log, as far as it has
// read the log. It is safe for concurrent use.
type Register struct {
	history History
	vault   Vault

	mu           sync.Mutex
	certificates map[events.Person]Certificate // the first of each person
	read         log.Position                  // up to here
	vaultErased  uint64                        // as the vault had it when the log was read last
}

// NewRegister returns a register that has read nothing. If the history is nil, it
// never reads anything.
func NewRegister(h History, v Vault) *Register {
	return &Register{history: h, vault: v, certificates: map[events.Person]Certificate{}}
}

// Find returns the certificate of a person.
func (r *Register) Find(p events.Person) (c Certificate, found bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, found = r.certificates[p]
	return c, found
}

// Add enters a certificate. The first certificate of a person stays.
func (r *Register) Add(c Certificate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, twice := r.certificates[c.Person]; !twice {
		r.certificates[c.Person] = c
	}
}

// IsEmpty reports whether nobody was erased.
func (r *Register) IsEmpty() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.certificates) == 0
}

// Persons returns everybody who was erased, in no order.
func (r *Register) Persons() []events.Person {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.certificates))
}

// CatchUp reads on in the log if the vault has lost somebody since the log was
// read last. Mostly it has not, and then CatchUp costs nothing.
func (r *Register) CatchUp(ctx context.Context) error {
	erased := r.vault.Erased() // before the log is read: the event is in the log first
	r.mu.Lock()
	current := r.vaultErased == erased
	r.mu.Unlock()
	if current || r.history == nil {
		return nil
	}
	if err := r.ReadOn(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.vaultErased = max(r.vaultErased, erased)
	return nil
}

// ReadOn reads on in the log to its present end.
func (r *Register) ReadOn(ctx context.Context) error {
	r.mu.Lock()
	from := r.read
	r.mu.Unlock()
	head, err := Head(ctx, r.history)
	if err != nil {
		return err
	}
	for c, err := range After(ctx, r.history, from) {
		if err != nil {
			return err
		}
		r.Add(c)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if head.Compare(r.read) > 0 {
		r.read = head
	}
	return nil
}
