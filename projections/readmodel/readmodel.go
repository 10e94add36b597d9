// Package readmodel keeps what the projections made of the log, in generations.
//
// A generation is whole: timelines, views, commits, and the position up to
// which it has read. One [Writer] writes it, any number of [Reader]s read it,
// in this process or another, and neither waits for the other. Rows and
// position commit in one transaction, so a generation always shows the log up
// to exactly one commit. Rows carry the ordinal of the commit that they are
// known since and are never overwritten, so a reader needs no transaction of
// its own: it takes [Reader.Meta] once and asks everything at that ordinal;
// what is written meanwhile lies beyond it.
//
// Commits are numbered densely from 1 in log order: the ordinal. Business
// dates are stored as civil.Date numbers (days since 0000-12-31; SQLite shows
// one as date((d-719163)*86400,'unixepoch')), instants as Unix nanoseconds,
// events as timeline.Ref numbers. [Tables] describes the tables.
//
// A [Dir] holds the generations gen-000001, gen-000002, … of a [Store] and says
// which is in use. That is replaced atomically, and the generation before stays,
// so that the way back is one step.
//
// Where generations live is the store's: package sqlite has one file a
// generation in a directory, package postgres one schema a generation in a
// database. The tables, what is asked of them, how generations are compared and
// hashed are the same for all and are here; a store opens, loads, fences,
// switches and removes. Package storetest is what every store must pass.
package readmodel

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/muster-works/muster/events/log"
)

var (
	// ErrNone says that there is no generation yet: wait for the projector, or
	// rebuild from the log.
	ErrNone = errors.New("readmodel: no generation yet")

	// ErrUnusable says that a generation was made by another version, was not
	// finished, or is damaged. Nothing is lost: rebuild it from the log.
	ErrUnusable = errors.New("readmodel: generation is unusable, rebuild it")

	// ErrBusy says that somebody else is loading the generation: let them.
	ErrBusy = errors.New("readmodel: generation is being loaded")

	// ErrHeld says that another projector is in the middle of a transaction, does
	// not end it, and cannot be made to: it may be stopped. Build another
	// generation, which it has no hold of.
	ErrHeld = errors.New("readmodel: another projector does not let go of the generation")

	// ErrFenced says that another projector has taken over. Nothing of the
	// transaction was written: stop.
	ErrFenced = errors.New("readmodel: another projector has taken over")

	// ErrUnavailable says that the store does not answer: its server is down, or
	// ended the connection. What was asked may be asked again; whether a write
	// was done is told by Ord of a new Writer.
	ErrUnavailable = errors.New("readmodel: store is unavailable")

	// ErrUnknown says that there is no such thing in the read model: a
	// position that is not a commit's, an ordinal beyond the head, a person or
	// post that no event named.
	ErrUnknown = errors.New("readmodel: not known")
)

// A Commit is one commit of the log.
type Commit struct {
	Ord      uint64
	Position log.Position
	ID       string
	Recorded time.Time // raised to the running maximum, see log.Clock
	State    State
}

// A State is a hash of everything that was made of the log up to a commit: of
// each row, in the order in which they came. Generations that read one log with
// the same versions of the views have the same at the same commit, live or
// rebuilt, whatever the batches.
type State [sha256.Size]byte

// String prints the hash in hexadecimal, and nothing for that of no commit.
func (s State) String() string {
	if s == (State{}) {
		return ""
	}
	return hex.EncodeToString(s[:])
}

// Meta says what a generation shows.
type Meta struct {
	Generation string         // its name
	Commit                    // the last one read; Ord 0 when there is none
	Views      map[string]int // versions by name
	SetAside   []SetAside     // in log order
	Stopped    string         // why the projector reads no further; empty while it does
}

// A Pulse changes as long as a projector keeps a generation up to date.
type Pulse struct {
	Generation string
	Epoch, Ord uint64
	Beat       uint64 // 0 when nobody does
}
