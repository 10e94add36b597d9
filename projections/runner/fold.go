package runner

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// A fold is what is kept in memory of a generation while it is written: the
// timelines of posts and plan lines, the spans that hold, and the numbers of
// everything. Persons' facts pass through to their folios.
//
// Commits are applied in log order, each once. What they change gathers in the
// batch until it is taken.
type fold struct {
	views []view.View
	ord   uint64
	clock log.Clock

	keys    keys
	pending map[[16]byte]timeline.Ref // voids whose target has not come

	postNumbers index
	posts       []post // by number; number 0 is none
	planNumbers map[timeline.PlanKey]int
	plans       []planLine
	runs        map[string]timeline.Number
	agencies    map[string]int
	persons     persons
	leaves      shelf // of folios
	refs        shelf // of agencies

	cells   cells
	named   shelf   // of cells
	rows    []*rows // by view
	touched []touch // posts of the commit under way, in order
	planned []touch

	batch   readmodel.Batch
	changed struct{ posts, plans []int } // since the last batch that had them
	facts   int
	sealer  sealer
	commit  commit
	reading timeline.Post        // used again for each post that is read
	held    []held               // likewise
	placed  []timeline.Placement // likewise, as they were before the commit
	summed  []readmodel.Difference
	packed  []byte // likewise, for what is added to a shelf
	// stored returns a commit that is not in the batch any more.
	stored func(context.Context, uint64) (readmodel.CommitRow, error)
}

// A commit is what is under way.
type commit struct {
	met      []timeline.Ref     // of the events, 0 for those not met before
	posts    []timeline.Number  // of the digest's, 0 while unknown
	agencies []int              // likewise
	cells    []int64            // likewise
	persons  []timeline.Number  // of the lines, 0 for those unknown before
	about    []timeline.Subject // of the event
	recorded civil.Date
}

type post struct {
	name    string
	at      division.Code // as developed
	facts   []byte
	touched uint64 // ordinal of the last commit that changed it
	changed bool   // since the last batch that had it
}

type planLine struct {
	key     timeline.PlanKey
	facts   []byte
	touched uint64
	changed bool // since the last batch that had it
}

// A touch remembers how many bytes of facts there were before the commit.
type touch struct{ number, before int }

func newFold(views []view.View) *fold {
	f := &fold{
		views:       views,
		pending:     map[[16]byte]timeline.Ref{},
		posts:       make([]post, 1),
		planNumbers: map[timeline.PlanKey]int{},
		plans:       make([]planLine, 1),
		runs:        map[string]timeline.Number{},
		agencies:    map[string]int{},
		persons:     newPersons(),
		cells:       newCells(),
	}
	for range views {
		f.rows = append(f.rows, newRows(&f.cells))
	}
	for i, v := range views {
		if v.Span == nil {
			continue
		}
		of := slices.IndexFunc(views, func(o view.View) bool { return o.Name == v.Of && o.Spans != nil })
		if of < 0 {
			panic(fmt.Sprintf("view %s is of the spans of %q, which is no view of spans", v.Name, v.Of))
		}
		f.rows[of].of = append(f.rows[of].of, i)
	}
	f.keys.stored = f.key
	f.reset()
	return f
}

// reset begins a new batch.
func (f *fold) reset() {
	f.batch = readmodel.Batch{Leaves: map[string][]readmodel.LeafRow{}}
	f.facts = 0
}

// shelves yields what is written in leaves, by table.
func (f *fold) shelves(yield func(table string, s *shelf) bool) {
	if !yield("leaf", &f.leaves) || !yield("person", &f.persons.ids) || !yield("bearer", &f.persons.bearers) ||
		!yield("agency_leaf", &f.refs) || !yield("cell", &f.named) {
		return
	}
	for i, v := range f.views {
		if !yield(v.Name, &f.rows[i].leaves) {
			return
		}
	}
}

// gathered is how many bytes were added to leaves since they were taken.
func (f *fold) gathered() (n int) {
	for _, s := range f.shelves {
		n += s.bytes()
	}
	return n
}

// add adds to a shelf what was packed of the commit under way, and seals it.
func (f *fold) add(s *shelf, what int) {
	s.fresh(0).AddRows(f.ord, f.packed)
	f.sealer.rows(what, f.packed)
}

// apply folds one commit.
func (f *fold) apply(ctx context.Context, d *digest) error {
	f.ord++
	row := readmodel.CommitRow{Keys: make([]byte, 0, 16*len(d.events)), Subjects: make([]byte, 0, len(d.events)+3*d.facts)}
	row.Commit = readmodel.Commit{Ord: f.ord, Position: d.Position, ID: d.ID, Recorded: f.clock.Recorded(d.Commit)}
	for i := range d.events {
		row.Keys = append(row.Keys, d.events[i].key[:]...)
	}
	f.batch.Commits = append(f.batch.Commits, row)
	voids := len(f.batch.Voids)
	f.commit.recorded = view.RecordedOn(row.Recorded)
	var err error
	if f.commit.met, err = f.keys.meet(ctx, f.commit.met[:0], f.ord, d.events); err != nil {
		return fmt.Errorf("commit at position %s: %w", d.Position, err)
	}
	f.commit.posts = f.findPosts(f.commit.posts[:0], d.posts)
	f.commit.cells = append(f.commit.cells[:0], make([]int64, len(d.cells))...)
	f.commit.agencies = append(f.commit.agencies[:0], make([]int, len(d.agencies))...)
	f.commit.persons = f.persons.findAll(f.commit.persons[:0], d.lines)
	for i := range d.events {
		f.commit.about = f.commit.about[:0]
		if err := f.event(ctx, d, i); err != nil {
			return fmt.Errorf("event at position %s: %w", d.Position.Event(i), err)
		}
		c := &f.batch.Commits[len(f.batch.Commits)-1]
		c.Subjects = timeline.AppendSubjects(c.Subjects, f.commit.about)
	}
	f.facts += d.facts
	if err := f.difference(); err != nil {
		return fmt.Errorf("commit at position %s: %w", d.Position, err)
	}
	if fresh := f.cells.fresh; len(fresh) > 0 {
		f.packed = readmodel.AppendCells(f.packed[:0], fresh)
		f.add(&f.named, ofCells)
		f.cells.fresh = fresh[:0]
	}
	// What is left are numbers: the bytes of the commit may be used again.
	f.cells.forget()
	f.sealer.seal(d, &f.batch.Commits[len(f.batch.Commits)-1], f.batch.Voids[voids:], f.persons.fresh)
	f.persons.fresh = f.persons.fresh[:0]
	return nil
}

func (f *fold) event(ctx context.Context, d *digest, i int) error {
	x, ref := &d.events[i], timeline.MakeRef(f.ord, i)
	if x.aside != "" {
		f.batch.SetAside = append(f.batch.SetAside, readmodel.SetAside{Event: ref, Position: d.Position.Event(i), Why: x.aside})
		return nil
	}
	if f.commit.met[i] != 0 {
		return nil // the same event again says nothing new
	}
	f.agency(d, x.agency, ref)
	f.say(d, i, ref)
	f.report(d, i)
	if by, ok := f.pending[x.key]; ok {
		delete(f.pending, x.key)
		f.batch.Voids = append(f.batch.Voids, readmodel.VoidRow{Key: x.key, By: by, Target: ref})
		f.leaveOut(f.commit.about, ref, ref, by)
	}
	if !x.replaces || x.replaced == x.key { // an event cannot replace itself
		return nil
	}
	return f.void(ctx, x.replaced, ref)
}

// report adds what an event contributes by itself.
func (f *fold) report(d *digest, i int) {
	first := 0
	if i > 0 {
		first = d.events[i-1].parts
	}
	for j := range d.parts[first:d.events[i].parts] {
		p := &d.parts[first+j]
		cell := &f.commit.cells[p.cell-1]
		if *cell == 0 {
			*cell = f.cells.id(&d.cells[p.cell-1])
		}
		s := sum{*cell, p.date, p.measure, p.n}
		if s.measure == view.Lag {
			s.measure = int(f.commit.recorded - p.date)
		}
		r := f.rows[p.view]
		if last := len(r.sums) - 1; last >= 0 && comparePlaces(r.sums[last], s) == 0 {
			r.sums[last].n += s.n
		} else {
			r.sums = append(r.sums, s)
		}
	}
}

// void leaves out the event with a key, which an event replaces or withdraws.
func (f *fold) void(ctx context.Context, key [16]byte, by timeline.Ref) error {
	target, err := f.keys.find(ctx, key)
	if err != nil {
		return err
	}
	if target > by {
		target = 0 // it stands behind in the commit, and has not come
	}
	f.batch.Voids = append(f.batch.Voids, readmodel.VoidRow{Key: key, By: by, Target: target})
	if target == 0 {
		if _, ok := f.pending[key]; !ok {
			f.pending[key] = by
		}
		return nil
	}
	c, err := f.folded(ctx, target.Ord())
	if err != nil {
		return err
	}
	about, err := timeline.ReadSubjects(c.Subjects, target.Index())
	if err != nil {
		return fmt.Errorf("subjects of event %v: %w", target, err)
	}
	for _, s := range about {
		if s.Kind == timeline.OfPost && int(s.No) >= len(f.posts) || s.Kind == timeline.OfPlan && int(s.No) >= len(f.plans) {
			return fmt.Errorf("subjects of event %v: %w", target, timeline.ErrDamaged)
		}
	}
	f.leaveOut(about, by, target, by)
	return nil
}

// folded returns a commit that was folded.
func (f *fold) folded(ctx context.Context, ord uint64) (readmodel.CommitRow, error) {
	if b := f.batch.Commits; len(b) > 0 && ord >= b[0].Ord {
		return b[ord-b[0].Ord], nil
	}
	return f.stored(ctx, ord)
}

// key returns the key of an event that was folded.
func (f *fold) key(ctx context.Context, ref timeline.Ref) (key [16]byte, err error) {
	c, err := f.folded(ctx, ref.Ord())
	if err != nil {
		return key, err
	}
	if copy(key[:], c.Keys[min(len(c.Keys), 16*ref.Index()):]) < len(key) {
		return key, fmt.Errorf("%w: no key of event %v", readmodel.ErrUnusable, ref)
	}
	return key, nil
}

// agency notes the event in the trail of the agency that answers for it; at counts
// from 1.
func (f *fold) agency(d *digest, at int, ref timeline.Ref) {
	no := &f.commit.agencies[at-1]
	if *no == 0 {
		*no = f.agencyNo(d.agencies[at-1])
	}
	f.refs.fresh(*no).AddRef(ref)
}

// agencyNo returns the number of an agency and gives it one where it has none.
func (f *fold) agencyNo(name string) int {
	no, ok := f.agencies[name]
	if !ok {
		no = len(f.agencies) + 1
		name = strings.Clone(name)
		f.agencies[name] = no
		f.batch.Agencies = append(f.batch.Agencies, readmodel.NameRow{No: int64(no), Name: name})
	}
	return no
}

// run returns the number of a pay run and gives it one where it has none.
func (f *fold) run(name string) timeline.Number {
	no, ok := f.runs[name]
	if !ok {
		no = timeline.Number(len(f.runs) + 1)
		name = strings.Clone(name)
		f.runs[name] = no
		f.batch.Runs = append(f.batch.Runs, readmodel.NameRow{No: int64(no), Name: name})
	}
	return no
}

// post returns the number of a post and gives it one where it has none.
func (f *fold) post(p postName) timeline.Number {
	at, no := f.postNumbers.first(p.hash)
	for no != 0 && f.posts[no].name != p.name {
		at, no = f.postNumbers.next(at, p.hash)
	}
	if no == 0 {
		no = uint32(len(f.posts))
		f.know(p, post{name: strings.Clone(p.name), facts: []byte{}})
		f.change(&f.changed.posts, &f.posts[no].changed, int(no))
	}
	return timeline.Number(no)
}

// findPosts appends the numbers of posts, 0 for those that may have none yet.
// They are looked up apart from each other, so that the memory is asked for many
// at a time.
func (f *fold) findPosts(to []timeline.Number, posts []postName) []timeline.Number {
	for i := range posts {
		_, no := f.postNumbers.first(posts[i].hash)
		to = append(to, timeline.Number(no))
	}
	found := to[len(to)-len(posts):]
	for i, no := range found {
		if no != 0 && f.posts[no].name != posts[i].name {
			found[i] = 0
		}
	}
	return to
}

// know takes up a post, whose number is the next one.
func (f *fold) know(name postName, p post) {
	no := uint32(len(f.posts))
	f.posts = append(f.posts, p)
	f.postNumbers.add(name.hash, no, func(no uint32) uint64 { return maphash.String(seed, f.posts[no].name) })
}
