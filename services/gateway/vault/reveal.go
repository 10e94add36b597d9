package vault

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/muster-works/muster/events"
)

// Reveal returns who a person is, as the vault was told last. Whoever calls it
// records that it happened (person.revealed).
func (v *Vault) Reveal(ctx context.Context, p events.Person) (id events.Identity, err error) {
	err = v.withRow(ctx, p, func(r row) error { id = r.identity; return nil })
	return id, err
}

// Unseal opens a sealed text of an event of the person's.
func (v *Vault) Unseal(ctx context.Context, p events.Person, sealed string) (plain []byte, err error) {
	err = v.withRow(ctx, p, func(r row) error {
		b, err := base64.StdEncoding.DecodeString(sealed)
		if err == nil {
			plain, err = open(r.key.AEAD, p, b)
		}
		if err != nil {
			return errors.New("vault: the text was not sealed for person " + p.String())
		}
		return nil
	})
	return plain, err
}

// withRow opens the row of one person.
func (v *Vault) withRow(ctx context.Context, p events.Person, use func(row) error) error {
	outcome := error(nil)
	err := v.do(ctx, func(g *group) error {
		f, ok := g.fact(p)
		if !ok {
			outcome = ErrUnknown
			return nil
		}
		r, err := g.row(p, f)
		if err != nil {
			return err
		}
		outcome = use(r)
		return nil
	})
	if err != nil {
		return err
	}
	return outcome
}
