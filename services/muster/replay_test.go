package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-works/muster/events/policy"
)

// Goal: each option of replay does what it says. Method: the real program beside a
// running deployment.
func TestReplayOptions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up(t, dir, "--simulate", "0.001")
	replayed := func(args ...string) string {
		t.Helper()
		return muster(t, append([]string{"replay", "--data", dir}, args...)...)
	}
	holds := func(out string, all ...string) {
		t.Helper()
		for _, want := range all {
			if !strings.Contains(out, want) {
				t.Errorf("want %q in\n%s", want, out)
			}
		}
	}
	views := filepath.Join(dir, "views")
	current := func(want string) {
		t.Helper()
		if b, err := os.ReadFile(filepath.Join(views, "current")); err != nil || string(b) != want+"\n" {
			t.Errorf("in use is %q: %v, want %s", b, err, want)
		}
	}

	holds(replayed("--dry-run"), "compared gen-000002 with gen-000001", "headcount ", "0 differences", " facts in ")
	current("gen-000001")
	holds(replayed(), "0 differences", "gen-000002 is in use")
	current("gen-000002")
	holds(replayed("--back"), "gen-000001 is in use")
	current("gen-000001")
	one := replayed("--view", "headcount", "--known-at", "2022-06-01")
	holds(one, "headcount ", "0 differences")
	if strings.Contains(one, "vacancy") || strings.Contains(one, "in use") {
		t.Errorf("more than one view, or a switch:\n%s", one)
	}
	current("gen-000001")

	other := filepath.Join(t.TempDir(), "other")
	holds(replayed("--known-at", "2022-06-01", "--to-dir", other), "with gen-000001", "0 differences", "gen-000001 is in use")
	if _, err := os.Stat(filepath.Join(other, "gen-000001.db")); err != nil {
		t.Error(err)
	}

	for _, wrong := range [][]string{
		{"--view", "nosuch"}, {"--known-at", "yesterday"}, {"--known-at", "1990-01-01"}, {"--policy", "nosuch"}, {"--policy", "p", "--dry-run"}, {"--back", "--view", "plan"},
	} {
		if out, err := try(t, append([]string{"replay", "--data", dir}, wrong...)...); err == nil || !strings.Contains(out, wrong[0][2:]) {
			t.Errorf("%v: %v\n%s", wrong, err, out)
		}
	}
	whatIfReplayed(t, dir, replayed, holds)
}

// whatIfReplayed tries another pack: money changes by county and by line, and no view
// does.
func whatIfReplayed(t *testing.T, dir string, replayed func(...string) string, holds func(string, ...string)) {
	before, err := os.ReadDir(filepath.Join(dir, "views"))
	if err != nil {
		t.Fatal(err)
	}
	pack, err := os.ReadFile("../../events/policy/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(pack, []byte(`"rural": 60000`), []byte(`"rural": 70000`), 1)
	changed = bytes.Replace(changed, []byte("shandong-2022.1"), []byte("what-if"), 1)
	if p, err := policy.Parse(changed); err != nil || p.Version != "what-if" || p.Payment.Standard.Rural != 70000 {
		t.Fatalf("pack %+v: %v", p, err)
	}
	file, lines := filepath.Join(t.TempDir(), "pack.json"), filepath.Join(t.TempDir(), "lines.csv")
	if err := os.WriteFile(file, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	out := replayed("--policy", file, "--month", "2022-06", "--lines", lines)
	holds(out, "pack what-if in place of those in force, months 2022-06 to 2022-06", "total ", "would be 70000", "more lines")
	written, err := os.ReadFile(lines)
	if err != nil {
		t.Fatal(err)
	}
	holds(string(written), "division,post,person,month,entitled,would_be", ",2022-06,60000,70000,10000,shandong-2022.1,what-if")

	if err := os.WriteFile(file, bytes.Replace(pack, []byte("shandong-2022.1"), []byte("the-same"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	same := replayed("--policy", file)
	if fields := strings.Fields(same[strings.LastIndex(same, "total"):]); len(fields) != 6 || fields[2] != "0" || fields[3] != fields[4] {
		t.Errorf("the same rules under another name change something:\n%s", same)
	}
	after, err := os.ReadDir(filepath.Join(dir, "views"))
	if err != nil || len(after) != len(before) {
		t.Errorf("%d files where there were %d: %v", len(after), len(before), err)
	}
}
