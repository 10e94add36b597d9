package access

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// patience is how long [Edit] waits for another process that edits.
const patience = 10 * time.Second

// Load reads the access file at a path.
func Load(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Read(f)
}

// Edit has change alter the access file at a path, and writes it in the present
// format. Where there is no file, change begins with an empty one.
//
// Only one process edits a folder's access file at a time; another one waits 10
// seconds and then fails. The file is replaced as a whole: a reader sees what
// was before or what is after. The new file has the owner, the group and the
// mode of the one before, and Edit fails where it cannot give it those. A file
// that is new is for its owner alone; where root makes it in another user's
// folder, it belongs to that user. A symbolic link is followed.
//
// Edit changes nothing when change fails, or when the result would not pass
// [File.Check].
func Edit(path string, change func(*File) error) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	unlock, err := lock(filepath.Dir(path), patience)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer unlock()
	f, err := Load(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f = &File{}
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := change(f); err != nil {
		return err
	}
	if err := f.Check(); err != nil {
		return err
	}
	text, err := f.Marshal()
	if err != nil {
		return err
	}
	return replace(path, text)
}

// replace puts a new file in the place of the one at a path.
func replace(path string, text []byte) error {
	next := path + ".new" // of a process that was killed, if it is there: we hold the lock
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	if err = errors.Join(err, inherit(out, path), out.Sync(), out.Close()); err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return syncDir(filepath.Dir(path))
}

// inherit gives a new file the owner and the mode of the one that it replaces,
// or the owner of its folder where it replaces none.
func inherit(out *os.File, path string) error {
	old, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if old, err = os.Stat(filepath.Dir(path)); err != nil || os.Geteuid() != 0 {
			return err
		}
		return own(out, old)
	}
	if err != nil {
		return err
	}
	if err := own(out, old); err != nil {
		return fmt.Errorf("%s belongs to somebody else, and a deployment that runs as its owner could not read what replaces it; run this command as the owner or as root: %w", path, err)
	}
	return out.Chmod(old.Mode().Perm())
}

// syncDir makes a rename durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
