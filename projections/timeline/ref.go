package timeline

import "fmt"

// A Ref names one event of the log in a small number: the ordinal of its
// commit (commits are numbered densely from 1 in log order) and its index in
// the commit. Refs order events as the log does. The zero Ref is none.
type Ref uint64

// MakeRef makes the Ref of the event with an index in the commit with an
// ordinal. A commit holds fewer than 1024 events (log.MaxEvents).
func MakeRef(ord uint64, index int) Ref { return Ref(ord<<10 | uint64(index)) }

// Ord returns the ordinal of the commit.
func (r Ref) Ord() uint64 { return uint64(r >> 10) }

// Index returns the index of the event in its commit.
func (r Ref) Index() int { return int(r & 1023) }

// String prints ordinal and index, for people.
func (r Ref) String() string { return fmt.Sprintf("%d/%d", r.Ord(), r.Index()) }

// Head is the ordinal to ask at for everything that is known.
const Head = ^uint64(0) >> 10

// A Number stands for a person or a post within one generation of the read model.
// Numbers are given in log order and mean nothing outside of the generation.
type Number uint32
