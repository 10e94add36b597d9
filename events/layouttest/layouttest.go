// Package layouttest holds durable byte forms to frozen goldens, for tests.
//
// A form is a layout of bytes that one version of the program writes and another
// one reads: packed rows, snapshots, messages of the log. Each form has a version
// constant, which decides whether stored bytes are read or thrown away and made
// anew. When the bytes change and the constant does not, stored bytes are
// misread, and no test that writes and reads with the same code notices.
//
// [Check] notices: it compares the bytes of a fixed fill with those that were
// frozen for the latest version up to the present one.
//
//	bytes         version     what Check does
//	are equal     any         passes
//	differ        is frozen   fails: raise the constant
//	differ        has risen   fails: freeze the new golden
//
// The flag -layouts freezes a golden of a version that has none:
//
//	go test ./projections/readmodel -run Layout -layouts
//
// Goldens are files testdata/layouts/FORM.vVERSION.txt, a case a line. A file is
// never written over; those of older versions stay.
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

// Forever is the Constant of a form that has no version, since what was written in
// it is never written again: a change of its layout needs a version, and a reader
// of the old form beside that of the new one.
const Forever = "a version that the form does not have yet (what was written must be read for ever)"

// Freezing says whether goldens are to be frozen, for forms that hold something
// random and so cannot be compared by [Check].
func Freezing() bool { return *freeze }

// A Form is a durable byte form.
type Form struct {
	Name string // of its files: lower case and hyphens
	// Constant is what has to be raised when the layout changes, such as
	// readmodel.schemaVersion.
	Constant string
	// Version is the value of Constant; of several constants, all of them in a
	// fixed order.
	Version []int
	Dir     string // of the goldens; empty is testdata/layouts
}

// A Case is the bytes of one fixed fill of a form.
type Case struct {
	Name  string // without a line feed or a colon
	Bytes []byte
	Text  string // in place of Bytes, where people can read it
}

// Check fails the test unless the cases of a form have the bytes that were frozen.
func Check(t testing.TB, f Form, cases ...Case) {
	t.Helper()
	if err := f.check(render(cases), *freeze); err != nil {
		t.Error(err)
	}
}

// render writes cases as the golden files have them.
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

// check compares text with the latest golden up to the version of the form, and
// freezes it where the version has none and freezing is asked for.
func (f Form) check(text string, freezing bool) error {
	latest, frozen, err := f.latest()
	if err != nil {
		return err
	}
	if frozen == text && latest != nil {
		return nil
	}
	if slices.Equal(latest, f.Version) {
		return fmt.Errorf("the layout of %s changed at %s: raise %s above %s, and freeze the new golden with -layouts; stored bytes of this version would be misread",
			f.Name, firstDifference(frozen, text), f.Constant, dotted(f.Version))
	}
	if !freezing {
		return fmt.Errorf("the layout of %s has no golden for %s %s: freeze it with -layouts", f.Name, f.Constant, dotted(f.Version))
	}
	if err := os.MkdirAll(f.dir(), 0o755); err != nil {
		return err
	}
	return os.WriteFile(f.file(f.Version), []byte(text), 0o644)
}

// latest returns the highest version up to the form's that has a golden, and the
// golden; nil where there is none.
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

// versionOf reads the version in the name of a golden of the form.
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

// firstDifference shows the first line that is not the same.
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
