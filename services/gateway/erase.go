package gateway

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/vault"
)

// A History is the log as far as the gateway reads it back.
type History interface {
	Read(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error]
	Head(ctx context.Context, f log.Filter) (log.Position, log.Revision, error)
}

// A Certificate says that a person was erased: the event that is in the log,
// and what is gone from the vault because of it. It names nobody.
type Certificate struct {
	Person   events.Person `json:"person"`
	Reason   string        `json:"reason"`
	By       string        `json:"by"` // the agency that asked for it
	Position log.Position  `json:"position"`
	Recorded time.Time     `json:"recordedtime"` // by the log's clock
	Commit   string        `json:"commit"`
	// Destroyed is what this call destroyed: of somebody who was erased before,
	// nothing more.
	Destroyed vault.Destroyed `json:"destroyed"`
}

// Erase takes who a person is out of the deployment for good. The event
// person.erased is in the log before the vault deletes anything, so that a
// vault that is restored from a copy is brought up to date by [Gateway.Forget].
// What the log, the figures and the trails hold of the person stays, under a
// pseudonym that leads to nobody; whoever comes back is a new person.
//
// Whoever is in place is not erased: InPlace. That is decided while the door is
// closed: submissions under way are waited for, new ones wait, so that nobody
// is hired and erased at once. Erasing somebody again returns the first
// certificate. Refusals are [events.Reasons]; it also fails as Submit does, and
// may be tried again.
func (g *Gateway) Erase(ctx context.Context, c Caller, p events.Person, reason string) (Certificate, error) {
	if !c.Import {
		return Certificate{}, events.Refuse(NotEntitled, "", "erasing takes an operator's right: import")
	}
	if g.history == nil {
		return Certificate{}, fmt.Errorf("%w: this gateway reads no log", log.ErrUnavailable)
	}
	leave, err := g.vault.Seize(ctx)
	if err != nil {
		return Certificate{}, vaultError(ctx, err)
	}
	defer leave()
	if err := g.learn(ctx); err != nil {
		return Certificate{}, err
	}
	cert, done := g.erased.find(p)
	if !done {
		if err := g.mayTell(ctx, p, "reason", reason); err != nil {
			return Certificate{}, err
		}
		if cert, err = g.recordErasure(ctx, c, p, reason); err != nil {
			return Certificate{}, err
		}
		g.erased.add(cert)
	}
	// It is in the log and will happen, whether or not anybody waits for it.
	gone, err := g.vault.Erase(context.WithoutCancel(ctx), p)
	if err != nil {
		return Certificate{}, vaultError(ctx, err)
	}
	cert.Destroyed = gone
	return cert, nil
}

// recordErasure puts the event into the log and reads it back.
func (g *Gateway) recordErasure(ctx context.Context, c Caller, p events.Person, reason string) (Certificate, error) {
	if g.fresh != nil {
		if err := g.fresh(ctx); err != nil {
			return Certificate{}, err
		}
	}
	before, _, err := g.history.Head(ctx, ownEvents)
	if err != nil {
		return Certificate{}, err
	}
	e := g.statement(c, "erased-"+p.String(), &events.PersonErased{Person: p, Reason: reason})
	// Whoever asks, and why: it is one erasure.
	e.Digest = g.vault.Digest([]byte(e.ID))
	receipt, err := g.note(ctx, e)
	if err != nil {
		return Certificate{}, err
	}
	if receipt.Status == events.Duplicate {
		before = log.Position{}
	}
	for cert, err := range g.erasures(ctx, before) {
		if err != nil || cert.Person == p {
			return cert, err
		}
	}
	return Certificate{}, fmt.Errorf("%w: the erasure at %s is not found", log.ErrUnavailable, receipt.Position)
}

// Forget erases from the vault everybody whose erasure is in the log. It is
// called before the door opens: a crash may have come between the two, or the
// vault may have been restored from an older copy. It returns how many persons
// it erased.
func (g *Gateway) Forget(ctx context.Context) (int, error) {
	leave, err := g.vault.Seize(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	if err := g.readErasures(ctx); err != nil {
		return 0, fmt.Errorf("erasures in the log: %w", err)
	}
	gone, err := g.vault.Erase(ctx, g.erased.persons()...)
	return gone.Keys, err
}

var (
	ownEvents = log.Filter{Boundary: events.Gateway.Boundary()}
	erasedTag = []byte(`"` + events.PersonErasedType + `"`)
)

// erasures yields the certificates of the erasures after a commit.
func (g *Gateway) erasures(ctx context.Context, from log.Position) iter.Seq2[Certificate, error] {
	return func(yield func(Certificate, error) bool) {
		var clock log.Clock
		for c, err := range g.history.Read(ctx, from, ownEvents) {
			if err != nil {
				yield(Certificate{}, err)
				return
			}
			recorded := clock.Recorded(c)
			for i, raw := range c.Events {
				if !bytes.Contains(raw, erasedTag) {
					continue
				}
				e, err := events.Decode(raw)
				if err != nil {
					yield(Certificate{}, fmt.Errorf("event at %s: %w", c.Position.Event(i), err))
					return
				}
				d, ok := e.Data.(*events.PersonErased)
				if ok && !yield(Certificate{Person: d.Person, Reason: d.Reason, By: e.AuthID,
					Position: c.Position.Event(i), Recorded: recorded, Commit: c.ID}, nil) {
					return
				}
			}
		}
	}
}
