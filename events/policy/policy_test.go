package policy

import (
	"bytes"
	_ "embed"
	"errors"
	"strings"
	"testing"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

//go:embed county-370211.json
var county []byte

// Goal: the example of a county's pack is a valid pack.
// Method: it is parsed, and members that it sets are compared.
func TestCounty(t *testing.T) {
	p, err := Parse(county)
	if err != nil {
		t.Fatal(err)
	}
	if p.Jurisdiction != "370211" || p.ValidFrom != civil.MustDate("2024-02-01") || p.Term.Months != 24 || len(p.Eligibility) != 2 {
		t.Errorf("%+v", p)
	}
}

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

// Goal: the packs of the reference programme follow each other, and the ages rise from 2025 on.
// Method: the pack in force before and after is asked when a man of 1965-01 retires.
func TestReferences(t *testing.T) {
	packs, err := References()
	if err != nil {
		t.Fatal(err)
	}
	var b Book
	for _, p := range packs {
		b.Adopt(p)
	}
	for on, want := range map[string]string{"2024-12-31": "2025-01", "2025-01-01": "2025-02"} {
		p := b.InForce("370211102231", civil.MustDate(on))
		if got := p.RetirementMonth("M", civil.MustMonth("1965-01")); got != civil.MustMonth(want) {
			t.Errorf("by %s, in force on %s: %s, want %s", p.Version, on, got, want)
		}
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

// Goal: an error names the line and column of the wrong value, of the unknown name,
// or of the object in which a member is missing. Columns count characters from 1.
// Method: a table of changes of the reference pack.
func TestParseNamesThePlace(t *testing.T) {
	const whole = "{\n \"policy\": \"p\",\n \"版本\": 1}"
	for _, c := range []struct {
		old, new string
		place    string // what follows the first <here> of new
	}{
		{`"months": 36`, `"months": <here>0`, "term.months must be from 1 to 1200"},
		{`"months": 36`, `"months": <here>"36"`, "term.months must be a whole number"},
		{`"months": 36, "near`, `<here>"month": 36, "near`, "term.month is no member of a policy pack; check its spelling"},
		{`"valid_from": "2021-01-01"`, `"valid_from": <here>"2021-02-30"`, "valid_from must be a date that exists, as YYYY-MM-DD"},
		{`"required": true`, `"required": <here>1`, "agreement.required must be true or false"},
		{`"title": "crime"`, `"title": <here>7`, "exits.codes[9].title must be a text"},
		{`"kind": "dismissal", "title": "crime"`, `"kind": <here>"x", "title": "crime"`, "exits.codes[9].kind must be one of [natural dismissal]"},
		{`{"code": "D5", "kind": "dismissal",`, `<here>{"code": "D5",`, "exits.codes[9].kind must be one of [natural dismissal]"},
		{`{"code": "D1", "kind"`, `{"label": "顶岗", "code": <here>1, "kind"`, "exits.codes[5].code must be a text"},
		{`"publicity": {"days": 3},`, `"publicity": <here>[3],`, "publicity must be an object"},
		{`"backfill": {"days": 30},` + "\n  ", `"backfill": {"days": 30}` + "\n  <here>", "is not valid JSON"},
		{`"policy": "shandong-reference",`, `"policy": "a", <here>"policy": "b",`, "policy stands twice"},
		{`{` + "\n" + `  "policy": "shandong-reference",`, "<here>{", "policy is missing"},
	} {
		text := strings.Replace(string(reference), c.old, c.new, 1)
		before, after, ok := strings.Cut(text, "<here>")
		if !ok {
			t.Fatalf("the reference pack has no %s", c.old)
		}
		line := 1 + strings.Count(before, "\n")
		column := 1 + len([]rune(before[strings.LastIndex(before, "\n")+1:]))
		_, err := Parse([]byte(before + after))
		var field *FieldError
		if !errors.As(err, &field) || field.Line != line || field.Column != column || !strings.Contains(err.Error(), c.place) {
			t.Errorf("%s: %v, want line %d, column %d and %s", c.new, err, line, column, c.place)
		}
	}
	for text, want := range map[string]string{
		whole: "line 3, column 2: 版本 is no member", "[]": "line 1, column 1: must be an object", "null": "line 1, column 1: must be a JSON object",
		"": "line 1, column 1: is not valid JSON", `{"policy":"p"} x`: "line 1, column 16: is not valid JSON",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// Goal: the place of a character in a text is found behind escapes and multi-byte
// characters.
// Method: a table of texts.
func TestLocateCharacter(t *testing.T) {
	b := []byte(`{"eligibility":[{"when":"a\\\"\u00e9岗x"}]}`)
	at := bytes.IndexByte(b, 'x')
	for character, column := range map[int]int{0: 25, 1: 26, 2: 27, 3: 29, 4: 31, 5: 37, 6: 38} {
		e := &FieldError{Field: "eligibility[0].when", Character: character}
		if _ = Locate(b, errors.Join(e)); e.Line != 1 || e.Column != column {
			t.Errorf("character %d is at %d:%d, want column %d", character, e.Line, e.Column, column)
		}
	}
	if got := inText(b, 24, 6); got != at {
		t.Errorf("x is at byte %d, want %d", got, at)
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
