//go:build !unix

package access

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// lock takes a folder for this process by a file that only one can make. A
// process that is killed leaves it behind.
func lock(dir string, patience time.Duration) (unlock func(), err error) {
	name := filepath.Join(dir, "access.lock")
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL, 0o600)
		switch {
		case err == nil:
			f.Close()
			return func() { os.Remove(name) }, nil
		case !errors.Is(err, fs.ErrExist):
			return nil, err
		case time.Now().After(deadline):
			return nil, fmt.Errorf("another process has been editing for %v; if none is, remove %s", patience, name)
		}
	}
}

// own does nothing: a file has the access list of its folder.
func own(*os.File, os.FileInfo) error { return nil }
