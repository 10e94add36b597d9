package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A pack that could be adopted passes; of others every fault is named by file,
// line and column, those inside an expression at its very character.
func TestPolicyCheck(t *testing.T) {
	const file = "../../events/policy/county-370211.json"
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	changed := func(name, old, with string) string {
		if !bytes.Contains(good, []byte(old)) {
			t.Fatalf("the pack has no %s", old)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, bytes.Replace(good, []byte(old), []byte(with), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	broken := changed("broken.json", `"backfill": {"days": 20},`, `"backfill": {"days": 20};`)
	wrong := changed("wrong.json", `"term": {"months": 24,`, `"term": {"months": 0,`)
	unknown := changed("unknown.json", `person.age < 60 ||`, `person.agee < 60 ||`)
	typed := changed("typed.json", `person.age >= 50`, `\"五十\" > person.age`)
	number := changed("number.json", `"when": "hire.group != 'older' || post.area != 'rural' || person.age >= 50 || hire.from < '2025-01-01'"`, `"when": "person.age"`)
	for _, c := range []struct {
		files []string
		want  string
		fails bool
	}{
		{[]string{file}, file + ": policy pack 370211-2024.1, for 370211, from 2024-02-01: 8 groups, 2 conditions, 12 exit codes\n", false},
		{[]string{broken}, broken + ":59:27: is not valid JSON: ", true},
		{[]string{wrong, file}, wrong + ":36:22: term.months must be from 1 to 1200\n" + file + ": policy pack", true},
		{[]string{unknown}, unknown + ":26:65: eligibility[0].when cannot be compiled at 1:50: undeclared reference to 'person.agee'", true},
		{[]string{typed}, typed + ":31:72: eligibility[1].when cannot be compiled at 1:55: found no matching overload for '_>_'", true},
		{[]string{number}, number + ":31:15: eligibility[1].when must be true or false, and not of the type int\n", true},
		{[]string{filepath.Join(dir, "none.json")}, "", true},
	} {
		var out bytes.Buffer
		cmd := root()
		cmd.SetArgs(append([]string{"policy", "check"}, c.files...))
		cmd.SetOut(&out)
		if err := cmd.Execute(); (err != nil) != c.fails || !strings.HasPrefix(out.String(), c.want) {
			t.Errorf("%v: %v\n%swant\n%s", c.files, err, out.String(), c.want)
		}
	}
}
