package admission

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/gateway/problem"
	"github.com/muster-works/muster/services/internal/access"
	"github.com/nats-io/nkeys"
)

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// listed makes an Auth of the text of an access file.
func listed(t testing.TB, text string) *Auth {
	t.Helper()
	f, err := access.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	list, err := access.NewList(f)
	if err != nil {
		t.Fatal(err)
	}
	return NewAuth(func() *access.List { return list })
}

func agencies(t testing.TB) *Auth {
	return listed(t, `{"version":2,"agencies":[
		{"name":"370211-rsj","tokens":[{"sha256":"`+hashOf("old-county-token")+`","expires":"2026-01-01T00:00:00Z"},{"sha256":"`+hashOf("county-token")+`"}],
			"nkeys":["`+publicKey(t)+`"],"division":"370211","services":["hire","attendance"]},
		{"name":"province","tokens":[{"sha256":"`+hashOf("province-token")+`"}],"division":"370000000000","rights":["record","import"]},
		{"name":"bank","nkeys":["`+publicKey(t)+`"],"division":""},
		{"name":"clerk","nats_user":"clerk","nats_password_bcrypt":"`+bcrypted+`","division":"370211"},
		{"name":"hub","division":"37"},
		{"name":"closed","tokens":[{"sha256":"`+hashOf("closed-token")+`"}],"division":"370211","disabled":true}],
		"readers":[{"name":"li","tokens":[{"sha256":"`+hashOf("li-token")+`"}],"division":"370211","role":"auditor"}]}`)
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

// Who submits, with which rights; and what those are told who may not.
func TestSubmitter(t *testing.T) {
	a := agencies(t)
	submitter := func(authorization string) (Caller, error) {
		r := httptest.NewRequest(http.MethodPost, "/v1/events", nil)
		r.Header.Set("Authorization", authorization)
		return a.Submitter(r)
	}
	c, err := submitter("Bearer county-token")
	if err != nil || c.Agency != "370211-rsj" || c.Prefix != "370211" || !c.Families[events.Hire] || c.Families[events.Exit] || c.Record || c.Import || c.AuthType != "token" {
		t.Errorf("county %+v, %v", c, err)
	}
	c, err = submitter("bearer province-token")
	if err != nil || c.Prefix != "37" || c.Families != nil || !c.Record || !c.Import || c.Reveal {
		t.Errorf("province %+v, %v", c, err)
	}
	for _, test := range []struct {
		name, authorization string
		status              int
		detail              string
	}{
		{"none", "", 401, "send Authorization: Bearer and the agency's token"},
		{"unknown", "Bearer county", 401, "send Authorization"},
		{"with a blank", "Bearer county-token ", 401, "send Authorization"},
		{"a hash", "Bearer " + hashOf("county-token"), 401, "send Authorization"},
		{"another scheme", "Basic county-token", 401, "send Authorization"},
		{"one that has ended", "Bearer old-county-token", 401, "ended at 2026-01-01T00:00:00Z; use the one that replaced it"},
		{"of a disabled agency", "Bearer closed-token", 403, "closed is disabled"},
		{"of a reader", "Bearer li-token", 403, "li is a reader, who may ask and not submit"},
	} {
		t.Run(test.name, func(t *testing.T) { refused(t, test.status, test.detail)(submitter(test.authorization)) })
	}
}

// refused checks that a caller was refused with a status and a reason.
func refused(t *testing.T, status int, detail string) func(Caller, error) {
	return func(c Caller, err error) {
		t.Helper()
		var p *problem.Problem
		if !errors.As(err, &p) || p.Status != status || !strings.Contains(p.Detail, detail) || c.Agency != "" {
			t.Errorf("%+v, %v, want %d %s", c, err, status, detail)
		}
	}
}

// Who publishes over NATS, and how the server knew.
func TestPublisher(t *testing.T) {
	a := agencies(t)
	for name, want := range map[string]string{"370211-rsj": "nkey", "bank": "nkey", "clerk": "user", "hub": "nats"} {
		if c, err := a.Publisher(name); err != nil || c.AuthType != want || c.Agency != name {
			t.Errorf("%s %+v, %v", name, c, err)
		}
	}
	refused(t, 403, "closed is disabled")(a.Publisher("closed"))
	for _, name := range []string{"local", "li", "none", ""} {
		refused(t, 401, "no such agency")(a.Publisher(name))
	}
}

// A list that replaces another counts from the next request on.
func TestAuthFollowsList(t *testing.T) {
	now := agencies(t)
	a := NewAuth(func() *access.List { return now.list() })
	if _, err := a.Publisher("hub"); err != nil {
		t.Fatal(err)
	}
	now = listed(t, `{"version":2,"agencies":[{"name":"other","division":""}]}`)
	if _, err := a.Publisher("hub"); err == nil {
		t.Error("the list before still counts")
	}
}
