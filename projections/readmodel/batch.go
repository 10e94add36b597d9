package readmodel

import (
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/timeline"
)

// A Batch is what some commits changed: all rows of one transaction. Each kind of
// rows has a table in the list of tables, which says how it is inserted.
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
	// Stopped is set if the projector stops or goes on again: it says why the
	// projector reads no further, and is empty if it does.
	Stopped *string
	// Checkpoint replaces the checkpoint of a bulk load, unless it is empty. After a
	// crash the load goes on from this batch. What the parts hold is the projector's.
	Checkpoint [][]byte
}

// LastOrdinal returns the ordinal of the last commit, or after if there is none.
func (b *Batch) LastOrdinal(after uint64) uint64 {
	if n := len(b.Commits); n > 0 {
		return b.Commits[n-1].Ord
	}
	return after
}

// A CommitRow is a commit with the key hashes of its events, 16 bytes each, and
// their subjects, one behind the other.
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

// A RetractionRow says that the event with a key hash was replaced or withdrawn by
// another. If two rows have one key the first holds, except that a Target is added
// to a row that had none.
type RetractionRow struct {
	Key    [16]byte
	By     timeline.Ref
	Target timeline.Ref // 0 while the event has not come
}

// A NameRow says which name has a number.
type NameRow struct {
	No   int64
	Name string
}

// Anywhere is the Division of a post if no one division holds all its places.
const Anywhere division.Code = "*"

// A PostRow is the timeline of a post.
type PostRow struct {
	No   timeline.Number
	Name string
	// Division is the smallest one that holds all places where the post was ever
	// known to lie, so that the post is found for any moment. It is empty while no
	// event developed the post.
	Division division.Code
	Facts    []byte
}

// A PlanRow is the timeline of a plan line.
type PlanRow struct {
	No    int64
	Key   timeline.PlanKey
	Facts []byte
}

// A LeafRow is a new leaf. It replaces the leaves before it whose last events are
// Joined, and begins with their bytes.
type LeafRow struct {
	Owner  int64        // a folio, a bucket or an agency; 0 in a table without owners
	Last   timeline.Ref // the last event in the leaf
	Bytes  []byte
	Joined []timeline.Ref
}
