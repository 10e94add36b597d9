//go:build unix

package access

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/muster-works/muster/events/division"
)

func shandong(t *testing.T) *division.Table {
	t.Helper()
	table, err := division.Shandong()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

const another = 61234 // a user that nobody is

// Goal: root may edit a file of a deployment that runs as another user, and the
// deployment can still read it; another user may not. Method: as root, with
// owners that nobody is; the other user is this test run again as one.
func TestOwner(t *testing.T) {
	if file := os.Getenv("MUSTER_TEST_EDIT"); file != "" {
		err := Edit(file, adding("intruder"))
		if err == nil || !strings.Contains(err.Error(), "belongs to somebody else") {
			t.Fatalf("%v", err)
		}
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir, err := os.MkdirTemp("", "access")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	owner := func(file string) (uint32, uint32, os.FileMode) {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		s := info.Sys().(*syscall.Stat_t)
		return s.Uid, s.Gid, info.Mode().Perm()
	}
	if err := os.Chown(dir, another, another+1); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "access.json")
	if err := Edit(file, adding("first")); err != nil {
		t.Fatal(err)
	}
	if uid, gid, mode := owner(file); uid != another || gid != another+1 || mode != 0o600 {
		t.Errorf("new: %d:%d %v", uid, gid, mode)
	}
	if err := os.Chown(file, another+2, another+3); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Edit(file, adding("second")); err != nil {
		t.Fatal(err)
	}
	if uid, gid, mode := owner(file); uid != another+2 || gid != another+3 || mode != 0o644 {
		t.Errorf("replaced: %d:%d %v", uid, gid, mode)
	}
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "access.test")
	if err := os.WriteFile(binary, self, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "-test.run=^TestOwner$")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "MUSTER_TEST_EDIT="+file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: another, Gid: another + 1}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("as another user: %v\n%s", err, out)
	}
	if f, err := Load(file); err != nil || len(f.Agencies) != 2 {
		t.Errorf("%+v, %v", f, err)
	}
	if left, _ := filepath.Glob(file + "*"); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
