// Package folding adds decoded commits to the timelines: it is the second stage of the
// runner's pipeline.
//
// A [Fold] takes commits in log order. It gives numbers to whatever they name, appends
// their facts to the timelines of posts and plan lines, which it keeps, and to the
// leaves of persons, which it only passes on; and it hands each commit with what it
// changed to the stage of the views, package delta. What has to be written gathers in a
// batch.
package folding

import (
	"context"
	"fmt"
	"strings"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner/internal/decoding"
	"github.com/muster-works/muster/projections/runner/internal/delta"
	"github.com/muster-works/muster/projections/runner/internal/leaves"
	"github.com/muster-works/muster/projections/runner/internal/lookup"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// A Fold is what is kept in memory of a generation while it is written. Apply takes
// commits; Rest waits until the views have them, too. All other methods may be called
// between Rest and the next Apply. A Fold is for one goroutine.
type Fold struct {
	ord   uint64 // of the last commit
	clock log.Clock
	views *delta.Updater

	keys    keyIndex
	pending map[[16]byte]timeline.Ref // retractions whose target has not come: who retracts, by key

	postIndex  lookup.Index
	posts      []post // by number; number 0 is none
	planIndex  map[timeline.PlanKey]int
	plans      []planLine // by number; number 0 is none
	runs       map[string]timeline.Number
	agencies   map[string]int
	persons    persons
	facts      leaves.Buffer // of persons, by folio
	agencyRefs leaves.Buffer // events, by agency

	batch     readmodel.Batch
	changed   struct{ posts, plans []int } // since the last batch that had them
	factCount int                          // in the batch
	commit    commit                       // under way
	stored    StoredCommit
}

// A StoredCommit returns a commit that was taken from the fold.
type StoredCommit func(ctx context.Context, ord uint64) (readmodel.CommitRow, error)

// A commit has the numbers of what the commit under way names.
type commit struct {
	change   *delta.Change
	posts    []timeline.Number  // by place in the list of the commit, 0 while unknown
	agencies []int              // likewise
	persons  []timeline.Number  // by line, 0 for persons not known before
	subjects []timeline.Subject // of the event under way
}

type post struct {
	name    string
	facts   []byte
	touched uint64 // ordinal of the last commit that changed its contributions
	changed bool   // since the last batch that had it
}

type planLine struct {
	key     timeline.PlanKey
	facts   []byte
	touched uint64
	changed bool
}

// New returns a Fold of which nothing is known yet. Commits that were taken are asked of
// stored.
func New(views []view.View, stored StoredCommit) *Fold {
	f := &Fold{
		views:     delta.New(views),
		pending:   map[[16]byte]timeline.Ref{},
		posts:     make([]post, 1),
		planIndex: map[timeline.PlanKey]int{},
		plans:     make([]planLine, 1),
		runs:      map[string]timeline.Number{},
		agencies:  map[string]int{},
		persons:   newPersons(),
		stored:    stored,
	}
	f.keys.stored = f.storedKey
	f.resetBatch()
	return f
}

// Ordinal returns the ordinal of the last commit, 0 when there was none.
func (f *Fold) Ordinal() uint64 { return f.ord }

// Facts returns how many facts were applied since the last Take.
func (f *Fold) Facts() int { return f.factCount }

// Rest waits until the views have every commit that was applied, and returns the first
// error that they met.
func (f *Fold) Rest() error { return f.views.Rest() }

// Apply folds one commit. Done is called when the commit is no longer in use, by
// whatever goroutine, also when Apply fails. Errors of the views are those of Rest.
func (f *Fold) Apply(ctx context.Context, c *decoding.Commit, done func()) error {
	change := f.views.NextChange()
	change.Commit, change.Done = c, done
	f.commit.change = change
	if err := f.appendCommit(ctx, c); err != nil {
		f.views.Discard(change)
		return err
	}
	f.views.Take(change)
	return nil
}

// appendCommit appends a commit to the timelines, and to its change what it changed.
func (f *Fold) appendCommit(ctx context.Context, c *decoding.Commit) error {
	f.ord++
	f.addCommitRow(c)
	retractions := len(f.batch.Retractions)
	change := f.commit.change
	var err error
	if change.Met, err = f.keys.meet(ctx, change.Met, f.ord, c.Decoded); err != nil {
		return fmt.Errorf("commit at position %s: %w", c.Position, err)
	}
	f.commit.posts = f.findPosts(f.commit.posts[:0], c.Posts)
	f.commit.agencies = append(f.commit.agencies[:0], make([]int, len(c.Agencies))...)
	f.commit.persons = f.persons.findAll(f.commit.persons[:0], c.Lines, f.persons.orderOf(c))
	row := &f.batch.Commits[len(f.batch.Commits)-1]
	for i := range c.Decoded {
		f.commit.subjects = f.commit.subjects[:0]
		if err := f.appendEvent(ctx, c, i); err != nil {
			return fmt.Errorf("event at position %s: %w", c.Position.Event(i), err)
		}
		row.Subjects = timeline.AppendSubjects(row.Subjects, f.commit.subjects)
	}
	f.factCount += c.Facts
	f.fillChange(change, *row, f.batch.Retractions[retractions:])
	return nil
}

// addCommitRow adds the row of a commit to the batch, without subjects.
func (f *Fold) addCommitRow(c *decoding.Commit) {
	row := readmodel.CommitRow{Keys: make([]byte, 0, 16*len(c.Decoded)), Subjects: make([]byte, 0, len(c.Decoded)+3*c.Facts)}
	row.Commit = readmodel.Commit{Ord: f.ord, Position: c.Position, ID: c.ID, Recorded: f.clock.Recorded(c.Commit)}
	for i := range c.Decoded {
		row.Keys = append(row.Keys, c.Decoded[i].Key[:]...)
	}
	f.batch.Commits = append(f.batch.Commits, row)
}

// fillChange adds to a change what is known once its commit was appended.
func (f *Fold) fillChange(change *delta.Change, row readmodel.CommitRow, retractions []readmodel.RetractionRow) {
	for i := range change.Posts {
		change.Posts[i].Facts = f.posts[change.Posts[i].No].facts
	}
	for i := range change.Plans {
		change.Plans[i].Facts = f.plans[change.Plans[i].No].facts
	}
	change.Row, change.Retractions = row, retractions
	change.Persons = append(change.Persons, f.persons.added...)
	f.persons.added = f.persons.added[:0]
}

// appendEvent appends an event to the timelines that it is about. An event whose key
// was met before says nothing new.
func (f *Fold) appendEvent(ctx context.Context, c *decoding.Commit, i int) error {
	x, ref := &c.Decoded[i], timeline.MakeRef(f.ord, i)
	if x.Unreadable != "" {
		f.batch.SetAside = append(f.batch.SetAside, readmodel.SetAside{Event: ref, Position: c.Position.Event(i), Why: x.Unreadable})
		return nil
	}
	if f.commit.change.Met[i] != 0 {
		return nil
	}
	f.agencyRefs.Fresh(f.agencyAt(c, x.Agency)).AddRef(ref)
	f.appendFacts(c, i, ref)
	if by, ok := f.pending[x.Key]; ok {
		delete(f.pending, x.Key)
		f.batch.Retractions = append(f.batch.Retractions, readmodel.RetractionRow{Key: x.Key, By: by, Target: ref})
		f.appendRetraction(f.commit.subjects, ref, ref, by)
	}
	if !x.Supersedes || x.Superseded == x.Key { // an event cannot supersede itself
		return nil
	}
	return f.retract(ctx, x.Superseded, ref)
}

// agencyAt returns the number of an agency by its place in the list of the commit.
func (f *Fold) agencyAt(c *decoding.Commit, place int) int {
	no := &f.commit.agencies[place-1]
	if *no == 0 {
		*no = f.agency(c.Agencies[place-1])
	}
	return *no
}

// agency returns the number of an agency and gives it one when it has none.
func (f *Fold) agency(name string) int {
	no, ok := f.agencies[name]
	if !ok {
		no = len(f.agencies) + 1
		name = strings.Clone(name)
		f.agencies[name] = no
		f.batch.Agencies = append(f.batch.Agencies, readmodel.NameRow{No: int64(no), Name: name})
	}
	return no
}

// run returns the number of a pay run and gives it one when it has none.
func (f *Fold) run(name string) timeline.Number {
	no, ok := f.runs[name]
	if !ok {
		no = timeline.Number(len(f.runs) + 1)
		name = strings.Clone(name)
		f.runs[name] = no
		f.batch.Runs = append(f.batch.Runs, readmodel.NameRow{No: int64(no), Name: name})
	}
	return no
}
