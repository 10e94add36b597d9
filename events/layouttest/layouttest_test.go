package layouttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Goal: Check passes and fails as its documentation says.
// Method: each step is a version and bytes, compared with what the steps before it
// froze.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	for _, step := range []struct {
		name     string
		version  []int
		text     string
		freezing bool
		want     string // part of the error; empty if there is none
	}{
		{"nothing is frozen yet", []int{3}, "a: 01\n", false, "has no golden for p.Version 3"},
		{"the first one is frozen", []int{3}, "a: 01\n", true, ""},
		{"equal", []int{3}, "a: 01\n", false, ""},
		{"other bytes under the same version", []int{3}, "a: 02\n", false, "raise p.Version above 3"},
		{"which freezing does not hide", []int{3}, "a: 02\n", true, "was a: 01"},
		{"a version raised for another form", []int{4}, "a: 01\n", false, ""},
		{"other bytes under a raised version", []int{4}, "a: 02\n", false, "has no golden for p.Version 4"},
		{"which are frozen", []int{4}, "a: 02\n", true, ""},
		{"another change", []int{4}, "a: 02\nb: 01\n", true, "is  b: 01"},
		{"the version taken back", []int{3}, "a: 02\n", false, "raise p.Version above 3"},
		{"the last of several constants raised", []int{4, 1}, "a: 05\n", true, ""},
		{"and no further", []int{4, 1}, "a: 06\n", false, "raise p.Version above 4.1"},
	} {
		err := Form{Name: "rows", Constant: "p.Version", Version: step.version, Dir: dir}.check(step.text, step.freezing)
		if step.want == "" && err != nil || step.want != "" && (err == nil || !strings.Contains(err.Error(), step.want)) {
			t.Errorf("%s: %v, want %q", step.name, err, step.want)
		}
	}
	if b, err := os.ReadFile(filepath.Join(dir, "rows.v3.txt")); err != nil || string(b) != "a: 01\n" {
		t.Errorf("the golden of version 3 is %q: %v", b, err)
	}
}

// Goal: the remedy for a form without a version is not to raise one.
func TestForever(t *testing.T) {
	f := Form{Name: "message", Constant: Forever, Version: []int{1}, Dir: t.TempDir()}
	if err := f.check("a: 01\n", true); err != nil {
		t.Fatal(err)
	}
	if err := f.check("a: 02\n", true); err == nil || !strings.Contains(err.Error(), "read the old layout as well") {
		t.Errorf("%v", err)
	}
}

// Goal: a golden of a form whose name begins with that of another form is not
// mistaken for a golden of the other form.
func TestVersionOf(t *testing.T) {
	f := Form{Name: "rows"}
	for name, want := range map[string]string{
		"rows.v12.txt": "12", "rows.v1.2.3.txt": "1.2.3", "rows-of-posts.v1.txt": "", "rows.vx.txt": "", "rows.v1": "", "README.md": "",
	} {
		v, ok := f.versionOf(name)
		if got := dotted(v); got != want || ok != (want != "") {
			t.Errorf("%s: %q %v, want %q", name, got, ok, want)
		}
	}
}
