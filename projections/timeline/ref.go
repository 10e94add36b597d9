package timeline

import "fmt"

// A Ref identifies one event of the log by the ordinal of its commit and its
// index in the commit. Commits are numbered from 1 without gaps in log order,
// so Refs sort in log order. The zero Ref identifies no event.
type Ref uint64

// MakeRef returns the Ref of the event with the given index in the commit with
// the given ordinal. A commit holds fewer than 1024 events (log.MaxEvents).
func MakeRef(ord uint64, index int) Ref { return Ref(ord<<10 | uint64(index)) }

// Ord returns the ordinal of the commit.
func (r Ref) Ord() uint64 { return uint64(r >> 10) }

// Index returns the index of the event in its commit.
func (r Ref) Index() int { return int(r & 1023) }

// String returns the ordinal and the index in readable form.
func (r Ref) String() string { return fmt.Sprintf("%d/%d", r.Ord(), r.Index()) }

// Head is an ordinal beyond every commit. A query at Head returns everything
// that is known.
const Head = ^uint64(0) >> 10

// A Number identifies a person or a post within one generation of the read
// model. Numbers are assigned in log order and have no meaning in another
// generation.
type Number uint32
