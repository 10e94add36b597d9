package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
)

// Goal: a pack that can be adopted passes. Each fault of another pack is named by file,
// line and column; a fault inside an expression is named by its very character.
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
		{[]string{"--lang", "zh", wrong}, wrong + ":36:22: term.months 应在1至1200之间\n", true},
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
	if out, err := try(t, "up", "--policy", unknown, "--data", filepath.Join(dir, "data"), "--http", "127.0.0.1:0", "--nats", "127.0.0.1:0"); err == nil ||
		!strings.Contains(out, unknown+": policy pack: line 26, column 65: ") {
		t.Errorf("a log that would begin with it: %v\n%s", err, out)
	}
}

// Goal: the pack of a county, adopted through the policy service, decides in the county
// from its first day on, and nowhere else. A decision that was made before stays, and
// names the pack of that time. Method: hires on both sides of the first day, before and
// after the adoption, with the real program.
func TestPolicyAdopt(t *testing.T) {
	const pack = "../../events/policy/county-370211.json"
	data := filepath.Join(t.TempDir(), "data")
	i := up(t, data)
	const county, other = "370211102231", "370212001001"
	post(t, i, "application/x-ndjson", said("p", "post.developed", `"post":"P","category":"public_service","area":"rural","seats":9,"from":"2022-01-01"`)+"\n"+
		strings.ReplaceAll(said("q", "post.developed", `"post":"Q","category":"public_service","area":"rural","seats":9,"from":"2022-01-01"`), county, other))
	// Two years and a month: the province allows three years, the county two.
	hire := func(n int, at, post_, from, until string) string {
		return strings.ReplaceAll(said(fmt.Sprint("h-", n), "hire.placed", fmt.Sprintf(
			`"post":%q,"from":%q,"until":%q,"group":"older","identity":%s,"review":{"on":"2024-01-10"},"publicity":{"from":"2024-01-12","until":"2024-01-22"},"agreement":{"number":"A","signed":"2024-01-25","until":%q}`,
			post_, from, until, person(n).identity(), until)), county, at)
	}
	submit := func(body string) string {
		r := post(t, i, "application/json", body)[0]
		if r.Status == events.Rejected {
			return string(r.Reasons[0].Code) + " " + r.Reasons[0].Field
		}
		return string(r.Status)
	}
	if got := submit(hire(1, county, "P", "2024-02-01", "2026-03-01")); got != "accepted" {
		t.Errorf("before the county's pack is known: %s", got)
	}
	if out := muster(t, "policy", "adopt", pack, "--to", i.HTTP); !strings.Contains(out, "accepted at ") {
		t.Errorf("adopt: %s", out)
	}
	if out := muster(t, "policy", "adopt", pack, "--to", i.HTTP); !strings.Contains(out, "duplicate at ") {
		t.Errorf("adopt again: %s", out)
	}
	for _, c := range []struct{ body, want string }{
		{hire(2, county, "P", "2024-01-31", "2026-03-01"), "accepted"},
		{hire(3, county, "P", "2024-02-01", "2026-03-01"), "term_too_long data.until"},
		{hire(4, county, "P", "2024-02-01", "2026-02-01"), "accepted"},
		{hire(5, other, "Q", "2024-02-01", "2026-03-01"), "accepted"},
	} {
		if got := submit(c.body); got != c.want {
			t.Errorf("%s: %s, want %s", c.body, got, c.want)
		}
	}
	var by []string
	for _, l := range lines(t, muster(t, "log", "cat", "--data", data, "--boundary", "placement")) {
		if l.Type == "hire.placed" {
			by = append(by, l.ID+" "+l.PolicyVersion)
		}
	}
	if want := []string{"h-1 shandong-2022.1", "h-2 shandong-2022.1", "h-4 370211-2024.1", "h-5 shandong-2022.1"}; !slices.Equal(by, want) {
		t.Errorf("decided by %q, want %q", by, want)
	}
	if out, err := try(t, "policy", "adopt", "../../events/testdata/v1/README.md", "--to", i.HTTP); err == nil {
		t.Errorf("what is no pack: %s", out)
	}
}
