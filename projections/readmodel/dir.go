package readmodel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// A Dir is a directory of generations. Its methods are safe for concurrent
// use, by several processes too.
type Dir struct {
	path string

	mu   sync.Mutex
	open map[string]*Reader
}

// OpenDir opens a directory, and makes it where it is not there.
func OpenDir(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("readmodel: %w", err)
	}
	return &Dir{path: path, open: map[string]*Reader{}}, nil
}

// Path returns the file of a generation.
func (d *Dir) Path(generation string) string { return filepath.Join(d.path, generation+".db") }

// Current returns the name of the generation in use; ErrNone when there is
// none.
func (d *Dir) Current() (string, error) {
	b, err := os.ReadFile(filepath.Join(d.path, "current"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", ErrNone
	}
	if err != nil {
		return "", fmt.Errorf("readmodel: %w", err)
	}
	name := strings.TrimSpace(string(b))
	if number(name) == 0 {
		return "", fmt.Errorf("%w: file current holds %q", ErrUnusable, name)
	}
	return name, nil
}

// Reader returns a reader of the generation in use. It is shared and closed by
// Close; ask again for every question, so that a switch is noticed. It fails
// with ErrNone or ErrUnusable.
func (d *Dir) Reader(ctx context.Context) (*Reader, error) {
	name, err := d.Current()
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if r := d.open[name]; r != nil {
		return r, nil
	}
	r, err := OpenReader(ctx, d.Path(name))
	if err != nil {
		return nil, err
	}
	d.open[name] = r
	return r, nil
}

// Close closes the readers.
func (d *Dir) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for name, r := range d.open {
		errs = append(errs, r.Close())
		delete(d.open, name)
	}
	return errors.Join(errs...)
}

// Generations returns the names of all generations, oldest first, whether
// finished or not.
func (d *Dir) Generations() ([]string, error) {
	files, err := os.ReadDir(d.path) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("readmodel: %w", err)
	}
	var names []string
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), ".db"); ok && number(name) > 0 {
			names = append(names, name)
		}
	}
	return names, nil
}

// Next returns a name for a new generation, after all that are there.
func (d *Dir) Next() (string, error) {
	names, err := d.Generations()
	if err != nil {
		return "", err
	}
	n := 0
	if len(names) > 0 {
		n = number(names[len(names)-1])
	}
	return fmt.Sprintf("gen-%06d", n+1), nil
}

// Switch makes a finished generation the one in use, and removes the others
// but the one that was in use until now: the way back is to switch to that.
func (d *Dir) Switch(ctx context.Context, name string) error {
	r, err := OpenReader(ctx, d.Path(name))
	if err != nil {
		return err
	}
	if err := r.Close(); err != nil {
		return fmt.Errorf("readmodel: %w", err)
	}
	before, err := d.Current()
	if err != nil && !errors.Is(err, ErrNone) && !errors.Is(err, ErrUnusable) {
		return err
	}
	if err := d.point(name); err != nil {
		return err
	}
	names, err := d.Generations()
	if err != nil {
		return err
	}
	for _, n := range names {
		// A later one may be under way.
		if n != name && n != before && number(n) < number(name) {
			if err := d.Remove(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// point replaces the file current, durably.
func (d *Dir) point(name string) error {
	f, err := os.CreateTemp(d.path, "current-*")
	if err != nil {
		return fmt.Errorf("readmodel: %w", err)
	}
	_, err = f.WriteString(name + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(d.path, "current"))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("readmodel: switch to %s: %w", name, err), os.Remove(f.Name()))
	}
	return fsync(d.path)
}

// Remove deletes a generation. Readers that have it open keep it until they
// close.
func (d *Dir) Remove(name string) error {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(d.Path(name) + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("readmodel: %w", err)
		}
	}
	return nil
}

// fsync makes what happened to a file or directory durable.
func fsync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("readmodel: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("readmodel: %w", err)
	}
	return nil
}

// number returns the number in the name of a generation, 0 for other names.
func number(name string) int {
	digits, ok := strings.CutPrefix(name, "gen-")
	if !ok || len(digits) < 6 {
		return 0
	}
	n := 0
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0
		}
		n = 10*n + int(c-'0')
	}
	return n
}
