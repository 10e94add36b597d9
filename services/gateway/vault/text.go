package vault

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/muster-works/muster/events"
)

// A Text is what somebody wrote, about a person if Person is not zero.
type Text struct {
	Person events.Person
	Plain  string
}

// SealTexts seals texts, in base64, each with the key of its person, so that it goes with the person. A
// text about nobody is sealed with a key of the deployment. A text about somebody whom the vault does
// not know is, too; whoever learns the person's number afterwards must not find it.
func (v *Vault) SealTexts(ctx context.Context, texts []Text) (sealed []string, err error) {
	err = v.inTransaction(ctx, func(g *groupCommit) error {
		sealed = make([]string, len(texts))
		for i, t := range texts {
			cipher, person := v.textCipher, events.Person{}
			if f, known := g.attributesOf(t.Person); known {
				r, err := g.openRow(t.Person, f)
				if err != nil {
					return err
				}
				cipher, person = r.key.AEAD, t.Person
			}
			sealed[i] = base64.StdEncoding.EncodeToString(seal(cipher, person, []byte(t.Plain)))
		}
		return nil
	})
	return sealed, err
}

var errForeignText = errors.New("vault: the text was not sealed for this person")

// OpenText opens a text that SealTexts has sealed for a person, or for nobody. It fails with
// [ErrUnknown] if the vault does not know the person.
func (v *Vault) OpenText(ctx context.Context, p events.Person, sealed string) (plain string, err error) {
	err = v.withOpenRow(ctx, p, func(r *openedRow) error {
		b, err := base64.StdEncoding.DecodeString(sealed)
		if err != nil {
			return errForeignText
		}
		text, err := open(r.key.AEAD, p, b)
		if err != nil {
			text, err = open(v.textCipher, events.Person{}, b)
		}
		if err != nil {
			return errForeignText
		}
		plain = string(text)
		return nil
	})
	return plain, err
}
