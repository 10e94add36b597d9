package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/nats-io/nkeys"
)

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func agencies(t testing.TB) *Auth {
	t.Helper()
	a, err := ReadAuth(strings.NewReader(`{"agencies":[
		{"name":"370211-rsj","token_sha256":"` + hashOf("county-token") + `","nkey":"` + publicKey(t) + `","division":"370211","services":["hire","attendance"]},
		{"name":"province","token_sha256":"` + hashOf("province-token") + `","division":"370000000000","record":true,"import":true},
		{"name":"bank","nkey":"` + publicKey(t) + `","division":""},
		{"name":"clerk","nats_user":"clerk","nats_password_bcrypt":"` + bcrypted + `","division":"370211"},
		{"name":"hub","division":"37"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// publicKey is that of a NATS user.
func publicKey(t testing.TB) string {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return public
}

// bcrypted is the hash of a password.
const bcrypted = "$2a$04$SxoxZwGLFo1yzbTJMmKkC.iyu5Yy1DOEqt9Eo9AJaHoQ3pDAVLb7y"

func TestAuth(t *testing.T) {
	a := agencies(t)
	c, ok := a.byToken("county-token")
	if !ok || c.Agency != "370211-rsj" || c.Prefix != "370211" || !c.Families[events.Hire] || c.Families[events.Exit] || c.Record || c.Import || c.AuthType != "token" {
		t.Errorf("county %+v, %v", c, ok)
	}
	c, ok = a.byToken("province-token")
	if !ok || c.Prefix != "37" || c.Families != nil || !c.Record || !c.Import {
		t.Errorf("province %+v, %v", c, ok)
	}
	for name, want := range map[string]string{"bank": "nkey", "clerk": "user", "hub": "nats"} {
		if c, ok := a.byName(name); !ok || c.AuthType != want {
			t.Errorf("%s %+v, %v", name, c, ok)
		}
	}
	for _, token := range []string{"", "county-token ", hashOf("county-token")} {
		if c, ok := a.byToken(token); ok {
			t.Errorf("token %q is %+v", token, c)
		}
	}
	if _, ok := a.byName("local"); ok {
		t.Error("local is an agency")
	}
}

func TestReadAuthRefuses(t *testing.T) {
	hash := hashOf("x")
	key := publicKey(t)
	if _, err := ReadAuth(strings.NewReader(`{"agencies":[{"name":"a","division":"","nkey":"` + key + `"}]}`)); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"not JSON":        `agencies`,
		"none":            `{"agencies":[]}`,
		"unknown member":  `{"agencies":[{"division":"","name":"a","token":"secret"}]}`,
		"name of subject": `{"agencies":[{"division":"","name":"a.b"}]}`,
		"no name":         `{"agencies":[{"division":"","name":""}]}`,
		"local":           `{"agencies":[{"division":"","name":"local"}]}`,
		"twice":           `{"agencies":[{"division":"","name":"a"},{"division":"","name":"a"}]}`,
		"one token":       `{"agencies":[{"division":"","name":"a","token_sha256":"` + hash + `"},{"division":"","name":"b","token_sha256":"` + hash + `"}]}`,
		"short hash":      `{"agencies":[{"division":"","name":"a","token_sha256":"abcd"}]}`,
		"division":        `{"agencies":[{"name":"a","division":"37021"}]}`,
		"nkey":            `{"agencies":[{"division":"","name":"a","nkey":"UABC"}]}`,
		"one nkey":        `{"agencies":[{"division":"","name":"a","nkey":"` + key + `"},{"division":"","name":"b","nkey":"` + key + `"}]}`,
		"name with nkey":  `{"agencies":[{"division":"","name":"a_b","nkey":"` + key + `"}]}`,
		"no service":      `{"agencies":[{"division":"","name":"a","services":[]}]}`,
		"no division":     `{"agencies":[{"name":"a"}]}`,
		"key and user":    `{"agencies":[{"division":"","name":"a","nkey":"` + key + `","nats_user":"a","nats_password_bcrypt":"` + bcrypted + `"}]}`,
		"user in clear":   `{"agencies":[{"division":"","name":"a","nats_user":"a","nats_password_bcrypt":"secret"}]}`,
		"no password":     `{"agencies":[{"division":"","name":"a","nats_user":"a"}]}`,
		"no user":         `{"agencies":[{"division":"","name":"a","nats_password_bcrypt":"` + bcrypted + `"}]}`,
		"one user":        `{"agencies":[{"division":"","name":"a","nats_user":"u","nats_password_bcrypt":"` + bcrypted + `"},{"division":"","name":"b","nats_user":"u","nats_password_bcrypt":"` + bcrypted + `"}]}`,
		"service":         `{"agencies":[{"division":"","name":"a","services":["gateway"]}]}`,
	} {
		if _, err := ReadAuth(strings.NewReader(file)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// Agencies are added one by one, each with secrets of its own that the file
// does not hold; whatever is wrong changes nothing.
func TestAddAgency(t *testing.T) {
	file := filepath.Join(t.TempDir(), "agencies.json")
	add := func(a Agency) (Secrets, error) { return AddAgency(file, a) }
	county, err := add(Agency{Name: "370211-rsj", Division: "370211", Services: []events.Family{events.Hire}, Reveal: true})
	if err != nil {
		t.Fatal(err)
	}
	bank, err := add(Agency{Name: "bank", Record: true, Import: true})
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]Agency{
		"taken":       {Name: "bank"},
		"local":       {Name: "local"},
		"no name":     {},
		"no subject":  {Name: "a_b"},
		"no division": {Name: "c", Division: "3702112"},
		"no service":  {Name: "c", Services: []events.Family{"fire"}},
	} {
		if s, err := add(a); err == nil || s != (Secrets{}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	after, _ := os.ReadFile(file)
	if !bytes.Equal(before, after) {
		t.Errorf("changed in spite of errors: %s", after)
	}
	if left, _ := filepath.Glob(file + "*"); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	for _, secret := range []string{county.Token, county.Seed, bank.Token, bank.Seed} {
		if len(secret) < 40 || bytes.Contains(after, []byte(secret)) {
			t.Errorf("secret %q is short, or in the file", secret)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	a, err := ReadAuth(bytes.NewReader(after))
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := a.byToken(county.Token); !ok || c.Agency != "370211-rsj" || c.Prefix != "370211" || !c.Families[events.Hire] || !c.Reveal || c.Record || c.Import {
		t.Errorf("county %+v, %v", c, ok)
	}
	if c, ok := a.byToken(bank.Token); !ok || c.Agency != "bank" || c.Families != nil || c.Reveal || !c.Record || !c.Import {
		t.Errorf("bank %+v, %v", c, ok)
	}
	key, err := nkeys.FromSeed([]byte(bank.Seed))
	if err != nil {
		t.Fatal(err)
	}
	if public, err := key.PublicKey(); err != nil || public != a.Agencies()[1].NKey {
		t.Errorf("the seed is of %s, the file has %+v", public, a.Agencies()[1])
	}
}

// Many that add at once: each either is in the file, or was told that it is
// not.
func TestAddAgencyAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "agencies.json")
	var all sync.WaitGroup
	added := make([]bool, 16)
	for i := range added {
		all.Go(func() {
			_, err := AddAgency(file, Agency{Name: fmt.Sprint("a-", i)})
			added[i] = err == nil
		})
	}
	all.Wait()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, ok := range added {
		if got := bytes.Contains(text, fmt.Appendf(nil, `"a-%d"`, i)); got != ok {
			t.Errorf("agency %d: added %v, in the file %v", i, ok, got)
		}
	}
}
