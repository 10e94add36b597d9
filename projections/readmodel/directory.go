package readmodel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A Dir is the directory of the generations in a store. It knows their names, and
// checks by what version a generation was made before it is used. Its methods are
// safe for concurrent use, by several processes too.
type Dir struct {
	store Store

	mu   sync.Mutex
	open map[string]*Reader
}

// NewDir returns the directory of the generations in a store. Closing it closes the
// store.
func NewDir(s Store) *Dir { return &Dir{store: s, open: map[string]*Reader{}} }

// Current returns the name of the generation in use. It fails with ErrNone if there
// is none, and with ErrUnusable if what is named is no generation.
func (d *Dir) Current(ctx context.Context) (string, error) {
	name, err := d.store.Current(ctx)
	if err != nil {
		return "", err
	}
	if generationNumber(name) == 0 {
		return "", fmt.Errorf("%w: %q is named as the one in use", ErrUnusable, name)
	}
	return name, nil
}

// Reader returns a reader of the generation in use. The reader is shared, and Close
// closes it. Ask for it again for every question, so that a switch is noticed. Reader
// fails with ErrNone or ErrUnusable.
func (d *Dir) Reader(ctx context.Context) (*Reader, error) {
	name, err := d.Current(ctx)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if r := d.open[name]; r != nil {
		return r, nil
	}
	r, err := d.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	d.open[name] = r
	return r, nil
}

// Open opens a finished generation, which the caller closes. It fails with
// ErrUnusable if there is none, or if it was made by other versions of tables or
// timelines.
func (d *Dir) Open(ctx context.Context, name string) (*Reader, error) {
	g, err := d.store.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	r := &Reader{generation: g, name: name}
	if r.views, err = checkMeta(ctx, g, "ready"); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), g.Close())
	}
	return r, nil
}

// Close closes the readers that Reader returned, and the store.
func (d *Dir) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for name, r := range d.open {
		errs = append(errs, r.Close())
		delete(d.open, name)
	}
	return errors.Join(append(errs, d.store.Close())...)
}

// Generations returns the names of all generations, finished or not, oldest first.
func (d *Dir) Generations(ctx context.Context) ([]string, error) {
	names, err := d.store.Generations(ctx)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(n string) bool { return generationNumber(n) == 0 })
	slices.SortFunc(names, func(a, b string) int { return generationNumber(a) - generationNumber(b) })
	return names, nil
}

// Next returns the name for a new generation: the one after the newest.
func (d *Dir) Next(ctx context.Context) (string, error) {
	names, err := d.Generations(ctx)
	if err != nil {
		return "", err
	}
	n := 0
	if len(names) > 0 {
		n = generationNumber(names[len(names)-1])
	}
	return fmt.Sprintf("gen-%06d", n+1), nil
}

// Switch makes a finished generation the one in use. It keeps the one that was in use
// until now, so that the way back is to switch to that, and removes the other ones
// before the new one. It fails with ErrUnusable if the generation is not finished.
func (d *Dir) Switch(ctx context.Context, name string) error {
	r, err := d.Open(ctx, name)
	if err != nil {
		return err
	}
	if err := r.Close(); err != nil {
		return fmt.Errorf("readmodel: %w", err)
	}
	before, err := d.Current(ctx)
	if err != nil && !errors.Is(err, ErrNone) && !errors.Is(err, ErrUnusable) {
		return err
	}
	if err := d.store.SetCurrent(ctx, name); err != nil {
		return fmt.Errorf("switch to %s: %w", name, err)
	}
	names, err := d.Generations(ctx)
	if err != nil {
		return err
	}
	for _, n := range names {
		// A later generation may be under way, and is kept.
		if n != name && n != before && generationNumber(n) < generationNumber(name) {
			if err := d.Remove(ctx, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// Remove deletes a generation. Readers that have it open may keep it until they
// close it, or fail with ErrUnusable.
func (d *Dir) Remove(ctx context.Context, name string) error { return d.store.Remove(ctx, name) }

// generationNumber returns the number in the name of a generation, 0 for other names.
func generationNumber(name string) int {
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
