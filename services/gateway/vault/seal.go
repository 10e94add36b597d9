package vault

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
)

// A key seals for one person. Every sealing has a random nonce, and names the
// person as additional data, so that a sealed text put into another person's
// event does not open.
type key struct {
	cipher.AEAD
	person events.Person
}

const nonceSize = 12

// newKey makes a key for a person, and its wrapped form.
func (v *Vault) newKey(p events.Person) (key, []byte, error) {
	var secret [32]byte
	rand.Read(secret[:])
	aead, err := gcm(secret[:])
	return key{aead, p}, seal(v.wrap, p, secret[:]), err
}

// unwrap opens a person's wrapped key.
func (v *Vault) unwrap(p events.Person, wrapped []byte) (key, error) {
	secret, err := open(v.wrap, p, wrapped)
	if err != nil {
		return key{}, fmt.Errorf("vault: key of person %s: %w", p, err)
	}
	aead, err := gcm(secret)
	return key{aead, p}, err
}

func seal(a cipher.AEAD, p events.Person, plain []byte) []byte {
	b := make([]byte, nonceSize, nonceSize+len(plain)+a.Overhead())
	rand.Read(b)
	return a.Seal(b, b, plain, p[:])
}

var errShort = errors.New("sealed text is too short")

func open(a cipher.AEAD, p events.Person, sealed []byte) ([]byte, error) {
	if len(sealed) < nonceSize {
		return nil, errShort
	}
	return a.Open(nil, sealed[:nonceSize], sealed[nonceSize:], p[:])
}

func (k key) sealIdentity(id events.Identity) ([]byte, error) {
	plain, err := json.Marshal(id)
	if err != nil {
		return nil, errors.New("vault: identity is not UTF-8")
	}
	return seal(k.AEAD, k.person, plain), nil
}

func (k key) openIdentity(sealed []byte) (id events.Identity, err error) {
	plain, err := open(k.AEAD, k.person, sealed)
	if err == nil {
		err = json.Unmarshal(plain, &id)
	}
	if err != nil {
		return events.Identity{}, fmt.Errorf("vault: sealed identity of person %s does not open", k.person)
	}
	return id, nil
}
