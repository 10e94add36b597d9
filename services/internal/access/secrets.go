package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"

	"github.com/nats-io/nkeys"
	"golang.org/x/crypto/bcrypt"
)

// NewToken makes a token that counts from now on, and until expires where that
// is not zero. The secret is stored nowhere.
func NewToken(now, expires time.Time) (secret string, t Token) {
	random := make([]byte, sha256.Size)
	rand.Read(random)
	secret = base64.RawURLEncoding.EncodeToString(random)
	hash := sha256.Sum256([]byte(secret))
	return secret, Token{SHA256: hex.EncodeToString(hash[:]), Added: second(now), Expires: second(expires)}
}

// second is t as the file holds instants: in UTC, to the second.
func second(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Second)
}

// NewKey makes a key of a NATS user. The seed is stored nowhere.
func NewKey() (seed, public string, err error) {
	key, err := nkeys.CreateUser()
	if err != nil {
		return "", "", err
	}
	defer key.Wipe()
	private, err := key.Seed()
	if err != nil {
		return "", "", err
	}
	public, err = key.PublicKey()
	return string(private), public, err
}

// NewPassword makes a password of a NATS user, and its bcrypt hash. The
// password is stored nowhere.
func NewPassword() (password, hash string, err error) {
	password = rand.Text()
	b, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	return password, string(b), err
}
