// Package readmodel keeps what the projections made of the log, in generations.
//
//	log ─► projector ─► Writer ─► GenerationWriter ─┐
//	                                                Store: sqlite, postgres
//	questions, reports ◄─ Reader ◄─── Generation ───┘
//
// A generation is whole: it has the timelines, the views, the commits, and the
// position up to which it has read the log. One [Writer] writes it and any number of
// [Reader]s read it, in this process or in others; neither waits for the other. Rows
// and position commit in one transaction, so a generation always shows the log up to
// exactly one commit. Rows carry the ordinal of the commit since which they are known
// and are never overwritten. So a reader needs no transaction of its own: it takes
// [Reader.Meta] once and asks everything at the ordinal in it.
//
// Commits are numbered densely from 1 in log order; the number is the ordinal.
// Business dates are stored as civil.Date numbers (days since 0000-12-31; SQLite shows
// one as date((d-719163)*86400,'unixepoch')), instants as Unix nanoseconds, events as
// timeline.Ref numbers. [Tables] describes the tables, and FORMAT.md of the module
// draws the byte layouts.
//
// A [Dir] is the directory of the generations gen-000001, gen-000002, … of a [Store],
// and says which is in use. A switch to another generation is atomic, and the
// generation before stays, so that the way back is one step.
//
// A store is where generations live: package sqlite has one file a generation in a
// directory, package postgres one schema a generation in a database. Tables and
// queries are the same in all stores and stand here; a store opens, loads, fences,
// switches and removes. Package storetest is the suite that every store passes,
// package packing has the layouts of rows of views, and package comparison compares
// generations.
package readmodel

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/muster-works/muster/events/log"
)

var (
	// ErrNone is returned if there is no generation yet. Wait for the projector, or
	// rebuild from the log.
	ErrNone = errors.New("readmodel: no generation yet")

	// ErrUnusable is returned if a generation was made by another version, was not
	// finished, or is damaged. Nothing is lost: rebuild it from the log.
	ErrUnusable = errors.New("readmodel: generation is unusable, rebuild it")

	// ErrBusy is returned if another projector is loading the generation. Leave it
	// to that one.
	ErrBusy = errors.New("readmodel: generation is being loaded")

	// ErrHeld is returned if another projector is in the middle of a transaction that
	// does not end and that the store cannot end: its process may be stopped. Build
	// another generation, which it does not hold.
	ErrHeld = errors.New("readmodel: another projector does not let go of the generation")

	// ErrFenced is returned if another projector has taken over. Nothing of the
	// transaction was written. Stop.
	ErrFenced = errors.New("readmodel: another projector has taken over")

	// ErrUnavailable is returned if the store does not answer: its server is down, or
	// ended the connection. A query may be repeated. Whether a write was done is told
	// by Ord of a new Writer.
	ErrUnavailable = errors.New("readmodel: store is unavailable")

	// ErrUnknown is returned if the generation has no such thing: a position that is
	// not a commit's, an ordinal beyond the head, a person or a post that no event
	// named.
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

// A State is the hash of everything that was made of the log up to a commit: of each
// row, in the order in which the rows came. Two generations that read one log with
// the same versions have the same state at the same commit, whether they were
// written live or rebuilt, and in whatever batches.
type State [sha256.Size]byte

// String returns the hash in hexadecimal, and "" for the zero State.
func (s State) String() string {
	if s == (State{}) {
		return ""
	}
	return hex.EncodeToString(s[:])
}

// Meta is what a generation shows.
type Meta struct {
	Generation string         // its name
	Commit                    // the last one read; Ord is 0 if there is none
	Views      map[string]int // versions by name
	SetAside   []SetAside     // in log order
	Stopped    string         // why the projector reads no further; empty while it does
}

// A Pulse changes as long as a projector keeps a generation up to date.
type Pulse struct {
	Generation string
	Epoch, Ord uint64
	Beat       uint64 // 0 if the projector let go
}
