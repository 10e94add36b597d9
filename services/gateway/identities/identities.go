// Package identities has the vault take in what the log says of who people are. The log is what
// counts: a person.identified is in the log before the vault knows of it, so a vault that has missed
// one, or was restored from an older copy, is brought up to date from there.
package identities

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/erasures"
	"github.com/muster-works/muster/services/gateway/vault"
)

var (
	boundary = log.Filter{Boundary: events.Hire.Boundary()}
	// identifiedType stands in every record of a person.identified, and of a withdrawal of one. Other
	// records are passed over without decoding them.
	identifiedType = []byte(`"` + events.PersonIdentifiedType + `"`)
)

// ErrNoHistory says that the gateway reads no log. Then nobody can be identified anew.
var ErrNoHistory = errors.New("identities: this gateway reads no log")

// A Reader has a vault take in the log. It is safe for concurrent use, but every caller of CatchUp
// holds the exclusive lock of the vault.
type Reader struct {
	history erasures.History
	vault   *vault.Vault
	now     func() time.Time

	mu   sync.Mutex
	read log.Position // up to here; the vault may have been told less
}

// NewReader returns a reader that has read nothing. The history may be nil.
func NewReader(h erasures.History, v *vault.Vault, now func() time.Time) *Reader {
	return &Reader{history: h, vault: v, now: now}
}

// CatchUp has the vault take in the log up to its present end. The events with the keys decided are
// no longer under way: they are in the log, or will never be.
func (r *Reader) CatchUp(ctx context.Context, decided ...[16]byte) error {
	if r.history == nil {
		return fmt.Errorf("%w: %w", log.ErrUnavailable, ErrNoHistory)
	}
	now := r.now() // before the log is read: what was appended by a deadline is there
	head, _, err := r.history.Head(ctx, boundary)
	if err != nil {
		return err
	}
	r.mu.Lock()
	from := r.read
	r.mu.Unlock()
	if known := r.vault.IdentifiedUpTo(); known.Compare(from) > 0 {
		from = known
	}
	list, err := r.readOn(ctx, from, head)
	if err != nil {
		return err
	}
	if len(list)+len(decided) > 0 || r.vault.IdentityUnderway() || r.isLong(from, head) {
		if err := r.vault.TakeIn(ctx, list, head, decided, now); err != nil {
			return vault.Unavailable(ctx, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if head.Compare(r.read) > 0 {
		r.read = head
	}
	return nil
}

// isLong reports whether so much was read that reading it again is worth a transaction of the vault.
func (r *Reader) isLong(from, head log.Position) bool {
	before, _ := from.Parts()
	after, _ := head.Parts()
	return after > before+longRead || from.IsZero() && !head.IsZero()
}

// longRead is how far the log may have grown before the vault is told that nothing came.
const longRead = 1 << 16

// readOn returns the events about identities between two positions.
func (r *Reader) readOn(ctx context.Context, from, head log.Position) (list []vault.IdentityEvent, err error) {
	if from.Compare(head) >= 0 {
		return nil, nil
	}
	for c, err := range r.history.Read(ctx, from, boundary) {
		if err != nil {
			return nil, err
		}
		for _, raw := range c.Events {
			if !bytes.Contains(raw, identifiedType) {
				continue
			}
			if e, err := events.Decode(raw); err == nil && events.Identifies(e) { // no vault can take in what no version reads
				list = append(list, identityEvent(e))
			}
		}
		if c.Position.Compare(head) >= 0 {
			break
		}
	}
	return list, nil
}

func identityEvent(e *events.Event) vault.IdentityEvent {
	n := vault.IdentityEvent{Key: e.Key().Hash()}
	if k, ok := e.Supersedes(); ok {
		n.Retracted = k.Hash()
	}
	if d, ok := e.Data.(*events.PersonIdentified); ok {
		n.Person, n.On, n.Restates = d.Person, d.On, d.Restates()
		if d.Identity != nil {
			n.Sealed = d.Identity.Sealed
		}
	}
	return n
}
