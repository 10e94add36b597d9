package vault

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
)

// A file of a master key is one of 32 bytes, or is refused; it is never made
// anew over what is there.
func FuzzMasterKey(f *testing.F) {
	for _, s := range []string{strings.Repeat("0a", 32), strings.Repeat("0a", 32) + "\n", strings.Repeat("0a", 31), strings.Repeat("0g", 32), "", "\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		file := filepath.Join(t.TempDir(), "vault.key")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		key, err := loadMasterKey(file, true)
		if (err == nil) != (len(key) == 32) {
			t.Errorf("%d bytes of key, %v", len(key), err)
		}
		if after, err := os.ReadFile(file); err != nil || string(after) != string(content) {
			t.Errorf("the file holds %q, held %q: %v", after, content, err)
		}
	})
}

// Nothing opens but what was sealed, for the person that it was sealed for.
func FuzzOpen(f *testing.F) {
	var v Vault
	master := make([]byte, 32) // another one in each process that fuzzes
	rand.Read(master)
	if err := v.deriveKeys(master); err != nil {
		f.Fatal(err)
	}
	one, other := uuid.UUID{1}, uuid.UUID{2}
	k, wrapped, err := v.newKey(one)
	if err != nil {
		f.Fatal(err)
	}
	want := events.Identity{IDNumber: "370211196501010014", Name: "n"}
	sealed, err := k.sealIdentity(want)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, wrapped)
	f.Add(sealed[:len(sealed)-1], wrapped[1:])
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, s, w []byte) {
		if id, err := k.openIdentity(s); (err == nil) != (string(s) == string(sealed)) || err == nil && id != want {
			t.Errorf("%x opens to %+v, %v", s, id, err)
		}
		if _, err := (personKey{k.AEAD, other}).openIdentity(s); err == nil {
			t.Errorf("%x opens for another person", s)
		}
		if _, err := v.unwrap(one, w); (err == nil) != (string(w) == string(wrapped)) {
			t.Errorf("key %x: %v", w, err)
		}
	})
}
