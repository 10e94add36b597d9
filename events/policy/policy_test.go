package policy

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

func TestReference(t *testing.T) {
	p, err := Reference()
	if err != nil {
		t.Fatal(err)
	}
	if g, ok := p.Group("urban", "older"); !ok || !g.Female.Holds(45) || g.Female.Holds(55) || g.Male.Holds(54) || !g.Male.Holds(59) {
		t.Errorf("urban older: %+v, %v", g, ok)
	}
	if c, ok := p.ExitCode("D4"); !ok || c.Kind != "dismissal" {
		t.Errorf("D4: %+v, %v", c, ok)
	}
}

func TestParseNamesTheField(t *testing.T) {
	for _, c := range []struct{ old, new, field string }{
		{`"months": 36`, `"months": 0`, "term.months"},
		{`"due_day": 15`, `"due_day": 31`, "payment.due_day"},
		{`"kind": "dismissal", "title": "crime"`, `"kind": "x", "title": "crime"`, "exits.codes[9].kind"},
		{`"jurisdiction": "37"`, `"jurisdiction": "370"`, "jurisdiction"},
		{`"female": {"from": 45, "until": 65}`, `"female": {"from": 65, "until": 45}`, "groups[0].female"},
	} {
		_, err := Parse(bytes.Replace(reference, []byte(c.old), []byte(c.new), 1))
		var field *FieldError
		if !errors.As(err, &field) || field.Field != c.field {
			t.Errorf("%s: %v, want the field %s", c.new, err, c.field)
		}
	}
	if _, err := Parse([]byte(strings.Replace(string(reference), `"title"`, `"titel"`, 1))); err == nil {
		t.Error("an unknown member is accepted")
	}
}

func TestInForce(t *testing.T) {
	pack := func(version, jurisdiction, from, to string) *Pack {
		p := &Pack{Version: version, Jurisdiction: jurisdiction, ValidFrom: civil.MustDate(from)}
		if to != "" {
			p.ValidTo = civil.MustDate(to)
		}
		return p
	}
	var b Book
	b.Adopt(pack("county", "370211", "2024-02-01", ""))
	b.Adopt(pack("province", "37", "2022-01-01", "2025-01-01"))
	b.Adopt(pack("province-2", "37", "2024-06-01", ""))
	for _, c := range []struct {
		on   string
		at   division.Code
		want string
	}{
		{"2021-12-31", "370211102231", ""},
		{"2022-01-01", "370211102231", "province"},
		{"2024-01-31", "370211102231", "province"},
		{"2024-02-01", "370211102231", "county"},
		{"2024-02-01", "370212102231", "province"},
		{"2024-06-01", "370212102231", "province-2"},
		{"2026-06-01", "370212102231", "province-2"},
	} {
		got := ""
		if p := b.InForce(c.at, civil.MustDate(c.on)); p != nil {
			got = p.Version
		}
		if got != c.want {
			t.Errorf("%s on %s: %q, want %q", c.at, c.on, got, c.want)
		}
	}
}
