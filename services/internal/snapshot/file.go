package snapshot

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Replace writes a new snapshot in the place of a file. Only the owner may read the file.
// Replace makes the directory if it is missing. fill writes the values. The new snapshot
// is durable when Replace returns nil; if Replace fails, the old file stays. Only one
// process may replace a file at a time: two at once may damage the file, which [Read]
// detects.
func Replace(path string, fill func(*Writer)) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	// The name is always the same, so that the next call overwrites what a killed
	// process has left.
	under := path + ".new"
	f, err := os.OpenFile(under, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := NewWriter(f)
	fill(w)
	if err := errors.Join(w.Close(), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(under))
	}
	return os.Rename(under, path)
}

// Read opens a snapshot, checks all of its frames, and calls take with a Reader of it. If
// the file is damaged or incomplete, Read fails with [ErrDoubtful] and does not call take.
// If there is no file, Read fails with [io/fs.ErrNotExist]. Otherwise it returns the error
// of take.
func Read(path string, take func(*Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	whole := NewReader(f)
	for whole.next() {
	}
	whole.b = nil
	if err := whole.Close(); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return take(NewReader(f))
}
