// Package log defines the event log: what every driver promises to its callers.
//
// The log is a sequence of commits. A commit is one or more events that are appended
// together to one consistency boundary, all or none. A consistency boundary contains
// all events that one decision must know. An append names the revision of the
// boundary on which it was decided, and is refused if the boundary has moved since
// (optimistic concurrency).
//
// Every driver keeps these promises, and [logtest] tests them:
//
//   - Atomic. A commit is in the log as a whole or not at all. No reader ever sees a part of a
//     commit.
//   - Ordered. Positions order all events of all boundaries totally, and all readers see the
//     same order. Revisions order the commits of one boundary.
//   - Durable. When Append returns without an error, the commit is fsynced, by a quorum if the
//     log is replicated. If Append returns an error other than [ErrConflict], [ErrTooLarge] and
//     [ErrInvalid], the outcome is unknown: append the same commit with the same ID again.
//   - Visible. Every Read and Head that starts after Append has returned finds the commit.
//   - Idempotent. Appending a commit again with the same ID and the same expected revision
//     returns the position it was given the first time.
//   - Without gaps. A reader gets every commit after its start once and in order, also when it
//     changes from history to new commits and when it reconnects. A reader never skips anything
//     silently: if something cannot be read, the reader ends with an error that names the
//     position.
//   - Unchanged. Each event is returned as exactly the bytes that were appended.
//   - Checked. If a driver returns something that no append can have written, the call ends with
//     [ErrCorrupt]. See [Checked].
//
// A commit holds 1 to [MaxEvents] events. Its encoded batch (see [EncodeBatch]) has
// at most [MaxBytes] bytes. An event is one JSON object without line breaks. The file
// FORMAT.md describes how the drivers store commits.
//
// The methods of a [Log] are safe for concurrent use.
//
// [logtest]: https://pkg.go.dev/github.com/muster-works/muster/events/log/logtest
package log

import (
	"context"
	"errors"
	"iter"
	"time"
)

const (
	// MaxEvents is the largest number of events in a commit.
	MaxEvents = 1000
	// MaxBytes is the largest size in bytes of the encoded batch of a commit. By
	// default NATS refuses messages of more than 1 MiB including headers, and older
	// EventStoreDB servers refuse appends of more than 1 MiB. The difference is left
	// for headers and metadata.
	MaxBytes = 900 << 10
)

var (
	// ErrConflict is returned if the boundary has moved past the expected revision.
	// Nothing was written. Read the boundary to its end, decide again, and append a
	// new commit.
	ErrConflict = errors.New("log: boundary has moved past the expected revision")

	// ErrTooLarge is returned if the commit exceeds [MaxEvents] or [MaxBytes].
	// Nothing was written, and a retry cannot succeed: split the commit between
	// events.
	ErrTooLarge = errors.New("log: commit is too large")

	// ErrInvalid is returned if the commit breaks a rule of this package: no events,
	// no ID, a malformed boundary, an event that contains a line break. Nothing was
	// written. The caller has a bug.
	ErrInvalid = errors.New("log: invalid commit")

	// ErrUnavailable is returned if the log cannot be reached or cannot write: there
	// is no connection, no quorum or no space. The outcome of an Append is unknown:
	// append the same commit again, or tell the submitter to submit again.
	ErrUnavailable = errors.New("log: unavailable")

	// ErrForeign is returned if a position or revision does not belong to this log:
	// it lies beyond the end or between commits. The log was exchanged, truncated or
	// restored. Stop, and let an operator look.
	ErrForeign = errors.New("log: position is not of this log")

	// ErrCorrupt is returned if stored data is missing or cannot be understood. The
	// reader stops at this position and never skips it.
	ErrCorrupt = errors.New("log: stored commit is damaged or missing")

	// ErrMisconfigured is returned if the log is not set up as it must be, or was not
	// provisioned at all. The text says what to do.
	ErrMisconfigured = errors.New("log: misconfigured")
)

// A Revision identifies the state of one boundary after a commit. It is opaque, grows
// with each commit, and can be compared only with revisions of the same boundary of
// the same log. The zero Revision is that of a boundary without commits.
type Revision uint64

// A Commit is one atomic append to a boundary.
type Commit struct {
	// ID identifies the commit when it is appended again. The caller chooses a fresh
	// UUID, or any other unique text, for each new commit: 1 to 128 bytes of UTF-8
	// without white space.
	ID string
	// Boundary is the name of the consistency boundary: 1 to 64 characters of
	// [a-z0-9._-].
	Boundary string
	// Events are the raw bytes of each event, in order. Readers must not
	// change them.
	Events [][]byte
	// Imported, if not zero, is the recorded time that the commit had in another
	// system. Only an import sets it.
	Imported time.Time

	// The log sets the remaining fields. Append ignores them.

	// Position is the position of the first event.
	Position Position
	// Revision is the revision of the boundary after the commit.
	Revision Revision
	// Recorded is Imported if that is set, and otherwise the time at which the log
	// stored the commit, by the clock of the log. This clock may step back: use
	// [Clock] to compute recorded times that never decrease.
	Recorded time.Time
	// Done, if not nil, may be called once when no part of Events is in use any more.
	// The log then reuses the memory for another commit. Without it a reader of all
	// history spends more time on the first access to new memory than on reading. If
	// Done is not called, the garbage collector frees the memory.
	Done func()
}

// A Filter selects commits. The zero Filter selects every commit.
type Filter struct {
	// Boundary, if not empty, selects the commits of one boundary.
	Boundary string
}

// Matches reports whether the filter selects commits of a boundary.
func (f Filter) Matches(boundary string) bool {
	return f.Boundary == "" || f.Boundary == boundary
}

// A Log is one event log. Its methods are safe for concurrent use. Each method
// returns soon after its context ends, with the error of the context. Only [Checked]
// makes a Log.
type Log interface {
	// Append writes c if expected is the last revision of the boundary. It returns
	// the position and the revision of the commit. The error is ErrConflict,
	// ErrTooLarge, ErrInvalid, ErrForeign, ErrMisconfigured, ErrUnavailable or that
	// of the context. If Append returns without an error, it retains no part of c, so
	// the caller may reuse the bytes.
	Append(ctx context.Context, c Commit, expected Revision) (Position, Revision, error)

	// Read yields the commits after the commit of from, in order. It ends at the end
	// that the log had when Read began, or at a later one. The zero Position reads
	// from the beginning. The filter need not select the commit of from. Read yields
	// at most one error, as the last element: ErrUnavailable, ErrForeign, ErrCorrupt,
	// ErrMisconfigured or that of the context.
	Read(ctx context.Context, from Position, f Filter) iter.Seq2[Commit, error]

	// Follow is like Read, but waits for new commits at the end of the log, until the
	// context ends or the caller breaks off. It reconnects by itself.
	Follow(ctx context.Context, from Position, f Filter) iter.Seq2[Commit, error]

	// Head returns the position of the last commit that the filter selects, and the
	// revision of its boundary after that commit. Both are zero if there is no such
	// commit. Head is never stale: it takes into account every append that returned
	// before the call. The error is ErrUnavailable, ErrMisconfigured or that of the
	// context.
	Head(ctx context.Context, f Filter) (Position, Revision, error)

	// Close releases the resources of the log. Calls under way end with an error.
	Close() error

	// driver returns the argument of Checked.
	driver() Driver
}
