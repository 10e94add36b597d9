// Package decoding decodes commits of the log for the runner: it is the first stage of
// the pipeline.
//
// A decoded commit has what its events say, packed as facts, and about whom, by name.
// All of it depends on the commit alone, so several commits are decoded at a time, by
// as many goroutines. Names become numbers in the next stage, which takes the commits
// in log order.
package decoding

import (
	"crypto/sha256"
	"hash/maphash"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// A Commit is a decoded commit. Its texts are parts of the bytes of the log's commit:
// whoever keeps one clones it. The memory of a Commit is used again for another one,
// see [Pipeline.Release].
type Commit struct {
	log.Commit

	Decoded []Event // one for each event of the log's commit, in its order
	Lines   []Line  // of all events, in their order
	packed  []byte  // the extents of facts are parts of it

	// What the events name, in the order in which they first name it. Events and lines
	// refer to it by place, counted from 1. The lists are hashed, so they depend on the
	// commit alone. An agency or a cell is listed once; a post is listed once for each
	// run of lines that name it in turn.
	Posts    []PostName
	Agencies []string
	Cells    []view.Cell // of the contributions

	Contributions []Contribution    // of all events, in their order
	Facts         int               // as [events.Event.Facts] counts them
	Hash          [sha256.Size]byte // of all of the above that no row of the read model says
}

// An Event is one decoded event.
type Event struct {
	Key        [16]byte // hash of the key
	Superseded [16]byte // hash of the key of the event that it replaces or withdraws
	Supersedes bool     // whether it does

	Agency int    // that answers for it, in Agencies, from 1
	County string // whose folio takes the persons whom the event names first
	Tag    timeline.Tag
	Run    string // of pay lines
	Post   int    // in Posts, from 1, that all lines are about; 0 is none
	Own    Extent // what the event says of the post itself, or of each of AlsoPosts
	Plan   timeline.PlanKey
	Seats  int         // that are planned
	Month  civil.Month // of a sheet

	AlsoPosts []int // in Posts, from 1: the posts of the person of a person.identified

	linesEnd         int // end of its lines in Lines
	contributionsEnd int // end of its contributions in Contributions

	// Unreadable says why the event cannot be read, when an operator has set it
	// aside. Nothing else is known of such an event.
	Unreadable string
}

// A Line says something of one person.
type Line struct {
	Person uuid.UUID
	Post   int // in Posts, from 1; 0 is none; mentioned is what Mentions says
	Rest   Extent
}

// mentioned stands in place of the post of a line that mentions its person. It takes no
// memory of its own in the many lines that do not.
const mentioned = -1

// Mentions reports whether the line only mentions its person, whatever the event says: the
// person is the second one of the payload.
func (l *Line) Mentions() bool { return l.Post == mentioned }

// A Contribution is what an event contributes to a view by itself.
type Contribution struct {
	View int // index of the view
	Cell int // in Cells, from 1
	Date civil.Date
	// Measure and N are as in [view.Emit].
	Measure, N int
}

// An Extent is where a packed fact lies; the zero Extent is none.
type Extent struct{ from, to int }

// Packed returns the packed fact at an extent.
func (c *Commit) Packed(e Extent) []byte { return c.packed[e.from:e.to] }

// LinesOf returns where the lines of the event with an index begin and end in Lines.
func (c *Commit) LinesOf(i int) (from, to int) {
	if i > 0 {
		from = c.Decoded[i-1].linesEnd
	}
	return from, c.Decoded[i].linesEnd
}

// ContributionsOf returns the contributions of the event with an index.
func (c *Commit) ContributionsOf(i int) []Contribution {
	from := 0
	if i > 0 {
		from = c.Decoded[i-1].contributionsEnd
	}
	return c.Contributions[from:c.Decoded[i].contributionsEnd]
}

// reset empties a commit and keeps its memory and the log's commit.
func (c *Commit) reset() {
	c.Decoded, c.Lines, c.packed = c.Decoded[:0], c.Lines[:0], c.packed[:0]
	c.Posts, c.Agencies, c.Cells = c.Posts[:0], c.Agencies[:0], c.Cells[:0]
	c.Contributions, c.Facts = c.Contributions[:0], 0
}

// release lets go of the bytes of the log's commit and of all that is a part of them.
func (c *Commit) release() {
	done := c.Done
	c.Commit = log.Commit{}
	clear(c.Decoded)
	clear(c.Posts)
	clear(c.Agencies)
	clear(c.Cells)
	if done != nil {
		done()
	}
}

// A PostName is the name of a post with a hash of it. The hash holds for this process
// alone.
type PostName struct {
	Name string
	Hash uint64
}

var seed = maphash.MakeSeed()

// MakePostName returns the name of a post with its hash.
func MakePostName(name string) PostName { return PostName{name, HashPost(name)} }

// HashPost returns the hash of the name of a post.
func HashPost(name string) uint64 { return maphash.String(seed, name) }

// post adds the name of a post to the list, unless it is the last one there, and returns
// its place.
func (c *Commit) post(name string) int {
	if n := len(c.Posts); n == 0 || c.Posts[n-1].Name != name {
		c.Posts = append(c.Posts, MakePostName(name))
	}
	return len(c.Posts)
}
