// Package delta keeps the views: it is the third stage of the runner's pipeline.
//
// An [Updater] takes commits in log order, each with the timelines that it changed. It
// asks each view what such a timeline contributed before and what it contributes now,
// and makes rows of the difference: deltas of sums, and spans that begin or end. It also
// hashes the state, since the rows of a commit are complete here.
package delta

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/runner/internal/decoding"
	"github.com/muster-works/muster/projections/runner/internal/leaves"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// behind is how many commits an Updater may be behind the stage before.
const behind = 4

// An Updater adds to the views what commits change in their contributions. A goroutine
// of its own works on commits that were taken, while the caller goes on to the next.
//
// One goroutine calls the methods. NextChange, Take, Discard and Rest may be called at
// any time; all others when the Updater is at rest, which it is from the return of Rest
// until the next Take.
type Updater struct {
	views      []view.View
	cells      cellNumbers
	cellLeaves leaves.Buffer
	rows       []*viewRows     // by view
	within     []division.Code // by post, see Within
	hasher     stateHasher
	states     []readmodel.State // of the commits since Seal

	unused  chan *Change
	queue   chan *Change
	waiting atomic.Int32 // changes in the queue or under way; a goroutine works while there are some
	err     error        // the first one; nothing is done after it

	// Memory that is used again for each commit or post.
	cellIDs []int64 // of the cells of the commit, 0 while unknown
	reading timeline.Post
	spans   []currentSpan
	placed  []timeline.Placement
	periods timeline.Periods
	deltas  []packing.Delta
	packed  []byte
}

// A Change is a commit with what it changed in the timelines.
type Change struct {
	Commit      *decoding.Commit
	Done        func() // is called when Commit is no longer in use
	Row         readmodel.CommitRow
	Met         []timeline.Ref // by event: the earlier event of the same key, 0 when there is none
	Posts       []Touched      // in the order in which they were touched
	Plans       []Touched
	Retractions []readmodel.RetractionRow
	Persons     []NewPerson
}

// A Touched timeline is one to which the commit appended facts. More may be appended to
// the facts while the Updater reads these.
type Touched struct {
	No     int
	Before int // how many bytes of the facts were there before the commit
	Facts  []byte
	Plan   timeline.PlanKey // of a plan line
}

// A NewPerson is a person whom the commit names first.
type NewPerson struct {
	No timeline.Number
	ID uuid.UUID
}

// New returns an Updater of views of which nothing is known yet. It panics when a view
// counts the spans of a view that has none.
func New(views []view.View) *Updater {
	u := &Updater{views: views, cells: newCellNumbers(), unused: make(chan *Change, behind), queue: make(chan *Change, behind)}
	for range behind {
		u.unused <- new(Change)
	}
	for range views {
		u.rows = append(u.rows, newViewRows(&u.cells))
	}
	for i, v := range views {
		if v.Span == nil {
			continue
		}
		of := slices.IndexFunc(views, func(o view.View) bool { return o.Name == v.Of && o.Spans != nil })
		if of < 0 {
			panic(fmt.Sprintf("view %s is of the spans of %q, which is no view of spans", v.Name, v.Of))
		}
		u.rows[of].countedBy = append(u.rows[of].countedBy, i)
	}
	return u
}

// Load fills a new Updater with what a generation holds, whose last state is given.
func (u *Updater) Load(ctx context.Context, w *readmodel.Writer, state readmodel.State) error {
	u.hasher.state = state
	sound := true
	err := w.Cells(ctx, func(_ uint64, cells []view.Cell) {
		for i := range cells {
			sound = u.cells.restore(&cells[i]) && sound
		}
	})
	if err == nil && !sound {
		err = fmt.Errorf("a cell is there twice: %w", timeline.ErrDamaged)
	}
	for i := 0; i < len(u.views) && err == nil; i++ {
		if u.views[i].Spans != nil {
			err = u.restoreSpans(ctx, w, i)
		}
	}
	return err
}

// Buffers yields the buffers of all leaves that the Updater adds to, with their tables.
func (u *Updater) Buffers(yield func(table string, b *leaves.Buffer) bool) {
	if !yield(readmodel.CellTable, &u.cellLeaves) {
		return
	}
	for i := range u.views {
		if !yield(u.views[i].Name, &u.rows[i].leaves) {
			return
		}
	}
}

// NextChange returns an empty Change to fill, for Take or Discard. It waits while the
// Updater is too far behind.
func (u *Updater) NextChange() *Change { return <-u.unused }

// Take takes the next commit. The Change belongs to the Updater from now on.
func (u *Updater) Take(c *Change) {
	u.queue <- c
	if u.waiting.Add(1) == 1 {
		go u.work()
	}
}

// work goes on until nothing waits.
func (u *Updater) work() {
	for more := true; more; more = u.waiting.Add(-1) > 0 {
		c := <-u.queue
		if u.err == nil {
			if u.err = u.apply(c); u.err != nil {
				u.err = fmt.Errorf("commit at position %s: %w", c.Commit.Position, u.err)
			}
		}
		u.Discard(c)
	}
}

// Discard gives back a Change that is not in use any more.
func (u *Updater) Discard(c *Change) {
	c.Done()
	*c = Change{Met: c.Met[:0], Posts: c.Posts[:0], Plans: c.Plans[:0], Persons: c.Persons[:0]}
	u.unused <- c
}

// Rest waits until all commits that were taken are done, and returns the first error,
// which names the position of its commit. Nothing is done after an error.
func (u *Updater) Rest() error {
	var all [behind]*Change
	for i := range all {
		all[i] = <-u.unused
	}
	for _, c := range all {
		u.unused <- c
	}
	return u.err
}

// Seal sets the states of the commits that were taken since the last Seal.
func (u *Updater) Seal(commits []readmodel.CommitRow) {
	for i := range commits {
		commits[i].State = u.states[i]
	}
	u.states = u.states[:0]
}

// Within returns the smallest division that holds all places where a post was ever
// known to lie, for reading and for loading; see readmodel.PostRow.
func (u *Updater) Within(post int) *division.Code {
	for post >= len(u.within) {
		u.within = append(u.within, "")
	}
	return &u.within[post]
}

// apply adds what a commit changes to the rows of the views, and hashes the state.
func (u *Updater) apply(c *Change) error {
	u.cellIDs = append(u.cellIDs[:0], make([]int64, len(c.Commit.Cells))...)
	recorded := view.RecordedOn(c.Row.Recorded)
	for i := range c.Commit.Decoded {
		if c.Met[i] == 0 {
			u.addContributions(c.Commit, i, recorded)
		}
	}
	if err := u.addTimelines(c); err != nil {
		return err
	}
	u.packRows(c.Row.Ord)
	// From here on there are numbers alone: the bytes of the commit may be used again.
	u.cells.forget()
	u.states = append(u.states, u.hasher.seal(c))
	return nil
}

// addContributions adds what an event contributes by itself.
func (u *Updater) addContributions(c *decoding.Commit, event int, recorded civil.Date) {
	for _, p := range c.ContributionsOf(event) {
		id := &u.cellIDs[p.Cell-1]
		if *id == 0 {
			*id = u.cells.number(&c.Cells[p.Cell-1])
		}
		a := amount{*id, p.Date, p.Measure, p.N}
		if a.measure == view.Lag {
			a.measure = int(recorded - p.Date)
		}
		u.rows[p.View].add(a)
	}
}

// packRows packs the rows of the commit, view by view, and the cells that are new.
func (u *Updater) packRows(ord uint64) {
	for i, r := range u.rows {
		if deltas := r.takeDeltas(u.deltas[:0]); len(deltas) > 0 {
			u.deltas = deltas
			u.packed = packing.AppendDeltas(u.packed[:0], deltas)
			u.addPacked(ord, &r.leaves, i)
		}
		if len(r.changes) > 0 {
			u.packed = packing.AppendSpans(u.packed[:0], r.changes)
			u.addPacked(ord, &r.leaves, i)
			r.changes = r.changes[:0]
		}
	}
	if fresh := u.cells.fresh; len(fresh) > 0 {
		u.packed = packing.AppendCells(u.packed[:0], fresh)
		u.addPacked(ord, &u.cellLeaves, hashedCells)
		u.cells.fresh = fresh[:0]
	}
}

// addPacked adds what was packed of a commit to leaves, and to what is hashed.
func (u *Updater) addPacked(ord uint64, to *leaves.Buffer, what int) {
	to.Fresh(0).AddRows(ord, u.packed)
	u.hasher.addRows(what, u.packed)
}
