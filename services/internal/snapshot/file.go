package snapshot

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Replace puts a snapshot in the place of a file, for its owner alone, and makes
// the directory where there is none. It is durable on return; fill has returned
// long before. Two processes that do so at once may each spoil what the other
// writes, which [Read] notices.
func Replace(path string, fill func(*Writer)) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	// Always of one name: what a process leaves that is killed is written over.
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

// Read opens a snapshot, makes sure that it is whole, and hands it to take. It
// fails with ErrDoubtful, with [io/fs.ErrNotExist] where there is no file, or
// with what take returns.
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
