package readmodel

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/muster-works/muster/projections/view"
)

// A Writer writes one generation. It is not safe for concurrent use.
//
// Dir.Create makes a new generation that is loaded in bulk: without indexes,
// unusable until Finish. What is written is there for good with each checkpoint;
// Dir.Resume goes on with an interrupted load from the last one. Dir.TakeOver
// goes on with a finished generation, transaction by transaction.
type Writer struct {
	generation GenerationWriter
	name       string
	views      []view.View
	epoch      uint64
	ord        uint64
	bulk       bool
}

// Create makes a new generation. It fails with fs.ErrExist if it is there.
func (d *Dir) Create(ctx context.Context, name string, views []view.View) (*Writer, error) {
	l, err := d.store.Create(ctx, name, views)
	if err != nil {
		return nil, err
	}
	w := &Writer{generation: l, name: name, views: views, bulk: true}
	if w.epoch, _, err = l.TakeOver(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("create %s: %w", name, err), l.Close())
	}
	return w, nil
}

// TakeOver takes a finished generation over: any other writer of it fails
// with ErrFenced from now on. It fails with ErrUnusable when the generation
// was made by other versions of the views.
func (d *Dir) TakeOver(ctx context.Context, name string, views []view.View) (*Writer, error) {
	l, err := d.store.OpenWriter(ctx, name, views)
	if err != nil {
		return nil, err
	}
	w := &Writer{generation: l, name: name, views: views}
	if err := w.takeOver(ctx, "ready"); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), l.Close())
	}
	return w, nil
}

// Resume goes on with the newest bulk load that was interrupted. It fails with
// ErrNone where there is none to go on with: every one is finished, was made by
// other versions, has not reached a checkpoint, or somebody is still at it.
func (d *Dir) Resume(ctx context.Context, views []view.View) (*Writer, error) {
	names, err := d.Generations(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Backward(names) {
		l, err := d.store.ResumeLoad(ctx, name, views)
		if errors.Is(err, ErrBusy) || errors.Is(err, ErrUnusable) {
			continue
		}
		if err != nil {
			return nil, err
		}
		w := &Writer{generation: l, name: name, views: views, bulk: true}
		err = w.takeOver(ctx, "building")
		if err == nil && w.ord > 0 {
			return w, nil
		}
		closed := l.Close()
		if err != nil && !errors.Is(err, ErrUnusable) && !errors.Is(err, ErrBusy) {
			return nil, errors.Join(err, closed)
		}
	}
	return nil, ErrNone
}

func (w *Writer) takeOver(ctx context.Context, state string) error {
	have, err := checkMeta(ctx, w.generation, state)
	if err != nil {
		return err
	}
	want := map[string]int{}
	for _, v := range w.views {
		want[v.Name] = v.Version
	}
	if !maps.Equal(have, want) {
		return fmt.Errorf("%w: it has the views %v, want %v", ErrUnusable, have, want)
	}
	if w.epoch, w.ord, err = w.generation.TakeOver(ctx); err != nil {
		return fmt.Errorf("take over: %w", err)
	}
	return nil
}

// Name returns the name of the generation.
func (w *Writer) Name() string { return w.name }

// Ord returns the ordinal of the last commit written.
func (w *Writer) Ord() uint64 { return w.ord }

// Bulk says whether the generation is being loaded in bulk.
func (w *Writer) Bulk() bool { return w.bulk }

// Close closes the generation.
func (w *Writer) Close() error { return w.generation.Close() }

// Beat tells whoever stands by that this writer lives. It may be called while
// another method runs, and fails with ErrFenced once another writer took over.
func (w *Writer) Beat(ctx context.Context) error { return w.generation.Beat(ctx) }

// Fenced returns ErrFenced when another writer took over, and otherwise why that
// cannot be told, or nil. It waits for nobody's transaction.
func (w *Writer) CheckFence(ctx context.Context) error {
	p, err := queryPulse(ctx, w.generation)
	if err == nil && p.Epoch > w.epoch {
		err = ErrFenced
	}
	return err
}

// Finish ends a bulk load: indexes, everything durable, usable. The Writer
// goes on transaction by transaction.
func (w *Writer) Finish(ctx context.Context) error {
	err := w.generation.Finish(ctx)
	if err == nil {
		w.epoch, _, err = w.generation.TakeOver(ctx)
	}
	if err != nil {
		return fmt.Errorf("finish %s: %w", w.name, err)
	}
	w.bulk = false
	return nil
}

// Write writes a batch and moves the position to its last commit, in one
// transaction. It fails with ErrFenced when another writer took over.
func (w *Writer) Write(ctx context.Context, b *Batch) error {
	last := b.LastOrdinal(w.ord)
	if err := w.generation.Write(ctx, w.ord, b); err != nil {
		return fmt.Errorf("write up to commit %d: %w", last, err)
	}
	w.ord = last
	return nil
}
