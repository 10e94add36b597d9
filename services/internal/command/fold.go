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

// A State is what the events of a boundary add up to, for deciding.
//
// Apply folds one event in log order, of which the ledger says n. It must take
// whatever the log holds, contradictions of submode=record included, depend on
// nothing but the events, and note undos in the embedded [Books] while their
// journal is open. The event lasts until Apply returns, and so do its texts:
// clone what is kept. It is called by [Apply] alone.
//
// Save writes down what the events add up to, but for the Books. Load reads
// what Save wrote, when the ledger had numbers up to told, and returns what
// makes it the state's own. That is called unless the reader has failed: whatever
// it read must make sense by then, or have been rejected. Neither is called while
// the journal is open.
type State interface {
	Apply(e *events.Event, n IndexEntry)
	Save(w *snapshot.Writer)
	Load(r *snapshot.Reader, told uint32) (become func())
	base() *StateBase
}

// Apply enters an event in the ledger of a state and lets the state follow.
func Apply(s State, e *events.Event) {
	b := s.base()
	s.Apply(e, b.add(e, &b.Journal))
}

// Stateless is the state of a family that nothing said before decides, but for
// the ledger.
type Stateless struct{ StateBase }

// Apply has nothing to fold.
func (*Stateless) Apply(*events.Event, IndexEntry) {}

// Save has nothing to write.
func (*Stateless) Save(*snapshot.Writer) {}

// Load has nothing to read.
func (*Stateless) Load(*snapshot.Reader, uint32) func() { return func() {} }

// A mark is a commit by its place in the log and its id.
type commitRef struct {
	at log.Position
	id string
}

// A Fold keeps a state at a position of the log. Desks of one process that
// share a boundary share its fold; whoever reads the state holds the lock.
type Fold struct {
	log      log.Log
	boundary string
	state    State
	base     *StateBase // of the state
	handlers int        // that decide on it

	mu       sync.RWMutex
	scanner  events.Scanner
	last     commitRef    // holds all of the boundary up to there
	revision log.Revision // of the boundary
	imported time.Time    // recorded time of the last import
	settled  bool         // holds a commit that is no import
}

// NewFold makes a fold of a boundary at the beginning of the log. Nothing else
// may change state from then on.
func NewFold(l log.Log, boundary string, state State) *Fold {
	return &Fold{log: l, boundary: boundary, state: state, base: state.base()}
}

// CatchUp folds what the boundary holds beyond the fold, to the end that the
// log has now. A commit that cannot be decoded stops it with its position.
func (f *Fold) CatchUp(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.catchUp(ctx)
}

// catchUp is CatchUp under the lock.
func (f *Fold) catchUp(ctx context.Context) error {
	for c, err := range f.log.Read(ctx, f.last.at, log.Filter{Boundary: f.boundary}) {
		if err != nil {
			return fmt.Errorf("fold %s after %s: %w", f.boundary, f.last.at, err)
		}
		if err := f.take(c); err != nil {
			return err
		}
	}
	return nil
}

// take folds the next commit of the boundary.
func (f *Fold) take(c log.Commit) error {
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

// stale says whether the boundary has commits beyond the fold, and where it
// ends.
func (f *Fold) behind(ctx context.Context) (bool, error) {
	head, _, err := f.log.Head(ctx, log.Filter{Boundary: f.boundary})
	return head.Compare(f.last.at) > 0, err
}

// Read calls fn with the state under a read lock.
func (f *Fold) Read(fn func()) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	fn()
}

// Keep folds along every interval until the context ends, so that the first
// submission after a quiet hour does not have to. A log that is unavailable is
// tried again; anything else ends it.
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
