package runner

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
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

	postNumbers map[string]timeline.Number
	posts       []post // by number; number 0 is none
	planNumbers map[timeline.PlanKey]int
	plans       []planLine
	runs        map[string]timeline.Number
	agencies    map[string]int64

	persons  map[uuid.UUID]timeline.Number
	counties map[string]*county // by county: the folio that is being filled
	folios   int64
	leaves   shelf
	refs     shelf // of agencies

	cells   cells
	rows    map[string]*rows // by view
	touched []touch          // posts of the commit under way, in order
	planned []touch

	batch   readmodel.Batch
	changed struct{ posts, plans map[int]bool } // since the last batch that had them
	facts   int
	scratch []byte
	about   []timeline.Subject // of the event under way
	// stored returns a commit that is not in the batch any more.
	stored func(context.Context, uint64) (readmodel.CommitRow, error)
}

type post struct {
	name    string
	at      division.Code // as developed
	facts   []byte
	touched uint64 // ordinal of the last commit that changed it
}

type planLine struct {
	key     timeline.PlanKey
	facts   []byte
	touched uint64
}

// A touch remembers how many bytes of facts there were before the commit.
type touch struct{ number, before int }

type county struct {
	folio int64
	used  int
}

func newFold(views []view.View) *fold {
	f := &fold{
		views:       views,
		keys:        keys{half: map[uint64]timeline.Ref{}, whole: map[[16]byte]timeline.Ref{}},
		pending:     map[[16]byte]timeline.Ref{},
		postNumbers: map[string]timeline.Number{},
		posts:       make([]post, 1),
		planNumbers: map[timeline.PlanKey]int{},
		plans:       make([]planLine, 1),
		runs:        map[string]timeline.Number{},
		agencies:    map[string]int64{},
		persons:     map[uuid.UUID]timeline.Number{},
		counties:    map[string]*county{},
		leaves:      newShelf(),
		refs:        newShelf(),
		cells:       newCells(),
		rows:        map[string]*rows{},
	}
	for _, v := range views {
		f.rows[v.Name] = newRows()
	}
	f.keys.stored = f.key
	f.changed.posts, f.changed.plans = map[int]bool{}, map[int]bool{}
	f.reset()
	return f
}

// reset begins a new batch.
func (f *fold) reset() {
	f.batch = readmodel.Batch{
		Differences: map[string][]readmodel.Difference{},
		Opened:      map[string][]readmodel.SpanRow{},
		Closed:      map[string][]readmodel.SpanRow{},
	}
	f.facts = 0
}

// apply folds one commit.
func (f *fold) apply(ctx context.Context, d *decoded) error {
	f.ord++
	row := readmodel.CommitRow{Keys: make([]byte, 0, 16*len(d.keys)), Subjects: make([]byte, 0, 4*d.facts)}
	row.Commit = readmodel.Commit{Ord: f.ord, Position: d.Position, ID: d.ID, Recorded: f.clock.Recorded(d.Commit)}
	for _, k := range d.keys {
		row.Keys = append(row.Keys, k[:]...)
	}
	f.batch.Commits = append(f.batch.Commits, row)
	for i, e := range d.events {
		f.about = f.about[:0]
		if err := f.applyEvent(ctx, e, d.keys[i], timeline.MakeRef(f.ord, i)); err != nil {
			return fmt.Errorf("event at position %s: %w", d.Position.Event(i), err)
		}
		c := &f.batch.Commits[len(f.batch.Commits)-1]
		c.Subjects = timeline.AppendSubjects(c.Subjects, f.about)
	}
	f.facts += d.facts
	if err := f.difference(); err != nil {
		return fmt.Errorf("commit at position %s: %w", d.Position, err)
	}
	return nil
}

func (f *fold) applyEvent(ctx context.Context, e *events.Event, key [16]byte, ref timeline.Ref) error {
	switch first, err := f.keys.find(ctx, key); {
	case err != nil:
		return err
	case first != 0:
		return nil // the same event again says nothing new
	}
	f.keys.add(key, ref)
	f.agency(e, ref)
	f.say(e, ref)
	if by, ok := f.pending[key]; ok {
		delete(f.pending, key)
		f.batch.Voids = append(f.batch.Voids, readmodel.VoidRow{Key: key, By: by, Target: ref})
		f.leaveOut(f.about, ref, ref, by)
	}
	return f.void(ctx, e, key, ref)
}

// void leaves out what an event replaces or withdraws.
func (f *fold) void(ctx context.Context, e *events.Event, key [16]byte, ref timeline.Ref) error {
	old := events.Key{Family: e.Family(), Source: e.Source, ID: e.Replaces}
	if w, ok := e.Data.(*events.EventWithdrawn); ok {
		old.ID = w.ID
	}
	if old.ID == "" {
		return nil
	}
	replaced := old.Hash()
	if replaced == key {
		return nil // an event cannot replace itself
	}
	target, err := f.keys.find(ctx, replaced)
	if err != nil {
		return err
	}
	f.batch.Voids = append(f.batch.Voids, readmodel.VoidRow{Key: replaced, By: ref, Target: target})
	if target == 0 {
		if _, ok := f.pending[replaced]; !ok {
			f.pending[replaced] = ref
		}
		return nil
	}
	c, err := f.commit(ctx, target.Ord())
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
	f.leaveOut(about, ref, target, ref)
	return nil
}

// commit returns a commit that was folded.
func (f *fold) commit(ctx context.Context, ord uint64) (readmodel.CommitRow, error) {
	if b := f.batch.Commits; len(b) > 0 && ord >= b[0].Ord {
		return b[ord-b[0].Ord], nil
	}
	return f.stored(ctx, ord)
}

// key returns the key of an event that was folded.
func (f *fold) key(ctx context.Context, ref timeline.Ref) (key [16]byte, err error) {
	c, err := f.commit(ctx, ref.Ord())
	if err != nil {
		return key, err
	}
	if copy(key[:], c.Keys[min(len(c.Keys), 16*ref.Index()):]) < len(key) {
		return key, fmt.Errorf("%w: no key of event %v", readmodel.ErrUnusable, ref)
	}
	return key, nil
}

// agency notes the event in the trail of the agency that answers for it: the
// one its source names, which is the one that was authenticated, unless an
// operator brought the event in for it.
func (f *fold) agency(e *events.Event, ref timeline.Ref) {
	name := e.AuthID
	if path, ok := strings.CutPrefix(e.Source, "/agency/"); ok {
		name, _, _ = strings.Cut(path, "/")
	}
	no, ok := f.agencies[name]
	if !ok {
		no = int64(len(f.agencies) + 1)
		f.agencies[name] = no
		f.batch.Agencies = append(f.batch.Agencies, readmodel.NameRow{No: no, Name: name})
	}
	f.refs.add(no, func(l *timeline.Leaf) { l.AddRef(ref) })
}
