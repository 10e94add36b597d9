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

// masterKey reads the key, or makes it when the vault is new.
func masterKey(file string, fresh bool) ([]byte, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if !fresh {
			return nil, fmt.Errorf("%w: there is a database but no key file %s", ErrKey, file)
		}
		return makeKey(file)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	if err := private(file); err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("%w: %s does not hold 64 hexadecimal digits", ErrKey, file)
	}
	return key, nil
}

func makeKey(file string) ([]byte, error) {
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

// syncDir makes a new file's name durable: the key must not be lost when the
// first person under it is not.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// touch makes an empty private file unless there is one; an empty one counts
// as made, since no vault was ever in it.
func touch(file string) (made bool, err error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return false, fmt.Errorf("vault: %w", err)
	}
	info, err := f.Stat()
	if err = errors.Join(err, f.Close()); err != nil {
		return false, fmt.Errorf("vault: %w", err)
	}
	return info.Size() == 0, private(file)
}

func private(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%w to %s (mode %#o): chmod go= it", ErrExposed, path, mode)
	}
	return nil
}

// derive makes the vault's keys out of the master key.
func (v *Vault) derive(master []byte) error {
	keys := map[string][]byte{"wrap": nil, "numbers": nil, "values": nil, "digests": nil}
	for name := range keys {
		k, err := subkey(master, name)
		if err != nil {
			return err
		}
		keys[name] = k
	}
	v.numbers, v.values, v.digests = newMAC(keys["numbers"]), newMAC(keys["values"]), newMAC(keys["digests"])
	var err error
	v.wrap, err = gcm(keys["wrap"])
	return err
}

func subkey(master []byte, name string) ([]byte, error) {
	k, err := hkdf.Key(sha256.New, master, nil, "muster vault v1: "+name, 32)
	if err != nil {
		return nil, fmt.Errorf("vault: derive key: %w", err)
	}
	return k, nil
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return cipher.NewGCM(block)
}

// recognise compares the mark of a key with that of the key which the database
// was made with.
func recognise(have, mine []byte) error {
	if !hmac.Equal(have, mine) {
		return ErrKey
	}
	return nil
}

// A mac is an HMAC-SHA256 under one key. Setting a key up costs as much as
// hashing with it, so ready hashes are kept.
type mac struct{ pool sync.Pool }

type hasher struct {
	hash.Hash
	in, out []byte
}

func newMAC(key []byte) *mac {
	return &mac{sync.Pool{New: func() any { return &hasher{Hash: hmac.New(sha256.New, key)} }}}
}

// of returns the first half of the HMAC of the parts together.
func (m *mac) of(parts ...string) [16]byte {
	h := m.pool.Get().(*hasher)
	defer m.pool.Put(h)
	h.in = h.in[:0]
	for _, p := range parts {
		h.in = append(h.in, p...)
	}
	return h.sum(h.in)
}

func (m *mac) ofBytes(b []byte) [16]byte {
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
