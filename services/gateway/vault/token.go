package vault

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/muster-works/muster/events"
)

// A kind is what a token stands for. The same text of two kinds has two
// tokens.
type kind string

const (
	names      kind = "name"
	phones     kind = "phone"
	households kind = "household"
	accounts   kind = "account"
)

// plain is the text that is compared: 138-0013-8000 and +86 138 0013 8000 are
// one phone.
func (k kind) plain(text string) string {
	switch k {
	case phones:
		return strings.TrimPrefix(digits.Replace(text), "+86")
	case accounts:
		return digits.Replace(text)
	}
	return strings.TrimSpace(text)
}

var digits = strings.NewReplacer(" ", "", "-", "")

// value returns the index hash of a text, and false when there is no text.
func (v *Vault) value(k kind, text string) (valueHash, bool) {
	text = k.plain(text)
	if text == "" {
		return 0, false
	}
	sum := v.values.of(string(k), "\x00", text)
	return valueHash(binary.BigEndian.Uint64(sum[:])), true
}

func newToken() token {
	var b [8]byte
	rand.Read(b[:])
	return token(binary.BigEndian.Uint64(b[:]))
}

// String is 16 hexadecimal digits.
func (t token) String() string {
	var b [16]byte
	return string(hex.AppendEncode(b[:0], binary.BigEndian.AppendUint64(nil, uint64(t))))
}

// marks adds the hashes of an identity's values to those a person holds.
func (v *Vault) marks(held []byte, id events.Identity) []byte {
	held = v.mark(held, names, id.Name)
	held = v.mark(held, phones, id.Phone)
	return v.mark(held, households, id.Household)
}

func (v *Vault) mark(held []byte, k kind, text string) []byte {
	h, ok := v.value(k, text)
	if !ok || slices.Contains(hashes(held), h) {
		if held == nil {
			held = []byte{}
		}
		return held
	}
	return binary.BigEndian.AppendUint64(held, uint64(h))
}

func hashes(held []byte) (list []valueHash) {
	for ; len(held) >= 8; held = held[8:] {
		list = append(list, valueHash(binary.BigEndian.Uint64(held)))
	}
	return list
}

// token returns the token of a text, made when it is new; "" for no text.
func (g *group) token(k kind, text string) string {
	h, ok := g.v.value(k, text)
	if !ok {
		return ""
	}
	if t, ok := g.tokens[h]; ok {
		return t.String()
	}
	g.v.mu.RLock()
	t, ok := g.v.tokens[h]
	g.v.mu.RUnlock()
	if !ok {
		t = newToken()
		g.tokens[h] = t
		g.change.tokens = append(g.change.tokens, mark{h, t})
	}
	return t.String()
}

// An Account is a bank account to be assigned to a person.
type Account struct {
	Person events.Person
	Number string
}

// A Sealed is what an event may say of an account: its token, and the number
// sealed for its holder.
type Sealed struct{ Token, Sealed string }

// Assign seals account numbers for their holders and returns their tokens, all
// in one transaction; the zero Sealed where the vault knows no such person.
func (v *Vault) Assign(ctx context.Context, list []Account) ([]Sealed, error) {
	out := make([]Sealed, len(list))
	err := v.do(ctx, func(g *group) (err error) {
		var holders []events.Person
		for _, a := range list {
			holders = append(holders, a.Person)
		}
		if err := g.fetch(holders); err != nil {
			return err
		}
		for i, a := range list {
			if out[i], err = g.assign(a); err != nil {
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

func (g *group) assign(a Account) (s Sealed, err error) {
	f, ok := g.fact(a.Person)
	if !ok {
		return Sealed{}, nil
	}
	r, err := g.row(a.Person, f)
	if err != nil {
		return Sealed{}, err
	}
	if held := g.v.mark(r.marks, accounts, a.Number); len(held) != len(r.marks) {
		r.marks = held
		g.update(r)
	}
	s.Token = g.token(accounts, a.Number)
	s.Sealed = base64.StdEncoding.EncodeToString(seal(r.key, a.Person, []byte(a.Number)))
	return s, nil
}

// Accounts returns the token of each account number, "" for an empty one.
// Numbers that nobody was assigned get tokens too, so that a later assignment
// is seen to be of the same account. It appends to dst.
func (v *Vault) Accounts(ctx context.Context, dst []string, numbers ...string) ([]string, error) {
	if dst, ok := v.known(dst, numbers); ok {
		return dst, nil
	}
	out := make([]string, len(numbers))
	err := v.do(ctx, func(g *group) error {
		for i, n := range numbers {
			out[i] = g.token(accounts, n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return append(dst, out...), nil
}

// known is Accounts as far as the index answers.
func (v *Vault) known(dst, numbers []string) ([]string, bool) {
	before := len(dst)
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, n := range numbers {
		h, some := v.value(accounts, n)
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
