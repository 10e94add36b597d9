package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/internal/snapshot"
	"golang.org/x/sync/errgroup"
)

// format is the number of the form in which folds are written down. It is
// raised with every change of that form, or of what the fold of an event is: a
// fold of another form is folded anew.
//
//   - 1: the first one.
//   - 2: the idempotency index gives 6 bits to the type of an event in place of 5,
//     and 41 to the digest in place of 42, so that a catalogue may have 64 types;
//     the fold of placements keeps of each development of a post all that decides
//     which of several holds.
const snapshotFormat = 2

// A Verifier says whether the commit at a position is the one with that id:
// nil, or log.ErrForeign. Every driver of the log is one.
type Verifier interface {
	Verify(ctx context.Context, at log.Position, id string) error
}

// A Shelf is a directory in which folds are written down, a file each, so that a
// start reads only what came into the log since. All of it may be removed at
// any time, and what is in doubt counts for nothing: a file that is damaged or
// of another form, and one that goes by a commit which is not in the log.
//
// A file names the last commit that any of the folds held when they were
// written. Up to there the fold in it holds all of its boundary, so that all of
// them read on from there, those included whose boundary is seldom written to.
type SnapshotStore struct {
	dir          string
	log          Verifier
	savedEvents  int // events in the folds when they were written down last
	minNewEvents int // new events after which Keep writes them down
}

// NewShelf makes a shelf for the folds of a log. The directory need not be there.
func NewSnapshotStore(dir string, l Verifier) *SnapshotStore {
	return &SnapshotStore{dir: dir, log: l, minNewEvents: defaultMinNewEvents}
}

// WriteAfter has Keep write the folds down once so many new events have come, in
// place of 50,000, if they are a sixteenth of all. It is called before Keep.
func (s *SnapshotStore) WriteAfter(events int) { s.minNewEvents = events }

// Restore brings folds, which are at the beginning of the log, to where they
// were written down. Those that were not stay, and so do those in doubt; why
// is returned for people to read.
func (s *SnapshotStore) Restore(ctx context.Context, folds ...*Fold) (doubts error) {
	g := new(errgroup.Group)
	all := make([]error, len(folds))
	for i, f := range folds {
		g.Go(func() error {
			err := snapshot.Read(s.file(f), func(r *snapshot.Reader) error { return f.load(ctx, r, s.log) })
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				all[i] = fmt.Errorf("%s: %w", s.file(f), err)
			}
			return nil
		})
	}
	_ = g.Wait() // none fails
	s.savedEvents = countEvents(folds)
	return errors.Join(all...)
}

func (s *SnapshotStore) file(f *Fold) string { return filepath.Join(s.dir, f.boundary) }

// Keep writes folds down: all of them whenever enough has come to be worth it,
// looking every interval and at once, until the context ends. Nobody decides by
// a fold while it is written. failed is told when one cannot be written.
func (s *SnapshotStore) Keep(ctx context.Context, every time.Duration, failed func(error), folds ...*Fold) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if n := countEvents(folds); n-s.savedEvents >= max(s.minNewEvents, n/minNewShare) {
			if err := s.Write(ctx, folds...); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// It is worth writing folds down when so many events came since, and they are
// such a share of all: a start then reads that share of the log, and whatever
// is written in the long run is that many times what is kept.
const (
	defaultMinNewEvents = 50_000
	minNewShare         = 16
)

// Write writes folds down, durably.
func (s *SnapshotStore) Write(ctx context.Context, folds ...*Fold) error {
	n := countEvents(folds)
	var last commitRef
	for _, f := range folds {
		f.Read(func() {
			if f.last.at.Compare(last.at) > 0 {
				last = f.last
			}
		})
	}
	for _, f := range folds {
		// What it reads is there up to the last commit at least.
		if err := f.CatchUp(ctx); err != nil {
			return err
		}
		err := snapshot.Replace(s.file(f), func(w *snapshot.Writer) { f.Read(func() { f.save(w, last) }) })
		if err != nil {
			return fmt.Errorf("write down what %s comes to: %w", f.boundary, err)
		}
	}
	s.savedEvents = n
	return nil
}

// held counts the events in folds.
func countEvents(folds []*Fold) (n int) {
	for _, f := range folds {
		f.Read(func() { n += f.base.Len() })
	}
	return n
}

// save writes a fold that holds all of its boundary up to a commit.
func (f *Fold) save(w *snapshot.Writer, upTo commitRef) {
	w.Uint(snapshotFormat)
	w.Text(f.boundary)
	w.Uint(uint64(len(types)))
	for _, t := range types {
		w.Text(string(t))
	}
	if f.last.at.Compare(upTo.at) > 0 {
		upTo = f.last
	}
	w.Text(upTo.at.String())
	w.Text(upTo.id)
	w.Uint(uint64(f.revision))
	w.Bool(!f.imported.IsZero())
	if !f.imported.IsZero() {
		w.Int(f.imported.Unix())
		w.Int(int64(f.imported.Nanosecond()))
	}
	w.Bool(f.settled)
	f.base.save(w)
	f.state.Save(w)
}

// load brings a fold at the beginning of a log to where save left it, or leaves
// it there and says why.
func (f *Fold) load(ctx context.Context, r *snapshot.Reader, l Verifier) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := r.Uint(); r.Err() == nil && n != snapshotFormat {
		return fmt.Errorf("%w: it is of form %d, this version writes %d", snapshot.ErrDoubtful, n, snapshotFormat)
	}
	if boundary := r.Text(); r.Err() == nil && boundary != f.boundary {
		return fmt.Errorf("%w: it is of boundary %q", snapshot.ErrDoubtful, boundary)
	}
	var known []events.Type
	for n := r.Below(maxTypes + 1); n > 0; n-- {
		known = append(known, events.Type(r.Text()))
	}
	if r.Err() == nil && !slices.Equal(known, types) {
		return fmt.Errorf("%w: it knows other types of events", snapshot.ErrDoubtful)
	}
	last := readCommitRef(r)
	if r.Err() == nil {
		if err := l.Verify(ctx, last.at, last.id); err != nil {
			return err
		}
	}
	revision := log.Revision(r.Uint())
	var imported time.Time
	if r.Bool() {
		imported = time.Unix(r.Int(), r.Int()).UTC()
	}
	settled := r.Bool()
	books := loadStateBase(r)
	become := f.state.Load(r, uint32(books.Len()))
	if err := r.Close(); err != nil {
		return err
	}
	become()
	*f.base = *books
	f.last, f.revision, f.imported, f.settled = last, revision, imported, settled
	return nil
}

func readCommitRef(r *snapshot.Reader) commitRef {
	at, err := log.ParsePosition(r.Text())
	if err != nil {
		r.Reject("a position is malformed")
	}
	return commitRef{at, r.Text()}
}
