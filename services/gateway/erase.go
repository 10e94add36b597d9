package gateway

import (
	"context"
	"fmt"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/erasures"
	"github.com/muster-works/muster/services/gateway/vault"
)

// Erase deletes the identity of a person for good. It takes the right to import,
// which is an operator's.
//
// The event person.erased is in the log before the vault deletes anything, so that
// [Gateway.Forget] can bring a vault up to date that was restored from a copy. What
// the log, the figures and the trails hold of the person stays, under a pseudonym
// that leads to nobody. Somebody who was erased and is hired again is a new person.
//
// A person who is in place, or will be, is not erased: [InPlace]. This is decided
// under the exclusive lock of the vault, while no submission is under way through any
// gateway, so that nobody is hired and erased at once.
//
// Erasing a person again returns the first certificate. A refusal is
// [events.Reasons]. Erase also fails as Submit does, and may then be tried again.
func (g *Gateway) Erase(ctx context.Context, c admission.Caller, p events.Person, reason string) (erasures.Certificate, error) {
	if !c.Import {
		return erasures.Certificate{}, events.Refusal(admission.NotEntitled, "", events.Say("erasing takes an operator's right: import", "抹除身份信息需要系统管理员的权限：import"))
	}
	if g.history == nil {
		return erasures.Certificate{}, fmt.Errorf("%w: this gateway reads no log", log.ErrUnavailable)
	}
	release, err := g.vault.LockExclusive(ctx)
	if err != nil {
		return erasures.Certificate{}, vault.Unavailable(ctx, err)
	}
	defer release()
	if err := g.erasures.CatchUp(ctx); err != nil {
		return erasures.Certificate{}, err
	}
	cert, done := g.erasures.Find(p)
	if !done {
		if err := g.checkText(ctx, p, "reason", reason); err != nil {
			return erasures.Certificate{}, err
		}
		if cert, err = g.recordErasure(ctx, c, p, reason); err != nil {
			return erasures.Certificate{}, err
		}
		g.erasures.Add(cert)
	}
	// The erasure is in the log and must happen, even if the caller has gone.
	destroyed, err := g.vault.Erase(context.WithoutCancel(ctx), p)
	if err != nil {
		return erasures.Certificate{}, vault.Unavailable(ctx, err)
	}
	cert.Destroyed = destroyed
	return cert, nil
}

// recordErasure puts the event into the log and reads it back, with the time and
// the commit that the log gave it.
func (g *Gateway) recordErasure(ctx context.Context, c admission.Caller, p events.Person, reason string) (erasures.Certificate, error) {
	if g.catchUp != nil {
		if err := g.catchUp(ctx); err != nil {
			return erasures.Certificate{}, err
		}
	}
	before, err := erasures.Head(ctx, g.history)
	if err != nil {
		return erasures.Certificate{}, err
	}
	receipt, err := g.recordOwn(ctx, g.ownEvent(c, "erased-"+p.String(), &events.PersonErased{Person: p, Reason: reason}))
	if err != nil {
		return erasures.Certificate{}, err
	}
	if receipt.Status == events.Duplicate {
		before = log.Position{}
	}
	for cert, err := range erasures.After(ctx, g.history, before) {
		if err != nil || cert.Person == p {
			return cert, err
		}
	}
	return erasures.Certificate{}, fmt.Errorf("%w: the erasure at %s is not found", log.ErrUnavailable, receipt.Position)
}

// Forget erases from the vault everybody whose erasure is in the log, and returns
// how many persons that was. It also has the vault take in who people are by the events in the log. It is called before the gateway accepts requests: the
// process may have crashed between the event and the deletion, or the vault may have
// been restored from an older copy.
func (g *Gateway) Forget(ctx context.Context) (int, error) {
	release, err := g.vault.LockExclusive(ctx)
	if err != nil {
		return 0, err
	}
	defer release()
	if err := g.erasures.ReadOn(ctx); err != nil {
		return 0, fmt.Errorf("erasures in the log: %w", err)
	}
	destroyed, err := g.vault.Erase(ctx, g.erasures.Persons()...)
	if err == nil && g.history != nil {
		err = g.people.CatchUp(ctx)
	}
	return destroyed.Keys, err
}
