package vault

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
)

// A personKey seals texts for one person. Each sealed text has a random nonce of its
// own, and the pseudonym as additional data. So a sealed text that was copied into an
// event of another person does not open.
//
//	nonce (12 bytes) | ciphertext | tag (16 bytes)
type personKey struct {
	cipher.AEAD
	person events.Person
}

const nonceSize = 12

// newKey returns a new key for a person, and its wrapped form.
func (v *Vault) newKey(p events.Person) (personKey, []byte, error) {
	var secret [32]byte
	rand.Read(secret[:])
	aead, err := newGCM(secret[:])
	return personKey{aead, p}, seal(v.keyCipher, p, secret[:]), err
}

// unwrap opens the wrapped key of a person.
func (v *Vault) unwrap(p events.Person, wrapped []byte) (personKey, error) {
	secret, err := open(v.keyCipher, p, wrapped)
	if err != nil {
		return personKey{}, fmt.Errorf("vault: key of person %s: %w", p, err)
	}
	aead, err := newGCM(secret)
	return personKey{aead, p}, err
}

// seal encrypts a text for a person.
func seal(a cipher.AEAD, p events.Person, plain []byte) []byte {
	b := make([]byte, nonceSize, nonceSize+len(plain)+a.Overhead())
	rand.Read(b)
	return a.Seal(b, b, plain, p[:])
}

var errShort = errors.New("sealed text is too short")

// open decrypts what seal encrypted for the same person. It fails for any other text.
func open(a cipher.AEAD, p events.Person, sealed []byte) ([]byte, error) {
	if len(sealed) < nonceSize {
		return nil, errShort
	}
	return a.Open(nil, sealed[:nonceSize], sealed[nonceSize:], p[:])
}

func (k personKey) sealIdentity(id events.Identity) ([]byte, error) {
	plain, err := json.Marshal(id)
	if err != nil {
		return nil, errors.New("vault: identity is not UTF-8")
	}
	return seal(k.AEAD, k.person, plain), nil
}

func (k personKey) openIdentity(sealed []byte) (id events.Identity, err error) {
	plain, err := open(k.AEAD, k.person, sealed)
	if err == nil {
		err = json.Unmarshal(plain, &id)
	}
	if err != nil {
		return events.Identity{}, fmt.Errorf("vault: sealed identity of person %s does not open", k.person)
	}
	return id, nil
}
