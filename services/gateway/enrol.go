package gateway

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/nats-io/nkeys"
	"golang.org/x/crypto/bcrypt"
)

// Secrets are what an agency submits with. They are stored nowhere: whoever
// makes an agency hands them over, or makes another one.
type Secrets struct {
	Token    string // over HTTP
	Seed     string // of the NATS user's key
	Password string // of the NATS user, where it has no key
}

// AddAgency gives an agency a token and a key, or a password where it names a
// User, and adds it to a file of agencies, which is made where there is none. The
// file is replaced as a whole, for its owner alone; a deployment reads it when it
// starts. Hash, and NKey or Password, of a are made here. It fails, and changes
// nothing, when the file would not be one that ReadAuth takes.
func AddAgency(file string, a Agency) (Secrets, error) {
	s, err := a.enrol()
	if err != nil {
		return Secrets{}, err
	}
	// Made first and exclusively: two that add at once do not lose one.
	next := file + ".new"
	out, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return Secrets{}, fmt.Errorf("%s is there: somebody else changes the agencies; if nobody does, remove it", next)
	}
	if err != nil {
		return Secrets{}, err
	}
	err = writeAgencies(out, file, a)
	if err = errors.Join(err, out.Close()); err == nil {
		err = os.Rename(next, file)
	}
	if err != nil {
		return Secrets{}, errors.Join(err, os.Remove(next))
	}
	if dir, err := os.Open(filepath.Dir(file)); err == nil {
		defer dir.Close()
		if err := dir.Sync(); err != nil {
			return Secrets{}, err
		}
	}
	return s, nil
}

// enrol makes the secrets and keeps what recognises them.
func (a *Agency) enrol() (s Secrets, err error) {
	secret := make([]byte, 32)
	rand.Read(secret)
	s.Token = base64.RawURLEncoding.EncodeToString(secret)
	hash := sha256.Sum256([]byte(s.Token))
	a.Hash = hex.EncodeToString(hash[:])
	if a.User != "" {
		s.Password = rand.Text()
		hash, err := bcrypt.GenerateFromPassword([]byte(s.Password), bcrypt.DefaultCost)
		a.Password = string(hash)
		return s, err
	}
	key, err := nkeys.CreateUser()
	if err != nil {
		return s, err
	}
	defer key.Wipe()
	seed, err := key.Seed()
	if err != nil {
		return s, err
	}
	s.Seed = string(seed)
	a.NKey, err = key.PublicKey()
	return s, err
}

// writeAgencies writes what file holds, and a.
func writeAgencies(out *os.File, file string, a Agency) error {
	var list agencyFile
	old, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	default:
		before, err := ReadAuth(bytes.NewReader(old))
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		list.Agencies = before.Agencies()
	}
	list.Agencies = append(list.Agencies, a)
	if _, err := list.auth(); err != nil {
		return err
	}
	if err := json.MarshalWrite(out, list, jsontext.WithIndent("  ")); err != nil {
		return err
	}
	if _, err := out.WriteString("\n"); err != nil {
		return err
	}
	return out.Sync()
}
