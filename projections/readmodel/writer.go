package readmodel

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/muster-works/muster/projections/view"
)

// A Writer writes one generation. Beat apart, its methods are not safe for
// concurrent use.
//
//	Dir.Create ─► bulk load ── Finish ─► ready ─► live writing
//	Dir.Resume ─────┘                     ▲
//	                          Dir.TakeOver┘
//
// A bulk load fills a new generation, which has no indexes and cannot be used until
// Finish. What it wrote is durable with each batch that has a checkpoint: after a
// crash, Dir.Resume goes on from the last one. Live writing adds to a finished
// generation, and each batch is one transaction.
//
// A Writer that was taken over fails with ErrFenced and writes nothing more.
type Writer struct {
	generation GenerationWriter
	name       string
	views      []view.View
	epoch      uint64
	ord        uint64
	bulk       bool
}

// Create makes a new generation to be loaded in bulk. It fails with fs.ErrExist if
// there is a generation with the name.
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

// TakeOver opens a finished generation for live writing. Any other writer of it
// fails with ErrFenced from then on. TakeOver fails with ErrUnusable if the
// generation was made by other versions of tables, timelines or views, and with
// ErrHeld if another writer cannot be made to let go of it.
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
// ErrNone if there is none to go on with: each is finished, was made by other
// versions, has not reached a checkpoint, or is still being loaded.
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

// takeOver checks that the generation is in a state and has the views of w, and
// raises its epoch.
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

// Ord returns the ordinal of the last commit written, 0 if there is none.
func (w *Writer) Ord() uint64 { return w.ord }

// Bulk reports whether the generation is being loaded in bulk.
func (w *Writer) Bulk() bool { return w.bulk }

// Close closes the generation.
func (w *Writer) Close() error { return w.generation.Close() }

// Beat tells projectors that stand by that this writer lives. It may be called while
// another method runs. It fails with ErrFenced if another writer took over.
func (w *Writer) Beat(ctx context.Context) error { return w.generation.Beat(ctx) }

// CheckFence returns ErrFenced if another writer took over, and nil if none did. It
// does not wait for a transaction of another writer.
func (w *Writer) CheckFence(ctx context.Context) error {
	p, err := queryPulse(ctx, w.generation)
	if err == nil && p.Epoch > w.epoch {
		err = ErrFenced
	}
	return err
}

// Finish ends a bulk load: it makes the indexes, makes everything durable and the
// generation ready. The Writer goes on with live writing.
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
// transaction. It fails with ErrFenced if another writer took over; then nothing of
// the batch was written.
func (w *Writer) Write(ctx context.Context, b *Batch) error {
	last := b.LastOrdinal(w.ord)
	if err := w.generation.Write(ctx, w.ord, b); err != nil {
		return fmt.Errorf("write up to commit %d: %w", last, err)
	}
	w.ord = last
	return nil
}
