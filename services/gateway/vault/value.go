package vault

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/muster-works/muster/events"
)

// A valueKind says what a token stands for. The same text of two kinds has two tokens.
// The strings are part of the vault's format.
type valueKind string

const (
	nameValue      valueKind = "name"
	phoneValue     valueKind = "phone"
	householdValue valueKind = "household"
	accountValue   valueKind = "account"
)

// normalize returns the form of a text in which it is compared. So 138-0013-8000 and
// +86 138 0013 8000 are one phone.
func (k valueKind) normalize(text string) string {
	switch k {
	case phoneValue:
		return strings.TrimPrefix(digits.Replace(text), "+86")
	case accountValue:
		return digits.Replace(text)
	default: // the others need nothing here
	}
	return strings.TrimSpace(text)
}

// digits removes what people write between digits.
var digits = strings.NewReplacer(" ", "", "-", "")

// hashValue returns the hash of a text, and false if the text is empty.
func (v *Vault) hashValue(k valueKind, text string) (valueHash, bool) {
	text = k.normalize(text)
	if text == "" {
		return 0, false
	}
	sum := v.valueMAC.sum(string(k), "\x00", text)
	return valueHash(binary.BigEndian.Uint64(sum[:])), true
}

// newToken returns a random token.
func newToken() token {
	var b [8]byte
	rand.Read(b[:])
	return token(binary.BigEndian.Uint64(b[:]))
}

// String returns the token as events have it: 16 hexadecimal digits.
func (t token) String() string {
	var b [16]byte
	return string(hex.AppendEncode(b[:0], binary.BigEndian.AppendUint64(nil, uint64(t))))
}

// addIdentityHashes adds the hashes of the name, phone and household of an identity to
// those that a person holds.
func (v *Vault) addIdentityHashes(held []byte, id events.Identity) []byte {
	held = v.addValueHash(held, nameValue, id.Name)
	held = v.addValueHash(held, phoneValue, id.Phone)
	return v.addValueHash(held, householdValue, id.Household)
}

// addValueHash adds the hash of a text to those that a person holds, unless it is there
// already. The result is never nil, because the column of the store must not be NULL.
func (v *Vault) addValueHash(held []byte, k valueKind, text string) []byte {
	h, ok := v.hashValue(k, text)
	if !ok || slices.Contains(splitHashes(held), h) {
		if held == nil {
			held = []byte{}
		}
		return held
	}
	return binary.BigEndian.AppendUint64(held, uint64(h))
}

// splitHashes returns the hashes of a row, 8 bytes each.
func splitHashes(held []byte) (list []valueHash) {
	for ; len(held) >= 8; held = held[8:] {
		list = append(list, valueHash(binary.BigEndian.Uint64(held)))
	}
	return list
}

// tokenFor returns the token of a text, and makes one if there is none. An empty text has
// the empty token.
func (g *groupCommit) tokenFor(k valueKind, text string) string {
	h, ok := g.v.hashValue(k, text)
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
		g.change.tokens = append(g.change.tokens, valueToken{h, t})
	}
	return t.String()
}
