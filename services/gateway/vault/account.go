package vault

import (
	"context"
	"encoding/base64"

	"github.com/muster-works/muster/events"
)

// An Account is a bank account to be assigned to a person.
type Account struct {
	Person events.Person
	Number string
}

// A Sealed is what an event may say of an account: its token, and its number sealed for
// the holder, in base64.
type Sealed struct{ Token, Sealed string }

// Assign seals account numbers for their holders and returns their tokens, all in one
// transaction. If the vault does not know a holder, the element is the zero Sealed.
func (v *Vault) Assign(ctx context.Context, list []Account) ([]Sealed, error) {
	out := make([]Sealed, len(list))
	err := v.inTransaction(ctx, func(g *groupCommit) (err error) {
		var holders []events.Person
		for _, a := range list {
			holders = append(holders, a.Person)
		}
		if err := g.fetchRows(holders); err != nil {
			return err
		}
		for i, a := range list {
			if out[i], err = g.assignAccount(a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (g *groupCommit) assignAccount(a Account) (s Sealed, err error) {
	f, ok := g.attributesOf(a.Person)
	if !ok {
		return Sealed{}, nil
	}
	r, err := g.openRow(a.Person, f)
	if err != nil {
		return Sealed{}, err
	}
	if held := g.v.addValueHash(r.valueHashes, accountValue, a.Number); len(held) != len(r.valueHashes) {
		r.valueHashes = held
		g.updateRow(r)
	}
	s.Token = g.tokenFor(accountValue, a.Number)
	s.Sealed = base64.StdEncoding.EncodeToString(seal(r.key, a.Person, []byte(a.Number)))
	return s, nil
}

// Accounts appends the token of each account number to dst, and "" for an empty number.
// A number that was assigned to nobody gets a token too, so that a later assignment is
// seen to be of the same account.
func (v *Vault) Accounts(ctx context.Context, dst []string, numbers ...string) ([]string, error) {
	if dst, ok := v.knownAccounts(dst, numbers); ok {
		return dst, nil
	}
	out := make([]string, len(numbers))
	err := v.inTransaction(ctx, func(g *groupCommit) error {
		for i, n := range numbers {
			out[i] = g.tokenFor(accountValue, n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return append(dst, out...), nil
}

// knownAccounts is Accounts if the index has all the tokens. Otherwise it returns false.
func (v *Vault) knownAccounts(dst, numbers []string) ([]string, bool) {
	before := len(dst)
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, n := range numbers {
		h, some := v.hashValue(accountValue, n)
		t, ok := v.tokens[h]
		switch {
		case !some:
			dst = append(dst, "")
		case !ok:
			return dst[:before], false
		default:
			dst = append(dst, t.String())
		}
	}
	return dst, true
}
