// Package layouttest compares durable byte forms with frozen goldens, in tests.
//
// A form is a layout of bytes that one version of the program writes and another
// version reads: packed rows, snapshots, messages of the log. Each form has a version
// constant. A program reads stored bytes only if their version is the constant, and
// otherwise discards and rebuilds them. If the bytes change and the constant does
// not, stored bytes are misread. A test that writes and reads with the same code
// cannot notice this.
//
// [Check] notices it. It compares the bytes of fixed test values with those that were
// frozen for the latest version up to the present one.
//
//	bytes     golden of this version    what Check does
//	equal     any                       passes
//	differ    exists                    fails: raise the constant
//	differ    does not exist            fails: freeze a new golden
//
// The flag -layouts freezes the golden of a version that has none:
//
//	go test ./projections/readmodel -run Layout -layouts
//
// A golden is a file testdata/layouts/FORM.vVERSION.txt with one line for each case.
// An existing file is never overwritten, and the files of older versions stay.
package layouttest

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var freeze = flag.Bool("layouts", false, "freeze the byte layouts of versions that have no golden yet; existing ones are frozen")

// Forever is the Constant of a form that has no version, since data in this form is
// never written again. A change of such a layout needs a version, and a reader of the
// old form beside the reader of the new one.
const Forever = "no constant"

// Freezing reports whether the flag -layouts is set. It is for forms that contain
// random bytes and can therefore not be compared by [Check].
func Freezing() bool { return *freeze }

// A Form is a durable byte form.
type Form struct {
	Name string // name of the golden files: lower-case letters and hyphens
	// Constant is the name of the version constant to raise when the layout changes,
	// such as readmodel.schemaVersion.
	Constant string
	// Version is the value of Constant. If there are several constants, it is all
	// their values in a fixed order.
	Version []int
	Dir     string // folder of the goldens; empty is testdata/layouts
}

// A Case is the bytes of one fixed value in a form.
type Case struct {
	Name  string // contains no line feed and no colon
	Bytes []byte
	Text  string // is given instead of Bytes if the form is readable text
}

// Check fails the test unless the cases of a form have the frozen bytes.
func Check(t testing.TB, f Form, cases ...Case) {
	t.Helper()
	if err := f.check(render(cases), *freeze); err != nil {
		t.Error(err)
	}
}

// render returns the content of a golden file with the given cases.
func render(cases []Case) string {
	var b strings.Builder
	for _, c := range cases {
		content := hex.EncodeToString(c.Bytes)
		if c.Text != "" {
			content = strconv.Quote(c.Text)
		}
		fmt.Fprintf(&b, "%s: %s\n", c.Name, content)
	}
	return b.String()
}

// check compares text with the latest golden up to the version of the form. If
// freezing is true and the version has no golden, check writes one.
func (f Form) check(text string, freezing bool) error {
	latest, frozen, err := f.latest()
	if err != nil {
		return err
	}
	if frozen == text && latest != nil {
		return nil
	}
	if slices.Equal(latest, f.Version) {
		return fmt.Errorf("layout of %s changed at %s%s", f.Name, firstDifference(frozen, text), f.remedy())
	}
	if !freezing {
		return fmt.Errorf("the layout of %s has no golden for %s %s: freeze it with -layouts", f.Name, f.Constant, dotted(f.Version))
	}
	if err := os.MkdirAll(f.dir(), 0o755); err != nil {
		return err
	}
	return os.WriteFile(f.file(f.Version), []byte(text), 0o644)
}

// remedy returns the sentence that says what to do when the layout is to change.
func (f Form) remedy() string {
	if f.Constant == Forever {
		return "what was written in it must be read for ever: give the form a version, and read the old layout as well"
	}
	return fmt.Sprintf("raise %s above %s, and freeze the new golden with -layouts; stored bytes of this version would be misread", f.Constant, dotted(f.Version))
}

// latest returns the highest version, up to that of the form, that has a golden, and
// the content of the golden. The version is nil if there is none.
func (f Form) latest() (version []int, golden string, err error) {
	entries, err := os.ReadDir(f.dir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", err
	}
	for _, e := range entries {
		v, ok := f.versionOf(e.Name())
		if ok && slices.Compare(v, f.Version) <= 0 && (version == nil || slices.Compare(v, version) > 0) {
			version = v
		}
	}
	if version == nil {
		return nil, "", nil
	}
	b, err := os.ReadFile(f.file(version))
	return version, string(b), err
}

// versionOf returns the version in the name of a golden of the form.
func (f Form) versionOf(file string) (version []int, ok bool) {
	text, ok := strings.CutPrefix(file, f.Name+".v")
	if text, found := strings.CutSuffix(text, ".txt"); ok && found {
		for part := range strings.SplitSeq(text, ".") {
			n, err := strconv.Atoi(part)
			if err != nil {
				return nil, false
			}
			version = append(version, n)
		}
	}
	return version, len(version) > 0
}

func (f Form) dir() string {
	if f.Dir == "" {
		return filepath.Join("testdata", "layouts")
	}
	return f.Dir
}

func (f Form) file(version []int) string {
	return filepath.Join(f.dir(), f.Name+".v"+dotted(version)+".txt")
}

func dotted(version []int) string {
	parts := make([]string, len(version))
	for i, n := range version {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, ".")
}

// firstDifference returns the first line that differs.
func firstDifference(frozen, now string) string {
	a, b := strings.Split(frozen, "\n"), strings.Split(now, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return fmt.Sprintf("line %d:\n\twas %s\n\tis  %s\n", i+1, at(a, i), at(b, i))
		}
	}
	return "its end"
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}
