package blocks

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// unverified is a version of nats-server that was never reviewed.
const unverified = "99.0.0"

// Goal: an upgrade of nats-server fails a test until its files are reviewed.
func TestVerified(t *testing.T) {
	if server.VERSION != verified {
		t.Errorf("nats-server is %s, its files were gone through for %s: see the comment of verified", server.VERSION, verified)
	}
}

// Goal: with another version of the server, no file is read by its format and none is
// changed, and the caller gets the reason.
// Method: files for which each function has something to do with the verified
// version; the same call with another version.
func TestUnverifiedServer(t *testing.T) {
	whole := killed(t, 5, 14, large) // two blocks, the first compressed, and an outdated index
	for _, test := range []struct {
		name   string
		damage func(dir string) error // gives the function something to do
		call   func(dir, version string) (did bool, err error)
	}{
		{"Extend", nil, func(dir, version string) (bool, error) {
			n, err := updateIndex(dir, version)
			return n > 0, err
		}},
		{"Expand", func(dir string) error { return os.Truncate(filepath.Join(dir, msgs, "2.blk"), 0) }, uncompressLast},
		{"Stored", nil, func(dir, version string) (bool, error) {
			n := 0
			err := yieldMessages(dir, version, 0, room, func(Message) bool { n++; return true })
			return n > 0, err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "copy")
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			if test.damage != nil {
				if err := test.damage(dir); err != nil {
					t.Fatal(err)
				}
			}
			before := sums(t, dir)
			if did, err := test.call(filepath.Join(dir, stream), unverified); did || !errors.Is(err, ErrUnverified) {
				t.Errorf("did something: %v, error %v, want %v", did, err, ErrUnverified)
			}
			if !maps.Equal(sums(t, dir), before) {
				t.Error("files were changed")
			}
			if did, err := test.call(filepath.Join(dir, stream), verified); !did || err != nil {
				t.Errorf("under the verified version: did something: %v, error %v", did, err)
			}
		})
	}
}

// Goal: if the last block is not compressed, UncompressLast has nothing to do, so
// that a server of another version starts.
func TestUnverifiedServerStartsOnPlainBlocks(t *testing.T) {
	dir := filepath.Join(killed(t, 3, 4, 100), stream)
	if changed, err := uncompressLast(dir, unverified); changed || err != nil {
		t.Errorf("changed %v, error %v", changed, err)
	}
}

// sums returns the SHA-256 of each file under dir by name.
func sums(t *testing.T, dir string) map[string][sha256.Size]byte {
	t.Helper()
	all := map[string][sha256.Size]byte{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		all[name] = sha256.Sum256(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
