package access

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events/division"
)

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// Who is let in when, and what the others are told.
func TestToken(t *testing.T) {
	tokens := func(name, ends string) string {
		return `"tokens":[{"sha256":"` + hashOf(name+"-old") + `","expires":"` + ends + `"},{"sha256":"` + hashOf(name+"-new") + `"}]`
	}
	l, err := NewList(mustRead(t, `{"version":2,"agencies":[
		{"name":"county","division":"370211",`+tokens("county", "2026-07-01T00:00:00Z")+`},
		{"name":"closed","division":"",`+tokens("closed", "2026-07-01T00:00:00Z")+`,"disabled":true}],"readers":[
		{"name":"li","division":"370200000000","role":"viewer",`+tokens("li", "2026-07-01T00:00:00Z")+`,"expires":"2026-08-01T00:00:00Z"},
		{"name":"wang","division":"","role":"operator",`+tokens("wang", "2026-07-01T00:00:00Z")+`}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, token, at, want, denied string }{
		{"the new one", "county-new", "2026-09-01T00:00:00Z", "county", ""},
		{"the old one while it counts", "county-old", "2026-06-30T23:59:59Z", "county", ""},
		{"the old one from its end on", "county-old", "2026-07-01T00:00:00Z", "", "token of county ended at 2026-07-01T00:00:00Z; use the one that replaced it"},
		{"of a disabled agency", "closed-new", "2026-01-01T00:00:00Z", "", "closed is disabled"},
		{"of a reader", "li-new", "2026-07-31T00:00:00Z", "li", ""},
		{"of a reader whose time is over", "li-new", "2026-08-01T00:00:00Z", "", "access of li ended at 2026-08-01"},
		{"of another reader", "wang-old", "2026-06-01T00:00:00Z", "wang", ""},
		{"nobody's", "county", "2026-01-01T00:00:00Z", "", "nobody"},
		{"none", "", "2026-01-01T00:00:00Z", "", "nobody"},
		{"a hash", hashOf("county-new"), "2026-01-01T00:00:00Z", "", "nobody"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := l.Token(c.token, instant(c.at))
			switch {
			case c.want == "" && (err == nil || !strings.Contains(err.Error(), c.denied)):
				t.Errorf("%v, want %s", err, c.denied)
			case c.want != "" && (err != nil || h.Account().Name != c.want):
				t.Errorf("%+v, %v, want %s", h, err, c.want)
			}
		})
	}
	if h, err := l.Token("li-new", instant("2026-01-01T00:00:00Z")); err != nil || h.Prefix() != "3702" || h.Operator() {
		t.Errorf("%+v, %v", h, err)
	}
	if h, err := l.Token("wang-new", time.Now()); err != nil || !h.Operator() {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestAgency(t *testing.T) {
	l, err := NewList(mustRead(t, everything))
	if err != nil {
		t.Fatal(err)
	}
	var denial *Denial
	if _, err := l.Agency("370211-rsj"); !errors.As(err, &denial) {
		t.Errorf("disabled: %v", err)
	}
	for _, name := range []string{"li", "local", "", "CLERK"} {
		if _, err := l.Agency(name); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// What may not be meant is said, and refused only where an account is added.
func TestDoubts(t *testing.T) {
	table, err := division.Shandong()
	if err != nil {
		t.Fatal(err)
	}
	l, err := NewList(mustRead(t, `{"version":2,"agencies":[{"name":"a","division":"370211","quota":{"bodies":3}},{"name":"b","division":"370299"}],
		"readers":[{"name":"c","division":"41","role":"viewer"},{"name":"d","division":"","role":"viewer"},{"name":"e","division":"370211102231","role":"viewer"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(l.Doubts(table), "\n")
	for _, want := range []string{`"b": division: 370299 is in no table`, `"c": division: 41 is in no table`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nlacks %s", got, want)
		}
	}
	if n := strings.Count(got, "\n"); n != 1 {
		t.Errorf("%d doubts:\n%s", n+1, got)
	}
}

func TestRotate(t *testing.T) {
	now := instant("2026-06-01T00:00:00Z")
	grace := now.Add(7 * 24 * time.Hour)
	a, b, next := Token{SHA256: "a"}, Token{SHA256: "b"}, Token{SHA256: "n", Added: now}
	ends := func(t Token, at time.Time) Token { t.Expires = at; return t }
	for _, c := range []struct {
		name   string
		before Tokens
		until  time.Time
		want   Tokens
	}{
		{"the first", nil, grace, Tokens{next}},
		{"the second", Tokens{a}, grace, Tokens{ends(a, grace), next}},
		{"a third: the oldest goes", Tokens{a, b}, grace, Tokens{ends(b, grace), next}},
		{"at once", Tokens{a}, now, Tokens{next}},
		{"one that ends earlier keeps its end", Tokens{ends(a, now.Add(time.Hour))}, grace, Tokens{ends(a, now.Add(time.Hour)), next}},
		{"one that has ended goes", Tokens{ends(a, now.Add(-time.Hour))}, grace, Tokens{next}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.before.Rotate(next, c.until)
			if len(got) != len(c.want) {
				t.Fatalf("%+v, want %+v", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("%+v, want %+v", got[i], c.want[i])
				}
			}
		})
	}
}
