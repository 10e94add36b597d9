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

// snapshotFormat is the version of the files of folds. It must be raised when the
// layout of the file changes, and when the meaning of an event in a fold changes. A
// file of another version is not read; its fold reads the log from the beginning.
//
//   - 1: the first version.
//   - 2: the idempotency index has 6 bits for the type of an event in place of 5, and
//     41 bits for the digest in place of 42, so that a catalogue may have 64 types.
//     The fold of placements keeps, of each development of a post, everything that
//     decides which of several developments holds.
//   - 3: the fold of placements keeps the codes of exits, since a policy pack may ask for
//     the last one, the groups of people in place, suspensions, and which hires stand in.
//     The idempotency index knows which event superseded another one, so that a refusal
//     can name it.
const snapshotFormat = 3

// A Verifier checks that the commit at a position of the log has an id. It returns nil
// if so, and [log.ErrForeign] if not. Every driver of the log is a Verifier.
type Verifier interface {
	Verify(ctx context.Context, at log.Position, id string) error
}

// A SnapshotStore is a directory of snapshots of folds, one file for each boundary. With
// them a start reads only the commits that came after the snapshots. The directory may
// be removed at any time. A snapshot is ignored if the file is damaged, if it has
// another version, or if it names a commit that is not in the log.
//
// All files of one [SnapshotStore.Write] name the same commit: the last that any of the
// folds held. Each file holds all events of its boundary up to that commit. So all folds
// read on from there, even those of a boundary to which nothing was written for long.
type SnapshotStore struct {
	dir          string
	log          Verifier
	savedEvents  int // events in the folds when they were written last
	minNewEvents int // new events after which Keep writes again
}

// NewSnapshotStore makes a store in a directory for the folds of a log. Write makes the
// directory if it is missing.
func NewSnapshotStore(dir string, l Verifier) *SnapshotStore {
	return &SnapshotStore{dir: dir, log: l, minNewEvents: defaultMinNewEvents}
}

// WriteAfter sets how many new events must come before Keep writes snapshots, in place
// of 50,000. Keep also waits until they are a sixteenth of all events. WriteAfter must
// be called before Keep.
func (s *SnapshotStore) WriteAfter(events int) { s.minNewEvents = events }

// Restore brings folds from the beginning of the log to their snapshots. A fold without
// a snapshot, or with one that is ignored, stays at the beginning. Restore returns why
// snapshots were ignored, for people to read; the folds are usable in any case.
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
	_ = g.Wait() // no function returns an error
	s.savedEvents = countEvents(folds)
	return errors.Join(all...)
}

// file returns the path of the snapshot of a fold.
func (s *SnapshotStore) file(f *Fold) string { return filepath.Join(s.dir, f.boundary) }

// Keep writes snapshots of all folds whenever enough new events have come, until ctx
// ends. It checks at once and then once every interval. While a fold is written, it is
// locked for reading, so that no handler decides on it. If a snapshot cannot be
// written, Keep calls failed with the error and goes on.
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

// Keep writes snapshots once defaultMinNewEvents events have come and these are one part
// in minNewShare of all events. So a start reads about a sixteenth of the log at most,
// and in the long run Keep writes about sixteen times the bytes that it keeps.
const (
	defaultMinNewEvents = 50_000
	minNewShare         = 16
)

// Write brings folds to the end of the log and writes a snapshot of each. The files are
// durable when Write returns. Write fails with the errors of [Fold.CatchUp] and of the
// file system; files written before the error stay, and each of them is good.
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
		// CatchUp reads at least up to last, which is in the log.
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

// countEvents returns the number of events in folds.
func countEvents(folds []*Fold) (n int) {
	for _, f := range folds {
		f.Read(func() { n += f.base.Len() })
	}
	return n
}

// save writes a fold. The fold must hold all events of its boundary up to the commit
// upTo.
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

// load brings a fold from the beginning of the log to what save wrote. If load fails,
// the fold stays at the beginning.
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
	base := loadStateBase(r)
	become := f.state.Load(r, uint32(base.Len()))
	if err := r.Close(); err != nil {
		return err
	}
	become()
	*f.base = *base
	f.last, f.revision, f.imported, f.settled = last, revision, imported, settled
	return nil
}

// readCommitRef reads a position and a commit id.
func readCommitRef(r *snapshot.Reader) commitRef {
	at, err := log.ParsePosition(r.Text())
	if err != nil {
		r.Reject("a position is malformed")
	}
	return commitRef{at, r.Text()}
}
