package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// loadMasterKey reads the master key. If there is no key file, it creates one for a fresh
// vault, and fails with [ErrKey] for a vault that has a database already.
func loadMasterKey(file string, fresh bool) ([]byte, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if !fresh {
			return nil, fmt.Errorf("%w: there is a database but no key file %s", ErrKey, file)
		}
		return createKey(file)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	if err := checkPrivate(file); err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("%w: %s does not hold 64 hexadecimal digits", ErrKey, file)
	}
	return key, nil
}

// createKey writes a new master key. It fails if the file exists.
func createKey(file string) ([]byte, error) {
	key := make([]byte, 32)
	rand.Read(key)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close(), syncDir(filepath.Dir(file))); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return key, nil
}

// syncDir makes the name of a new file durable. Otherwise a crash could lose the key
// and leave the persons under it.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// createEmpty creates an empty file that is private, unless there is a file already. An
// empty file counts as created, because no vault was ever in it.
func createEmpty(file string) (made bool, err error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return false, fmt.Errorf("vault: %w", err)
	}
	info, err := f.Stat()
	if err = errors.Join(err, f.Close()); err != nil {
		return false, fmt.Errorf("vault: %w", err)
	}
	return info.Size() == 0, checkPrivate(file)
}

// checkPrivate fails with [ErrExposed] if other users have any right to a path.
func checkPrivate(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%w to %s (mode %#o): chmod go= it", ErrExposed, path, mode)
	}
	return nil
}

// deriveKeys derives the vault's own keys from the master key.
func (v *Vault) deriveKeys(master []byte) error {
	keys := map[string][]byte{"wrap": nil, "numbers": nil, "values": nil, "digests": nil, "texts": nil}
	for name := range keys {
		k, err := deriveKey(master, name)
		if err != nil {
			return err
		}
		keys[name] = k
	}
	v.numberMAC, v.valueMAC, v.digestMAC = newMAC(keys["numbers"]), newMAC(keys["values"]), newMAC(keys["digests"])
	var err error
	if v.textCipher, err = newGCM(keys["texts"]); err != nil {
		return err
	}
	v.keyCipher, err = newGCM(keys["wrap"])
	return err
}

// deriveKey derives one key. The names are part of the vault's format.
func deriveKey(master []byte, name string) ([]byte, error) {
	k, err := hkdf.Key(sha256.New, master, nil, "muster vault v1: "+name, 32)
	if err != nil {
		return nil, fmt.Errorf("vault: derive key: %w", err)
	}
	return k, nil
}

// newGCM returns AES-256-GCM under a key of 32 bytes.
func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return cipher.NewGCM(block)
}

// checkKey compares the check value of a master key with the one that the database
// keeps, and fails with [ErrKey] if they differ.
func checkKey(have, mine []byte) error {
	if !hmac.Equal(have, mine) {
		return ErrKey
	}
	return nil
}

// A mac computes HMAC-SHA256 under one key. Setting up a key costs as much as hashing
// a short text with it, so hashers are kept in a pool.
type mac struct{ pool sync.Pool }

type hasher struct {
	hash.Hash
	in, out []byte
}

func newMAC(key []byte) *mac {
	return &mac{sync.Pool{New: func() any { return &hasher{Hash: hmac.New(sha256.New, key)} }}}
}

// sum returns the first half of the HMAC of the concatenated parts.
func (m *mac) sum(parts ...string) [16]byte {
	h := m.pool.Get().(*hasher)
	defer m.pool.Put(h)
	h.in = h.in[:0]
	for _, p := range parts {
		h.in = append(h.in, p...)
	}
	return h.sum(h.in)
}

// sumBytes returns the first half of the HMAC of b.
func (m *mac) sumBytes(b []byte) [16]byte {
	h := m.pool.Get().(*hasher)
	defer m.pool.Put(h)
	return h.sum(b)
}

func (h *hasher) sum(b []byte) [16]byte {
	h.Reset()
	h.Write(b)
	h.out = h.Sum(h.out[:0])
	return [16]byte(h.out)
}
