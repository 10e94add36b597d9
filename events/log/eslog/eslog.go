// Package eslog implements the event log on EventStoreDB.
//
// A boundary is one stream, muster-<boundary>. An event of the log is one event of
// that stream, with the bytes of the event as its data, so that any EventStoreDB
// client can read the log. A commit is one append. The promises are those of package
// log. This comment describes how the driver keeps them; FORMAT.md in the folder of
// package log describes the stored events.
//
// # The life of a commit
//
//  1. Append checks the commit and derives everything that it sends from it: the event
//     ids (UUID version 5 of boundary, commit ID and index), the event types (those of
//     the CloudEvents) and the metadata (index and count on each event, commit ID and
//     imported time on the first). The same commit is therefore always sent in the same
//     form. Its size is computed as the server does, before anything is sent.
//  2. The driver sends one append to the leader with a concrete expected revision: no
//     stream for revision 0, event number n-1 for revision n. EventStoreDB promises only
//     for concrete revisions that a repeated append is executed once.
//  3. The server refuses the append if the stream has moved. Otherwise it writes all
//     events next to each other, a quorum flushes them, and the server indexes them and
//     answers with the number and position of the last one.
//  4. If the answer is lost, the driver sends the append again. The server recognises the
//     event ids and gives the same answer. If it reports a conflict, the driver reads the
//     stream up to the revision that the refusal names, and looks for its own event ids.
//     Only if they are not there, it reports [log.ErrConflict].
//  5. A reader reads $all through a filter on the server and reassembles commits: events
//     of one stream, index 0 to count-1, consecutive, with the derived ids, and with event
//     numbers without a gap. Otherwise the reader ends with [log.ErrCorrupt].
//  6. Read ends at the commit that was the last one when it began. The rest of one
//     boundary after a known commit is read from its stream by one call, which also proves
//     that the known commit is still there. Follow continues; if the connection is lost, it
//     subscribes again after the last complete commit.
//
// # Positions and revisions
//
// The position of a commit is the server's position (commit and prepare) of its last
// event. A reader that resumes after it can neither split a commit nor skip one.
// Positions are sparse, and events of other streams lie between them. A position at
// which no commit ends is [log.ErrForeign]. The revision of a boundary is the number
// of events in its stream.
//
// # Connections
//
// The client library has several faults. It gives up for good after a failed
// discovery and then blocks regardless of the caller's context. It loses connections
// if calls that share a client fail. It panics if it is closed during a call.
// Therefore each client serves one call at a time. A follower uses one client for as
// long as it follows. A few clients are kept for later calls. When a client fails, it
// is closed after its call, together with the idle ones. No call outlives its
// context, and none waits for the library.
//
// Every call goes to the leader, because a follower node may lag behind. Server
// versions from 21.10 on are supported. Some do not return positions when a stream is
// read. On these, Head of a boundary may have to search $all backwards.
//
// At most 16 calls are under way at a time, not counting subscriptions. The others
// wait in the driver until their contexts end.
//
// # Rights and retention
//
// The user must be allowed to read $all, to read and write muster-*, and to read the
// metadata of these streams. Nothing is created or configured; a stream begins with
// its first append. [Provision] checks this. Retention ($maxAge, $maxCount, $tb,
// deletion) must not be set on these streams. [Log.Examine] finds it before a
// scavenge deletes events. Deleted events are reported as damage.
//
// A Log is safe for concurrent use.
package eslog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/muster-works/muster/events/log"
)

// streamPrefix is the prefix of the names of the streams.
const streamPrefix = "muster-"

// A Log is the event log on one EventStoreDB server or cluster. It is safe for
// concurrent use.
type Log struct {
	log.Log
	driver *driver
}

// Verify returns nil if the commit at a saved position has the given id. The error is
// ErrForeign if the commit has another id or does not exist, ErrUnavailable, or that
// of the context. For the zero position the id is ignored.
func (l *Log) Verify(ctx context.Context, saved log.Position, id string) error {
	return l.driver.verify(ctx, saved, id)
}

// A driver is the driver behind a Log.
type driver struct {
	pool   *clientPool
	prefix string // streamPrefix, except in tests that share a server

	// noPositions is set if the server returns no positions when a stream is read.
	noPositions atomic.Bool

	mu     sync.Mutex
	heads  map[string]knownCommit
	recent map[string][]knownCommit // the last known commits of each boundary
	empty  map[string]time.Time     // when a stream was found to be empty and not hidden
}

var _ log.Log = (*Log)(nil)

// A knownCommit is a commit that was once the last of its boundary.
type knownCommit struct {
	revision log.Revision
	position log.Position
}

// Open connects to the server of an EventStoreDB connection string:
//
//	esdb://user:password@host:2113
//	esdb+discover://cluster.example:2113
//	esdb://127.0.0.1:2113?tls=false
//
// It verifies that the server answers and that the user may read $all. The error is
// [log.ErrMisconfigured] (malformed string, wrong credentials, missing rights, not an
// EventStoreDB), [log.ErrUnavailable] or that of the context.
func Open(ctx context.Context, url string) (*Log, error) { return open(ctx, url, streamPrefix) }

func open(ctx context.Context, url, prefix string) (*Log, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	l := &driver{pool: newClientPool(config), prefix: prefix, heads: map[string]knownCommit{}, recent: map[string][]knownCommit{}, empty: map[string]time.Time{}}
	ctx, cancel := l.pool.bind(ctx)
	defer cancel()
	s, err := l.pool.acquire(ctx)
	if err != nil {
		l.pool.close()
		return nil, err
	}
	l.pool.release(ctx, s, nil)
	return &Log{log.Checked(l), l}, nil
}

// Close ends every call under way with log.ErrUnavailable. The connections are closed
// when the last call has returned.
func (l *driver) Close() error {
	l.pool.close()
	return nil
}

// parse parses a connection string.
func parse(url string) (*esdb.Configuration, error) {
	scheme, _, ok := strings.Cut(url, "://")
	if !ok || scheme != "esdb" && scheme != "esdb+discover" {
		return nil, fmt.Errorf("%w: EventStoreDB: want esdb://host:2113 or esdb+discover://host:2113", log.ErrMisconfigured)
	}
	config, err := esdb.ParseConnectionString(url)
	if err != nil {
		if strings.Contains(url, "@") {
			err = errors.New("malformed; the reason is left out, since it could quote the password")
		}
		return nil, fmt.Errorf("%w: EventStoreDB connection string: %w", log.ErrMisconfigured, err)
	}
	if config.NodePreference != esdb.NodePreferenceLeader {
		return nil, fmt.Errorf("%w: EventStoreDB connection string: nodePreference is %q; the log reads and writes at the leader only, leave it out",
			log.ErrMisconfigured, config.NodePreference)
	}
	if config.DisableTLS && config.Username != "" {
		return nil, fmt.Errorf("%w: EventStoreDB connection string: user and password are only sent over TLS; leave out either them or tls=false",
			log.ErrMisconfigured)
	}
	config.Logger = esdb.NoopLogging()
	// The pool tries again with a new client, since a client that has given up cannot
	// be used any more.
	config.MaxDiscoverAttempts = min(config.MaxDiscoverAttempts, 2)
	return config, nil
}

// known returns the position of the commit of boundary at revision, if the commit is
// remembered.
func (l *driver) known(boundary string, revision log.Revision) (log.Position, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.heads[boundary]
	return m.position, revision != 0 && m.revision == revision
}

// learn remembers a commit, which saves a search later.
func (l *driver) learn(boundary string, revision log.Revision, position log.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.heads[boundary].revision <= revision {
		l.heads[boundary] = knownCommit{revision, position}
	}
	recent := l.recent[boundary]
	if len(recent) > 0 && recent[len(recent)-1].revision == revision {
		return
	}
	if len(recent) == maxRemembered {
		copy(recent, recent[1:])
		recent = recent[:maxRemembered-1]
	}
	l.recent[boundary] = append(recent, knownCommit{revision, position})
}

// maxRemembered is how many commits of a boundary are remembered. The folds of one
// process are at most that many commits apart.
const maxRemembered = 32

// revisionAt returns the revision of the commit of boundary at position, if the
// commit is remembered.
func (l *driver) revisionAt(boundary string, position log.Position) (log.Revision, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range slices.Backward(l.recent[boundary]) {
		if m.position == position {
			return m.revision, true
		}
	}
	return 0, false
}
