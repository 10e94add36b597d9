package runner

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// A differ is the second half of a fold: it adds to the views what commits change
// in their contributions. It takes commits in log order, and a goroutine of its own
// works on them while the first half goes on to the next ones. All but change, take,
// leave and rest is for who knows it at rest.
type differ struct {
	views  []view.View
	cells  cells
	named  shelf           // of cells
	rows   []*rows         // by view
	within []division.Code // by post, what it has ever lain in
	sealer sealer
	sealed []readmodel.State // of the commits since the batch was taken

	changes chan *change // not in use
	queue   chan *change
	waiting atomic.Int32 // in the queue or under way: while there are some, a goroutine works
	err     error        // the first one; nothing is done after it

	ids     []int64              // of the cells of the digest, 0 while unknown
	reading timeline.Post        // used again for each post that is read
	held    []held               // likewise
	placed  []timeline.Placement // likewise, as they were before the commit
	summed  []packing.Delta
	packed  []byte // likewise, for what is added to a shelf
}

// A change is a commit with what it changed in the timelines.
type change struct {
	said    *digest
	done    func() // with what was said
	row     readmodel.CommitRow
	met     []timeline.Ref // of the events, 0 for those not met before
	posts   []touched      // in the order in which they were
	plans   []touched
	voids   []readmodel.RetractionRow
	bearers []person // named for the first time
}

// A touched timeline has facts, so many bytes of which were there before. More may
// be added behind them.
type touched struct {
	no     int
	before int
	facts  []byte
	plan   timeline.PlanKey // of a plan line
}

// behind is how many commits the second half may be behind the first.
const behind = 4

func newDiffer(views []view.View) *differ {
	d := &differ{views: views, cells: newCells(), changes: make(chan *change, behind), queue: make(chan *change, behind)}
	for range behind {
		d.changes <- new(change)
	}
	for range views {
		d.rows = append(d.rows, newRows(&d.cells))
	}
	for i, v := range views {
		if v.Span == nil {
			continue
		}
		of := slices.IndexFunc(views, func(o view.View) bool { return o.Name == v.Of && o.Spans != nil })
		if of < 0 {
			panic(fmt.Sprintf("view %s is of the spans of %q, which is no view of spans", v.Name, v.Of))
		}
		d.rows[of].of = append(d.rows[of].of, i)
	}
	return d
}

// load fills a new differ with what a generation holds.
func (d *differ) load(ctx context.Context, w *readmodel.Writer) error {
	sound := true
	err := w.Cells(ctx, func(_ uint64, cells []view.Cell) {
		for i := range cells {
			sound = d.cells.know(&cells[i]) && sound
		}
	})
	if err == nil && !sound {
		err = fmt.Errorf("a cell is there twice: %w", timeline.ErrDamaged)
	}
	for i := 0; i < len(d.views) && err == nil; i++ {
		if d.views[i].Spans != nil {
			err = d.restoreSpans(ctx, w, i)
		}
	}
	return err
}

// shelves yields what is written in leaves, by table.
func (d *differ) shelves(yield func(table string, s *shelf) bool) {
	if !yield(readmodel.CellTable, &d.named) {
		return
	}
	for i := range d.views {
		if !yield(d.views[i].Name, &d.rows[i].leaves) {
			return
		}
	}
}

// change returns a change to fill, for take or leave. It waits while the differ is
// too far behind.
func (d *differ) change() *change { return <-d.changes }

// take takes the next commit.
func (d *differ) take(c *change) {
	d.queue <- c
	if d.waiting.Add(1) == 1 {
		go d.work()
	}
}

// work goes on until nothing waits.
func (d *differ) work() {
	for more := true; more; more = d.waiting.Add(-1) > 0 {
		c := <-d.queue
		if d.err == nil {
			if d.err = d.apply(c); d.err != nil {
				d.err = fmt.Errorf("commit at position %s: %w", c.said.Position, d.err)
			}
		}
		d.leave(c)
	}
}

// leave lets a change be used again.
func (d *differ) leave(c *change) {
	c.done()
	*c = change{met: c.met[:0], posts: c.posts[:0], plans: c.plans[:0], bearers: c.bearers[:0]}
	d.changes <- c
}

// rest waits until all is done that was taken, and says what went wrong. Until take
// is called again the differ is at rest.
func (d *differ) rest() error {
	var all [behind]*change
	for i := range all {
		all[i] = <-d.changes
	}
	for _, c := range all {
		d.changes <- c
	}
	return d.err
}

// apply adds what a commit changes to the rows of the views.
func (d *differ) apply(c *change) error {
	d.ids = append(d.ids[:0], make([]int64, len(c.said.cells))...)
	recorded := view.RecordedOn(c.row.Recorded)
	for i := range c.said.events {
		if c.met[i] == 0 {
			d.report(c.said, i, recorded)
		}
	}
	if err := d.difference(c); err != nil {
		return err
	}
	if fresh := d.cells.fresh; len(fresh) > 0 {
		d.packed = packing.AppendCells(d.packed[:0], fresh)
		d.add(c.row.Ord, &d.named, ofCells)
		d.cells.fresh = fresh[:0]
	}
	// What is left are numbers: the bytes of the commit may be used again.
	d.cells.forget()
	d.sealed = append(d.sealed, d.sealer.seal(c))
	return nil
}

// report adds what an event contributes by itself.
func (d *differ) report(said *digest, i int, recorded civil.Date) {
	first := 0
	if i > 0 {
		first = said.events[i-1].parts
	}
	for j := range said.parts[first:said.events[i].parts] {
		p := &said.parts[first+j]
		cell := &d.ids[p.cell-1]
		if *cell == 0 {
			*cell = d.cells.id(&said.cells[p.cell-1])
		}
		s := sum{*cell, p.date, p.measure, p.n}
		if s.measure == view.Lag {
			s.measure = int(recorded - p.date)
		}
		d.rows[p.view].add(s)
	}
}

// add adds to a shelf what was packed of a commit, and seals it.
func (d *differ) add(ord uint64, to *shelf, what int) {
	to.fresh(0).AddRows(ord, d.packed)
	d.sealer.rows(what, d.packed)
}

// states gives the commits since the batch was taken their states.
func (d *differ) states(commits []readmodel.CommitRow) {
	for i := range commits {
		commits[i].State = d.sealed[i]
	}
	d.sealed = d.sealed[:0]
}

// in returns the division that a post lies in, see around.
func (d *differ) in(post int) *division.Code {
	for post >= len(d.within) {
		d.within = append(d.within, "")
	}
	return &d.within[post]
}
