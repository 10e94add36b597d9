package vault

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"

	"github.com/muster-works/muster/events"
)

// Reveal returns who a person is, as the vault was told last. Whoever calls it
// records that it happened (person.revealed).
func (v *Vault) Reveal(ctx context.Context, p events.Person) (id events.Identity, err error) {
	err = v.withRow(ctx, p, func(r *row) error { id = r.identity; return nil })
	return id, err
}

// A Field is one thing that the vault knows of somebody, under the name that
// it has in the contract.
type Field struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Fields returns the fields of an identity that hold something.
func Fields(id events.Identity) []Field {
	all := []Field{{"id_number", id.IDNumber}, {"name", id.Name}, {"phone", id.Phone}, {"household", id.Household}}
	return slices.DeleteFunc(all, func(f Field) bool { return f.Text == "" })
}

// Unseal opens a sealed text of an event of the person's.
func (v *Vault) Unseal(ctx context.Context, p events.Person, sealed string) (plain []byte, err error) {
	err = v.withRow(ctx, p, func(r *row) error {
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
func (v *Vault) withRow(ctx context.Context, p events.Person, use func(*row) error) error {
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
