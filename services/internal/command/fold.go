package command

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/internal/snapshot"
)

// A State is the result of the events of a boundary, as the decisions of its
// services need it. Each State embeds a [StateBase], which provides base.
//
// Apply folds the next event in log order; n is the entry of that event in the
// idempotency index. Apply must accept every event that the log may hold, including
// contradictions of submode=record. It must depend on nothing but the events. While
// the journal of the StateBase is open, Apply must note in it how to undo each
// change. The event and its strings are valid only until Apply returns: Apply must
// clone what it keeps. Only the function [Apply] calls Apply.
//
// Save writes the state, without the StateBase, to a snapshot. Load reads what Save
// wrote, from a snapshot whose index holds the event numbers 1 to told. Load does not
// change the state; it returns a function that does, which is called once the whole
// snapshot has proved to be good. Load must check every value that it reads, and
// call [snapshot.Reader.Reject] if a value makes no sense. Save and Load are never
// called while the journal is open.
type State interface {
	Apply(e *events.Event, n IndexEntry)
	Save(w *snapshot.Writer)
	Load(r *snapshot.Reader, told uint32) (become func())
	base() *StateBase
}

// Apply adds an event to the idempotency index of a state, and then applies it to the
// state. The events of a boundary must be applied in log order.
func Apply(s State, e *events.Event) {
	b := s.base()
	s.Apply(e, b.add(e, &b.Journal))
}

// Stateless is the state of a family whose decisions depend on no earlier event. It
// holds only the idempotency index.
type Stateless struct{ StateBase }

// Apply does nothing: there is nothing to fold.
func (*Stateless) Apply(*events.Event, IndexEntry) {}

// Save writes nothing.
func (*Stateless) Save(*snapshot.Writer) {}

// Load reads nothing.
func (*Stateless) Load(*snapshot.Reader, uint32) func() { return func() {} }

// A commitRef names a commit by its position in the log and by its id.
type commitRef struct {
	at log.Position
	id string
}

// A Fold is a state of one boundary, at a position of the log. The handlers of one
// process that decide on one boundary share its fold. A Fold is safe for concurrent
// use; the state must be read and changed under the lock of the Fold, see
// [Fold.Read].
type Fold struct {
	log      log.Log
	boundary string
	state    State
	base     *StateBase // of state
	handlers int        // that decide on this fold

	mu       sync.RWMutex
	scanner  events.Scanner
	last     commitRef    // the state holds all events of the boundary up to there
	revision log.Revision // of the boundary, after last
	imported time.Time    // recorded time of the last import
	settled  bool         // the boundary holds a live commit: one that is no import
	fetched  log.Commit   // the commit that was read again last, see event; neighbours of a resubmission often share one
}

// NewFold makes a fold of a boundary, at the beginning of the log. state must hold no
// events, and must be changed by the fold alone from then on.
func NewFold(l log.Log, boundary string, state State) *Fold {
	return &Fold{log: l, boundary: boundary, state: state, base: state.base()}
}

// CatchUp folds the commits of the boundary that came after those already folded, up
// to the end that the log has now. If an event cannot be decoded, CatchUp stops
// before its commit and returns [log.ErrCorrupt] with the position of the event.
// CatchUp also fails with the errors of [log.Log.Read].
func (f *Fold) CatchUp(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.catchUp(ctx)
}

// catchUp is CatchUp for a caller that holds the lock.
func (f *Fold) catchUp(ctx context.Context) error {
	for c, err := range f.log.Read(ctx, f.last.at, log.Filter{Boundary: f.boundary}) {
		if err != nil {
			return fmt.Errorf("fold %s after %s: %w", f.boundary, f.last.at, err)
		}
		if err := f.apply(c); err != nil {
			return err
		}
	}
	return nil
}

// apply folds the next commit of the boundary.
func (f *Fold) apply(c log.Commit) error {
	for i, raw := range c.Events {
		e, err := f.scanner.Scan(raw)
		if err != nil {
			return fmt.Errorf("fold %s: event at %s: %w: %w", f.boundary, c.Position.Event(i), log.ErrCorrupt, err)
		}
		Apply(f.state, e)
	}
	f.base.addCommit(c.Position, f.base.end())
	f.last, f.revision = commitRef{c.Position, c.ID}, c.Revision
	if c.Imported.IsZero() {
		f.settled = true
	} else {
		f.imported = c.Imported
	}
	return nil
}

// behind reports whether the boundary has commits that are not folded yet.
func (f *Fold) behind(ctx context.Context) (bool, error) {
	head, _, err := f.log.Head(ctx, log.Filter{Boundary: f.boundary})
	return head.Compare(f.last.at) > 0, err
}

// Read calls fn while it holds the read lock of the fold, so that fn may read the
// state.
func (f *Fold) Read(fn func()) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	fn()
}

// Keep catches up once every interval until ctx ends, and then returns nil. So the
// first submission after a quiet hour need not wait for the fold to catch up. If the
// log is unavailable, Keep tries again after the interval; Keep returns any other
// error of CatchUp.
func (f *Fold) Keep(ctx context.Context, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := f.CatchUp(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, log.ErrUnavailable) {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
