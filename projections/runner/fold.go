package runner

import (
	"context"
	"fmt"
	"hash/maphash"
	"strings"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// A fold is what is kept in memory of a generation while it is written: the
// timelines of posts and plan lines, the spans that hold, and the numbers of
// everything. Persons' facts pass through to their folios.
//
// Commits are applied in log order, each once: to the timelines here, and then by
// the differ to the views. What they change gathers in the batch until it is taken.
type fold struct {
	ord    uint64
	clock  log.Clock
	differ *differ

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

	batch   readmodel.Batch
	changed struct{ posts, plans []int } // since the last batch that had them
	facts   int
	commit  commit
	// stored returns a commit that is not in the batch any more.
	stored func(context.Context, uint64) (readmodel.CommitRow, error)
}

// A commit is what is under way.
type commit struct {
	change   *change
	posts    []timeline.Number  // of the digest's, 0 while unknown
	agencies []int              // likewise
	persons  []timeline.Number  // of the lines, 0 for those unknown before
	about    []timeline.Subject // of the event
}

type post struct {
	name    string
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

func newFold(views []view.View) *fold {
	f := &fold{
		differ:      newDiffer(views),
		pending:     map[[16]byte]timeline.Ref{},
		posts:       make([]post, 1),
		planNumbers: map[timeline.PlanKey]int{},
		plans:       make([]planLine, 1),
		runs:        map[string]timeline.Number{},
		agencies:    map[string]int{},
		persons:     newPersons(),
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

// shelves yields what is written in leaves, by table. The differ must be at rest.
func (f *fold) shelves(yield func(table string, s *shelf) bool) {
	if yield(readmodel.PersonFactTable, &f.leaves) && yield(readmodel.PseudonymTable, &f.persons.ids) && yield(readmodel.BearerTable, &f.persons.bearers) && yield(readmodel.AgencyLeafTable, &f.refs) {
		f.differ.shelves(yield)
	}
}

// gathered is how many bytes were added to leaves since they were taken. The differ
// must be at rest.
func (f *fold) gathered() (n int) {
	for _, s := range f.shelves {
		n += s.bytes()
	}
	return n
}

// apply folds one commit. It is in use until done is called, by whatever goroutine,
// also where apply fails.
func (f *fold) apply(ctx context.Context, d *digest, done func()) error {
	c := f.differ.change()
	c.said, c.done = d, done
	f.commit.change = c
	if err := f.timelines(ctx, d); err != nil {
		f.differ.leave(c)
		return err
	}
	f.differ.take(c)
	return nil
}

// timelines adds what a commit says to the timelines, and to its change what that
// is.
func (f *fold) timelines(ctx context.Context, d *digest) error {
	f.ord++
	row := readmodel.CommitRow{Keys: make([]byte, 0, 16*len(d.events)), Subjects: make([]byte, 0, len(d.events)+3*d.facts)}
	row.Commit = readmodel.Commit{Ord: f.ord, Position: d.Position, ID: d.ID, Recorded: f.clock.Recorded(d.Commit)}
	for i := range d.events {
		row.Keys = append(row.Keys, d.events[i].key[:]...)
	}
	f.batch.Commits = append(f.batch.Commits, row)
	voids := len(f.batch.Retractions)
	change := f.commit.change
	var err error
	if change.met, err = f.keys.meet(ctx, change.met, f.ord, d.events); err != nil {
		return fmt.Errorf("commit at position %s: %w", d.Position, err)
	}
	f.commit.posts = f.findPosts(f.commit.posts[:0], d.posts)
	f.commit.agencies = append(f.commit.agencies[:0], make([]int, len(d.agencies))...)
	f.commit.persons = f.persons.findAll(f.commit.persons[:0], d.lines, f.persons.order(d))
	for i := range d.events {
		f.commit.about = f.commit.about[:0]
		if err := f.event(ctx, d, i); err != nil {
			return fmt.Errorf("event at position %s: %w", d.Position.Event(i), err)
		}
		c := &f.batch.Commits[len(f.batch.Commits)-1]
		c.Subjects = timeline.AppendSubjects(c.Subjects, f.commit.about)
	}
	f.facts += d.facts
	for i := range change.posts {
		change.posts[i].facts = f.posts[change.posts[i].no].facts
	}
	for i := range change.plans {
		change.plans[i].facts = f.plans[change.plans[i].no].facts
	}
	change.row, change.voids = f.batch.Commits[len(f.batch.Commits)-1], f.batch.Retractions[voids:]
	change.bearers = append(change.bearers, f.persons.fresh...)
	f.persons.fresh = f.persons.fresh[:0]
	return nil
}

func (f *fold) event(ctx context.Context, d *digest, i int) error {
	x, ref := &d.events[i], timeline.MakeRef(f.ord, i)
	if x.aside != "" {
		f.batch.SetAside = append(f.batch.SetAside, readmodel.SetAside{Event: ref, Position: d.Position.Event(i), Why: x.aside})
		return nil
	}
	if f.commit.change.met[i] != 0 {
		return nil // the same event again says nothing new
	}
	f.agency(d, x.agency, ref)
	f.say(d, i, ref)
	if by, ok := f.pending[x.key]; ok {
		delete(f.pending, x.key)
		f.batch.Retractions = append(f.batch.Retractions, readmodel.RetractionRow{Key: x.key, By: by, Target: ref})
		f.leaveOut(f.commit.about, ref, ref, by)
	}
	if !x.replaces || x.replaced == x.key { // an event cannot replace itself
		return nil
	}
	return f.void(ctx, x.replaced, ref)
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
	f.batch.Retractions = append(f.batch.Retractions, readmodel.RetractionRow{Key: key, By: by, Target: target})
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
		f.postNumbers.ask(posts[i].hash)
	}
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
