// Package log is the port to the event log: what every driver promises, in one
// place.
//
// The log is a sequence of commits. A commit is what one decision round
// appended: one or more events, all or none, on one boundary. A boundary is
// where one decision must see all others; an append names the revision of the
// boundary that it decided on, and is refused when the boundary has moved.
//
// Every driver keeps these promises, and [logtest] holds it to them:
//
//   - Atomic. A commit is in the log whole or not at all; no reader ever sees
//     a part of it.
//   - Ordered. Positions order all events of all boundaries totally, and two
//     readers see the same order. Revisions order the commits of one boundary.
//   - Durable on return. When Append returns without an error the commit has
//     been fsynced (by a quorum, where the log is replicated). When it returns
//     an error that is not [ErrConflict], [ErrTooLarge] or [ErrInvalid], the
//     outcome is unknown: append the same commit again, under the same ID.
//   - Visible. A commit whose Append has returned is found by every Read and
//     Head that starts afterwards.
//   - Idempotent. Appending a commit again under the same ID and the same
//     expected revision returns the position it was given the first time.
//   - Gapless. A reader gets every commit after its start once and in order,
//     across the hand-over from history to live and across reconnects. What
//     cannot be read stops the reader with an error that names the position;
//     nothing is skipped in silence.
//   - Bytes are kept. Each event comes back as exactly the bytes appended.
//   - Possible. What no append could have written is not handed out: it ends the
//     call with [ErrCorrupt]. See [Checked].
//
// Limits: a commit holds 1 to [MaxEvents] events whose encoded batch (see
// [EncodeBatch]) has at most [MaxBytes] bytes. An event is one JSON object
// without line breaks.
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
	// MaxEvents is the most events a commit may hold.
	MaxEvents = 1000
	// MaxBytes bounds the encoded batch of a commit. NATS refuses messages
	// over 1 MiB by default, headers included, and EventStoreDB appends over
	// 1 MiB on older servers; the rest is room for headers and metadata.
	MaxBytes = 900 << 10
)

var (
	// ErrConflict says that the boundary has moved past the expected
	// revision. Nothing was written. Read the boundary to its end, decide
	// again, and append a new commit.
	ErrConflict = errors.New("log: boundary has moved past the expected revision")

	// ErrTooLarge says that the commit exceeds [MaxEvents] or [MaxBytes].
	// Nothing was written, and nothing will be on a retry: split it at an
	// event border.
	ErrTooLarge = errors.New("log: commit is too large")

	// ErrInvalid says that the commit breaks the port's rules: no events, no
	// ID, a malformed boundary, an event with a line break in it. Nothing was
	// written; it is a mistake of the caller's.
	ErrInvalid = errors.New("log: invalid commit")

	// ErrUnavailable says that the log cannot be reached or cannot write now
	// (no connection, no quorum, no space). The outcome of an Append is
	// unknown: retry the same commit, or tell the submitter to.
	ErrUnavailable = errors.New("log: unavailable")

	// ErrForeign says that a position or revision is not one of this log: it
	// lies beyond the head or between commits. Someone swapped, truncated or
	// restored the log: stop, and let an operator look.
	ErrForeign = errors.New("log: position is not of this log")

	// ErrCorrupt says that what is stored at a position is missing or cannot
	// be understood. Stop there; it is never skipped.
	ErrCorrupt = errors.New("log: stored commit is damaged or missing")

	// ErrMisconfigured says that the log exists but is not set up as it must
	// be (or does not exist at all, and was not provisioned). The text says
	// what to do.
	ErrMisconfigured = errors.New("log: misconfigured")
)

// A Revision counts the commits of one boundary, as its driver does: opaque,
// growing, and comparable only within one boundary of one log. Zero is the
// boundary that has no commit yet.
type Revision uint64

// A Commit is one atomic append.
type Commit struct {
	// ID identifies the commit for retries. The caller chooses it, a fresh
	// UUID for each new commit: 1 to 128 bytes of UTF-8 without white space.
	ID string
	// Boundary is the lower-case name, 1 to 64 of [a-z0-9._-], under which
	// the commit was guarded.
	Boundary string
	// Events are the raw bytes of each event, in order. Readers must not
	// change them.
	Events [][]byte
	// Imported, when not zero, is the recorded time the commit brings along
	// from another system. Only an import sets it.
	Imported time.Time

	// The log sets the rest; Append ignores it.

	// Position is that of the first event.
	Position Position
	// Revision is that of the boundary once the commit was appended.
	Revision Revision
	// Recorded is Imported where it is set, and else the instant at which the
	// log took the commit, by the log's clock. Clocks step back: use
	// [Clock] to get the recorded time that the product shows.
	Recorded time.Time
	// Done, where it is not nil, may be called once, when nothing that is a part of
	// Events is in use any more: the log takes their memory for another commit, since
	// memory that is touched for the first time costs whoever reads all of history
	// more than the reading. A commit of which nobody says so is the collector's.
	Done func()
}

// A Filter selects what a reader sees. The zero Filter selects every commit.
type Filter struct {
	// Boundary, when set, selects the commits of one boundary.
	Boundary string
}

// Matches says whether the filter selects boundary.
func (f Filter) Matches(boundary string) bool {
	return f.Boundary == "" || f.Boundary == boundary
}

// A Log is one event log. Its methods are safe for concurrent use. Each
// returns soon after its context ends, with the context's error. Only [Checked]
// makes one, so that no reader meets what no append could have written.
type Log interface {
	// Append writes c if the boundary's last revision is expected, and
	// returns where it went. It fails with ErrConflict, ErrTooLarge,
	// ErrInvalid or ErrUnavailable. When it returns without an error it keeps
	// nothing of c, whose bytes may be used again.
	Append(ctx context.Context, c Commit, expected Revision) (Position, Revision, error)

	// Read yields the commits after the one that from lies in, in order, up
	// to the end that the log had when Read began or later, and then stops.
	// The zero Position reads from the beginning. It yields at most one
	// error, last: ErrUnavailable, ErrForeign, ErrCorrupt or the context's.
	// A from whose commit the filter does not select is allowed.
	Read(ctx context.Context, from Position, f Filter) iter.Seq2[Commit, error]

	// Follow is Read that does not stop at the end but waits for more, until
	// the context ends or the caller breaks off. It reconnects by itself.
	Follow(ctx context.Context, from Position, f Filter) iter.Seq2[Commit, error]

	// Head returns the position of the last commit's first event that the
	// filter selects and the revision it gave its boundary; both are zero
	// when there is none. It is never stale: what was appended before the
	// call is counted. It fails with ErrUnavailable or the context's error.
	Head(ctx context.Context, f Filter) (Position, Revision, error)

	// Close releases the connection. Readers under way end with an error.
	Close() error

	// driver returns what Checked was given.
	driver() Driver
}
