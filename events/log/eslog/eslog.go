// Package eslog keeps the event log in EventStoreDB.
//
// A boundary is one stream, muster-<boundary>; an event of the log is one
// event of that stream, its bytes the event's data, so anybody can read the
// log with any EventStoreDB client. A commit is one append. The promises are
// those of package log; this comment says how they are kept.
//
// # The life of a commit
//
//  1. Append checks the commit and derives everything the server sees from it:
//     the event ids (UUID version 5 of boundary, commit id and index), the
//     event types (the CloudEvent's) and the metadata (index and count on
//     each event, commit id and imported time on the first). The same commit
//     therefore always looks the same to the server. Size is reckoned as the
//     server does it, before anything is sent.
//  2. One append goes to the leader with a concrete expected revision: no
//     stream for revision 0, event number n-1 for revision n. Only so does
//     EventStoreDB promise that an append sent again is done once.
//  3. The server refuses it when the stream has moved, and otherwise writes
//     all events next to each other, has them flushed by a quorum, indexes
//     them, and answers with the number and position of the last one.
//  4. When the answer is lost, the append is sent again. The server recognises
//     the ids and answers as it did the first time; if it says conflict, the
//     driver looks for its own ids where they would be, until the stream can be
//     read up to the revision that the refusal names, and only reports
//     [log.ErrConflict] when they are not there.
//  5. A reader sees $all through a filter that the server applies, and puts
//     commits together again: events of one stream, index 0 to count-1,
//     consecutive, ids as derived, event numbers without a gap. Whatever
//     breaks one of these stops the reader with [log.ErrCorrupt].
//  6. Read ends at the commit that was the last one when it began. The rest of one
//     boundary, behind a commit that the driver has met, is read from its stream by
//     one call, with that commit for a proof. Follow goes
//     on, and when the connection is lost it subscribes again after the last
//     commit it handed out whole.
//
// # Positions and revisions
//
// The position of a commit is the server's position, commit and prepare, of
// its last event. Resuming after it can neither cut a commit in two nor pass
// one over. Positions are sparse, and those of other streams lie in between.
// A position that the server does not hold as the end of a commit is
// [log.ErrForeign]. The revision of a boundary is the number of events in its
// stream.
//
// # Connections
//
// The client library gives up for good after a failed discovery, then blocks
// outside of the caller's context, loses connections when calls that share a
// client fail, and panics when it is closed in the middle of a call. So each
// client serves one call at a time: a follower has one for as long as it
// follows, a few are kept for the calls to come, and at the first sign of
// trouble the client is closed when its call is over, and those kept with it.
// No call outlives its context, and none waits for the library.
//
// Every call asks for the leader: a follower may lag, and Head and Read must
// not. Server versions from 21.10 on are supported; on those that give no
// positions in stream reads, Head of a boundary may have to search $all
// backwards for the boundary's last event.
//
// At most 16 calls are under way at a time, subscriptions left aside: the others wait
// in the driver for as long as their contexts let them.
//
// Rights: the user must read $all and read and write muster-*, metadata included for
// reading. Nothing is created or configured; a stream begins with its first append.
// [Provision] looks at all of that. Retention ($maxAge, $maxCount, $tb, deletion)
// must not be set on these streams: [Log.Examine] finds it before a scavenge makes it
// final, and what one removed is reported as damage.
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

// streams begins the name of each boundary's stream.
const streamPrefix = "muster-"

// A Log is the event log in one EventStoreDB server or cluster. It is safe for
// concurrent use.
type Log struct {
	log.Log
	driver *driver
}

// Verify makes sure that the commit of a saved position is the one that has
// id. It fails with ErrForeign when it is another one or there is none, with
// ErrUnavailable or the context's error. The zero position goes with no id.
func (l *Log) Verify(ctx context.Context, saved log.Position, id string) error {
	return l.driver.verify(ctx, saved, id)
}

// A driver is the driver behind a Log.
type driver struct {
	pool   *clientPool
	prefix string // streams, except in tests that share a server

	// unplaced says that the server gives no positions when a stream is read.
	noPositions atomic.Bool

	mu     sync.Mutex
	heads  map[string]knownCommit
	recent map[string][]knownCommit // of each boundary, the last ones learned
	empty  map[string]time.Time     // when a stream was found to be empty and not hidden
}

var _ log.Log = (*Log)(nil)

// A mark is a commit that is known to have been the last of its boundary.
type knownCommit struct {
	revision log.Revision
	position log.Position
}

// Open connects to the server that an EventStoreDB connection string names,
//
//	esdb://user:password@host:2113
//	esdb+discover://cluster.example:2113
//	esdb://127.0.0.1:2113?tls=false
//
// and makes sure that it answers and lets the user read $all. It fails with
// [log.ErrMisconfigured] (malformed string, wrong credentials, missing rights,
// not an EventStoreDB), [log.ErrUnavailable] or the context's error.
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

// Close ends every call under way with log.ErrUnavailable. The connection goes
// when the last of them has returned.
func (l *driver) Close() error {
	l.pool.close()
	return nil
}

// parse reads a connection string.
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
	// Trying again is the link's affair; a client that has given up is dead.
	config.MaxDiscoverAttempts = min(config.MaxDiscoverAttempts, 2)
	return config, nil
}

// known returns the position of boundary's commit at revision, if it was seen.
func (l *driver) known(boundary string, revision log.Revision) (log.Position, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.heads[boundary]
	return m.position, revision != 0 && m.revision == revision
}

// learn remembers a commit, which saves a search when it is asked for again.
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

// remembered is how many commits of a boundary are remembered with their revisions:
// folds of one process are that far apart.
const maxRemembered = 32

// revisionAt returns the revision of boundary's commit at position, if it was met
// lately.
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
