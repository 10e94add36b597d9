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
		{"name":"370211-rsj","token_sha256":"` + hashOf("county-token") + `","division":"370211","services":["hire","attendance"]},
		{"name":"province","token_sha256":"` + hashOf("province-token") + `","division":"370000000000","record":true,"import":true},
		{"name":"bank","division":""}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

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
	if c, ok := a.byName("bank"); !ok || c.AuthType != "nkey" {
		t.Errorf("bank %+v, %v", c, ok)
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
	const key = "UDSU7CL3RHKZEDU2UCESAN63V7YX56NSSUXEVLTNKSTF7BUWRB2JYGKS"
	if _, err := ReadAuth(strings.NewReader(`{"agencies":[{"name":"a","nkey":"` + key + `"}]}`)); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"not JSON":        `agencies`,
		"none":            `{"agencies":[]}`,
		"unknown member":  `{"agencies":[{"name":"a","token":"secret"}]}`,
		"name of subject": `{"agencies":[{"name":"a.b"}]}`,
		"no name":         `{"agencies":[{"name":""}]}`,
		"local":           `{"agencies":[{"name":"local"}]}`,
		"twice":           `{"agencies":[{"name":"a"},{"name":"a"}]}`,
		"one token":       `{"agencies":[{"name":"a","token_sha256":"` + hash + `"},{"name":"b","token_sha256":"` + hash + `"}]}`,
		"short hash":      `{"agencies":[{"name":"a","token_sha256":"abcd"}]}`,
		"division":        `{"agencies":[{"name":"a","division":"37021"}]}`,
		"nkey":            `{"agencies":[{"name":"a","nkey":"UABC"}]}`,
		"one nkey":        `{"agencies":[{"name":"a","nkey":"` + key + `"},{"name":"b","nkey":"` + key + `"}]}`,
		"name with nkey":  `{"agencies":[{"name":"a_b","nkey":"` + key + `"}]}`,
		"service":         `{"agencies":[{"name":"a","services":["gateway"]}]}`,
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
