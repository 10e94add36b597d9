package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/layouttest"
)

// layoutMaster is the master key of the vault that the layouts were frozen with.
const layoutMaster = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

// layoutVault opens a vault that is empty, under layoutMaster.
func layoutVault(t *testing.T) *Vault {
	t.Helper()
	dir := t.TempDir()
	key := filepath.Join(dir, "master.key")
	if err := os.WriteFile(key, []byte(layoutMaster+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := Open(filepath.Join(dir, "vault"), key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

// TestLayouts holds what the vault derives from its master key, and its tables, to
// what is frozen. A vault cannot be made anew: whoever changes one of these must
// bring every vault there is into the new form.
func TestLayouts(t *testing.T) {
	v := layoutVault(t)
	master, err := hex.DecodeString(layoutMaster)
	if err != nil {
		t.Fatal(err)
	}
	check, err := deriveKey(master, "check")
	if err != nil {
		t.Fatal(err)
	}
	person := events.Identity{IDNumber: number(1), Name: "王小明", Phone: "+86 138-0000-0000", Household: " 东村1号 "}
	hash := v.hashNumber(person.IDNumber)
	layouttest.Check(t, layouttest.Form{Name: "hashes", Constant: layouttest.Forever, Version: []int{1}},
		layouttest.Case{Name: "check", Bytes: check},
		layouttest.Case{Name: "identity number", Bytes: hash[:]},
		layouttest.Case{Name: "identity", Bytes: v.addIdentityHashes(nil, person)},
		layouttest.Case{Name: "account", Bytes: v.addValueHash(nil, accountValue, "6222 0216-0201")},
		layouttest.Case{Name: "digest", Text: v.Digest([]byte("a submission"))},
		layouttest.Case{Name: "token", Text: token(0x1f).String()})
	layouttest.Check(t, layouttest.Form{Name: "tables", Constant: layouttest.Forever, Version: []int{2}},
		layouttest.Case{Name: "sqlite", Text: columnsOf(sqliteSchema)},
		layouttest.Case{Name: "postgres", Text: columnsOf(postgresSchema)})
}

// columnsOf is a schema without its comments and its white space.
func columnsOf(schema string) string {
	var words []string
	for line := range strings.Lines(schema) {
		line, _, _ = strings.Cut(line, "--")
		words = append(words, strings.Fields(line)...)
	}
	return strings.Join(words, " ")
}

// A frozenSeal is what a vault sealed under layoutMaster.
type frozenSeal struct {
	Person   events.Person   `json:"person"`
	Key      string          `json:"key"`      // of the person, wrapped; base64
	Identity string          `json:"identity"` // sealed under it; base64
	Account  string          `json:"account"`  // likewise
	Plain    events.Identity `json:"plain"`
	Number   string          `json:"number"` // of the account
}

// Goal: whatever was ever sealed opens, in the database and in the log. Method: an
// identity and an account number that were sealed when the form was frozen, by the
// vault of today. Sealing draws a nonce, so that its bytes cannot be compared.
func TestFrozenSealsOpen(t *testing.T) {
	v := layoutVault(t)
	file := filepath.Join("testdata", "layouts", "seal.v1.json")
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && layouttest.Freezing() {
		b, err = freezeSeal(t, v, file)
	}
	if err != nil {
		t.Fatal(err)
	}
	var f frozenSeal
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	k, err := v.unwrap(f.Person, decoded(t, f.Key))
	if err != nil {
		t.Fatal(err)
	}
	if id, err := k.openIdentity(decoded(t, f.Identity)); err != nil || id != f.Plain {
		t.Errorf("the identity is %+v: %v, want %+v", id, err, f.Plain)
	}
	if number, err := open(k.AEAD, f.Person, decoded(t, f.Account)); err != nil || string(number) != f.Number {
		t.Errorf("the account is %s: %v, want %s", number, err, f.Number)
	}
}

func decoded(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func freezeSeal(t *testing.T, v *Vault, file string) ([]byte, error) {
	t.Helper()
	f := frozenSeal{Person: events.Person{1, 2, 3, 15: 16}, Plain: events.Identity{IDNumber: number(1), Name: "王小明", Phone: "13800000000", Household: "东村1号"}, Number: "6222021602012345678"}
	k, wrapped, err := v.newKey(f.Person)
	if err != nil {
		return nil, err
	}
	sealed, err := k.sealIdentity(f.Plain)
	if err != nil {
		return nil, err
	}
	text := base64.StdEncoding.EncodeToString
	f.Key, f.Identity, f.Account = text(wrapped), text(sealed), text(seal(k.AEAD, f.Person, []byte(f.Number)))
	b, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	return b, os.WriteFile(file, append(b, '\n'), 0o644)
}

// Goal: what is sealed today has the form that is frozen, too. Method: it is
// opened here with the standard library alone, as the form says: 12 bytes of nonce
// and AES-256-GCM, with the person as additional data; the person's key likewise,
// under the key that HKDF derives from the master key to wrap.
func TestSealsHaveTheFrozenForm(t *testing.T) {
	v := layoutVault(t)
	person, id := events.Person{9}, events.Identity{IDNumber: number(2), Name: "李"}
	k, wrapped, err := v.newKey(person)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := k.sealIdentity(id)
	if err != nil {
		t.Fatal(err)
	}
	master, err := hex.DecodeString(layoutMaster)
	if err != nil {
		t.Fatal(err)
	}
	wrap, err := hkdf.Key(sha256.New, master, nil, "muster vault v1: wrap", 32)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := openPlainly(wrap, wrapped, person)
	if err != nil {
		t.Fatal("the person's key:", err)
	}
	plain, err := openPlainly(secret, sealed, person)
	if want := fmt.Sprintf(`{"id_number":%q,"name":"李"}`, number(2)); err != nil || string(plain) != want {
		t.Errorf("the identity is %s: %v, want %s", plain, err, want)
	}
}

func openPlainly(key, sealed []byte, person events.Person) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, sealed[:12], sealed[12:], person[:])
}
