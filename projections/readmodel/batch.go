package readmodel

import (
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/timeline"
)

// A Batch is what some commits changed: all rows of one transaction.
type Batch struct {
	Commits     []CommitRow
	Retractions []RetractionRow
	Posts       []PostRow // new and changed
	Plans       []PlanRow // new and changed
	Runs        []NameRow
	Folios      []NameRow // the name is the county
	Agencies    []NameRow
	Leaves      map[string][]LeafRow // by table
	SetAside    []SetAside
	// Stopped, where it is set, says why the projector reads no further, and
	// empty that it does again.
	Stopped *string
	// Checkpoint, where it is not empty, replaces the checkpoint of a bulk load: it
	// can go on from this batch after a crash.
	Checkpoint [][]byte
}

// Last returns the ordinal of the last commit, or after where there is none.
func (b *Batch) LastOrdinal(after uint64) uint64 {
	if n := len(b.Commits); n > 0 {
		return b.Commits[n-1].Ord
	}
	return after
}

// A CommitRow is a commit with the key hashes and the subjects of its events,
// one behind the other.
type CommitRow struct {
	Commit
	Keys     []byte
	Subjects []byte // see timeline.AppendSubjects
}

// A SetAside is an event that could not be read, and that an operator set aside.
type SetAside struct {
	Event    timeline.Ref
	Position log.Position
	Why      string
}

// A RetractionRow says that the event with a key was replaced or withdrawn. Of two
// rows with one key the first holds, except that a Target is added to one that
// had none.
type RetractionRow struct {
	Key    [16]byte
	By     timeline.Ref
	Target timeline.Ref // 0 while the event has not come
}

// A NameRow gives a number to a name.
type NameRow struct {
	No   int64
	Name string
}

// Anywhere is the Division of a post that no one division holds.
const Anywhere division.Code = "*"

// A PostRow is the timeline of a post.
type PostRow struct {
	No   timeline.Number
	Name string
	// Division is the smallest that holds wherever the post was ever known to
	// lie, so that it is found for any moment; empty while no event developed it.
	Division division.Code
	Facts    []byte
}

// A PlanRow is the timeline of a plan line.
type PlanRow struct {
	No    int64
	Key   timeline.PlanKey
	Facts []byte
}

// A LeafRow is a new leaf: of a folio, a bucket, an agency, or of what a table has
// as a whole, where Of is 0. It replaces the Joined leaves before it, whose bytes it
// begins with.
type LeafRow struct {
	Owner  int64
	Last   timeline.Ref
	Bytes  []byte
	Joined []timeline.Ref
}
