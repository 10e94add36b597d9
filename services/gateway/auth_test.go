package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
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
		"service":         `{"agencies":[{"name":"a","services":["gateway"]}]}`,
	} {
		if _, err := ReadAuth(strings.NewReader(file)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
