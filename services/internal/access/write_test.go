package access

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func adding(name string) func(*File) error {
	return func(f *File) error {
		f.Agencies = append(f.Agencies, Agency{Account: Account{Name: name}})
		return nil
	}
}

// A file of the format before is upgraded by the first change, and keeps its
// mode; a file that is new is its owner's alone.
func TestEdit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "access.json")
	if err := Edit(file, adding("first")); err != nil {
		t.Fatal(err)
	}
	mode := func() os.FileMode {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode()
	}
	if m := mode(); m != 0o600 {
		t.Errorf("made with %v", m)
	}
	before, err := os.ReadFile("testdata/before.json")
	if err == nil {
		err = os.WriteFile(file, before, 0o600)
	}
	if err == nil {
		err = os.Chmod(file, 0o640)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := Edit(file, adding("bank")); err != nil {
		t.Fatal(err)
	}
	if m := mode(); m != 0o640 {
		t.Errorf("replaced with %v", m)
	}
	f, err := Load(file)
	if err != nil || f.Version != Version || len(f.Agencies) != 5 || f.Agencies[4].Name != "bank" {
		t.Errorf("%+v, %v", f, err)
	}
	if left, _ := filepath.Glob(file + "*"); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// Whatever is wrong changes nothing.
func TestEditRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "access.json")
	if err := Edit(file, adding("a")); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*File) error
		want   string
	}{
		{"taken", adding("a"), "is that of"},
		{"no name", adding(""), "name: want"},
		{"its own error", func(f *File) error { return errors.New("no") }, "no"},
		{"unknown", func(f *File) error { return f.RemoveAgency("b") }, `no agency "b"; it lists a`},
		{"unknown reader", func(f *File) error { return f.RemoveReader("b") }, `no reader "b"; it lists none`},
		{"the last one", func(f *File) error { return f.RemoveAgency("a") }, "lists nobody"},
	} {
		if err := Edit(file, c.change); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	if after, _ := os.ReadFile(file); !bytes.Equal(before, after) {
		t.Errorf("changed in spite of errors: %s", after)
	}
	if err := os.WriteFile(file, []byte("{}x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Edit(file, adding("b")); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file that is none: %v", err)
	}
	if left, _ := filepath.Glob(file + "*"); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// Many that edit at once: none is lost, and what a killed process left behind
// is in nobody's way.
func TestEditAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "access.json")
	if err := os.WriteFile(file+".new", []byte("half of"), 0o600); err != nil {
		t.Fatal(err)
	}
	const many = 16
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			if err := Edit(file, adding(fmt.Sprint("a-", i))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	f, err := Load(file)
	if err != nil || len(f.Agencies) != many {
		t.Errorf("%d of %d, %v", len(f.Agencies), many, err)
	}
}

// A link is followed: the file it leads to is replaced, not the link.
func TestEditFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "access.json"), filepath.Join(dir, "link.json")
	if err := errors.Join(Edit(file, adding("a")), os.Symlink(file, link), Edit(link, adding("b"))); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("%v, %v", info, err)
	}
	if f, err := Load(file); err != nil || len(f.Agencies) != 2 {
		t.Errorf("%+v, %v", f, err)
	}
}

// CheckDivision is what a command asks before it adds an account.
func TestCheckDivision(t *testing.T) {
	table := shandong(t)
	for division, good := range map[string]bool{"": true, "37": true, "370211": true, "370211000000": true, "370211102231": true, "370299": false, "99": false, "37021": false} {
		if err := (&Account{Name: "a", Division: division}).CheckDivision(table); (err == nil) != good {
			t.Errorf("%q: %v", division, err)
		}
	}
}
