package vault

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"

	"github.com/muster-works/muster/events"
)

// Reveal returns what the vault knows of the identity of a person. It fails with
// [ErrUnknown] if the vault does not know the person. The caller must have recorded that
// the identity is revealed (person.revealed).
func (v *Vault) Reveal(ctx context.Context, p events.Person) (id events.Identity, err error) {
	err = v.withOpenRow(ctx, p, func(r *openedRow) error { id = r.known.Identity; return nil })
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

// Unseal opens a sealed text, in base64, of an event about a person. It fails for a text
// that was sealed for another person.
func (v *Vault) Unseal(ctx context.Context, p events.Person, sealed string) (plain []byte, err error) {
	err = v.withOpenRow(ctx, p, func(r *openedRow) error {
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

// withOpenRow calls use with the row of a person, opened. It fails with the error of use,
// and with [ErrUnknown] if the vault does not know the person.
func (v *Vault) withOpenRow(ctx context.Context, p events.Person, use func(*openedRow) error) error {
	outcome := error(nil)
	err := v.inTransaction(ctx, func(g *groupCommit) error {
		f, ok := g.attributesOf(p)
		if _, waits := g.standingOf(p); !ok || waits {
			outcome = ErrUnknown
			return nil
		}
		r, err := g.openRow(p, f)
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
