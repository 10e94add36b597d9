// Package natslog implements the event log on NATS JetStream. The log is one stream,
// MUSTER. A commit is one message on the subject muster.log.<boundary>.
//
// The life of a commit:
//
//  1. Append checks the limits of package log and the server's max_payload before it
//     sends anything, because NATS answers an oversize message by closing the
//     connection.
//  2. The commit becomes a message. Its body is the encoded batch. Its headers are the
//     commit's ID (Nats-Msg-Id), the expected revision
//     (Nats-Expected-Last-Subject-Sequence), the number of events (Muster-Events) and,
//     for an import, the recorded time (Muster-Recorded).
//  3. The stream's leader compares the expected revision with the last sequence of the
//     subject. A revision is such a sequence, and a position is the sequence and the
//     index of the event.
//  4. The leader stores the message, on a quorum if there are replicas. It fsyncs the
//     message if the server's sync_interval is "always", and acknowledges it with the
//     sequence. The driver cannot see sync_interval. The embedded server sets it;
//     Durabilities asks an external server.
//  5. If the acknowledgement is late or the connection breaks, Append sends the same
//     message again, until its context ends or the number of attempts is used up. If
//     the message was stored before, the server answers "duplicate" (within two
//     minutes) or "wrong last sequence" (after that). In both cases Append looks at the
//     first message after the expected revision on the subject. A commit that was
//     decided on that revision and accepted can only be there. If that message has the
//     commit's ID, the append has succeeded. Otherwise the result is a conflict.
//  6. Readers get messages in the order of their sequences. A few commits are requested
//     one by one from the leader; more come through a consumer, which is replaced after
//     any fault. Each message is checked: its sequence follows the last one or, for one
//     boundary, its expected revision is that of the commit before; the ID is present;
//     the number of events is right. If a check fails, the reader ends with the position.
//
// After each reconnect the driver first looks up the last commit that was appended or
// read. If a server has lost commits and given their sequences to others, all calls
// end with log.ErrForeign, including those under way.
//
// Beyond the guarantees of package log there is one limit, set by NATS. The stream's
// leader answers Head and short reads. A leader that was cut off from its quorum may
// answer with the state before the cut until it notices, which takes some seconds.
// Append is not affected, because an acknowledgement needs the quorum.
//
// A Log is safe for concurrent use. It uses the connection that it was given, does
// not change the connection's handlers and does not close it. FORMAT.md in the folder
// of package log describes the message.
package natslog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-works/muster/events/log"
)

const (
	// Stream is the default name of the stream.
	Stream = "MUSTER"
	// Prefix is the default prefix of the subjects: muster.log.<boundary>.
	Prefix = "muster.log"

	// headerSpace is the number of bytes that the headers of a message may need.
	headerSpace = 4 << 10
	// requestTimeout is how long a request waits for an answer before it is repeated.
	requestTimeout = 5 * time.Second
	// maxAttempts is how often a request is sent before the log counts as
	// unavailable.
	maxAttempts = 3
)

// Options say where the log is. The zero Options are the defaults of the product.
type Options struct {
	// Stream and Prefix replace the defaults, so that one server can hold several
	// logs.
	Stream, Prefix string
	// Replicas is the number of servers that store the log, 1 if it is 0. Open
	// accepts a stream with more.
	Replicas int
	// Files, if not nil, are the files of the server in the same process. History is
	// read from them, and only the rest through a consumer.
	Files Files
}

// Files are the files in which a server stores its streams.
type Files interface {
	// Stored yields the messages of a stream after a sequence, in order and without a
	// gap. It may end anywhere; the driver asks the server for the rest. The data of
	// a message of n bytes is in the memory that room(n) returns. Stored must be safe
	// for concurrent use.
	Stored(stream string, after uint64, room func(n int) []byte) iter.Seq[*jetstream.RawStreamMsg]
}

func (o Options) withDefaults() Options {
	if o.Stream == "" {
		o.Stream = Stream
	}
	if o.Prefix == "" {
		o.Prefix = Prefix
	}
	o.Replicas = max(o.Replicas, 1)
	return o
}

// A Log is the event log on one NATS connection. Open returns one. It is safe for
// concurrent use.
type Log struct {
	log.Log
	driver *driver
}

// A driver is the driver behind a Log.
type driver struct {
	nc         *nats.Conn
	js         jetstream.JetStream
	stream     jetstream.Stream
	options    Options
	connection *connectionState
}

var _ log.Log = (*Log)(nil)

// Open opens the log, which [Provision] must have created. The error is
// log.ErrMisconfigured if the stream does not exist or a setting endangers the log,
// log.ErrCorrupt if commits are missing, or log.ErrUnavailable if there is no answer.
func Open(ctx context.Context, nc *nats.Conn, o Options) (*Log, error) {
	o = o.withDefaults()
	if have, want := nc.MaxPayload(), int64(log.MaxBytes+headerSpace); nc.IsConnected() && have < want {
		return nil, fmt.Errorf("%w: the server's max_payload is %d bytes, the log needs %d: set max_payload to 1MB or more",
			log.ErrMisconfigured, have, want)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("natslog: %w", err)
	}
	l := &driver{nc: nc, js: js, options: o, connection: watchConnection(nc)}
	err = l.request(ctx, "open the stream", func(ctx context.Context) (err error) {
		l.stream, err = js.Stream(ctx, o.Stream)
		return err
	})
	if err == nil {
		err = verifyConfig(o, l.stream.CachedInfo().Config)
	}
	if err == nil {
		err = l.verifyState(ctx)
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return &Log{log.Checked(l), l}, nil
}

// Close implements log.Driver. It does not close the connection, which belongs to the
// caller.
func (l *driver) Close() error {
	l.connection.close()
	return nil
}

// Head implements log.Driver. For a filter with a boundary, the server sends the
// whole last commit. To check for new commits, Read is cheaper.
func (l *driver) Head(ctx context.Context, f log.Filter) (log.Position, log.Revision, error) {
	seq, err := l.last(ctx, f)
	if err != nil || seq == 0 {
		return log.Position{}, 0, err
	}
	return log.At(seq, 0), log.Revision(seq), nil
}

// last returns the last sequence that f selects, or 0 if there is none.
func (l *driver) last(ctx context.Context, f log.Filter) (seq uint64, err error) {
	err = l.request(ctx, "ask for the head", func(ctx context.Context) error {
		if f.Boundary == "" {
			info, err := l.stream.Info(ctx)
			if err == nil {
				seq = info.State.LastSeq
			}
			return err
		}
		m, err := l.stream.GetLastMsgForSubject(ctx, l.subject(f))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err == nil {
			seq = m.Sequence
		}
		return err
	})
	if err == nil {
		l.connection.noteEnd(f.Boundary, seq)
	}
	return seq, err
}

// after returns the first message after seq that f selects, or nil if there is none.
func (l *driver) after(ctx context.Context, seq uint64, f log.Filter) (m *jetstream.RawStreamMsg, err error) {
	err = l.request(ctx, "read a commit", func(ctx context.Context) (err error) {
		m, err = l.stream.GetMsg(ctx, seq+1, jetstream.WithGetMsgSubject(l.subject(f)))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			m, err = nil, nil
		}
		return err
	})
	if m != nil {
		l.connection.noteSequence(m.Sequence)
	}
	return m, err
}

// Verify returns nil if the commit at pos has the given id. It returns log.ErrForeign
// if the commit has another id or pos lies beyond the end, or log.ErrUnavailable. A
// reader that saved its position calls Verify when it starts, because a server that
// lost commits gives their sequences to others. The zero position belongs to every
// log.
func (l *Log) Verify(ctx context.Context, pos log.Position, id string) error {
	return l.driver.verify(ctx, pos, id)
}

func (l *driver) verify(ctx context.Context, pos log.Position, id string) error {
	seq, minor := pos.Parts()
	if pos.IsZero() {
		return ctx.Err()
	}
	var got string
	err := l.requestUnverified(ctx, "verify a position", func(ctx context.Context) error {
		m, err := l.stream.GetMsg(ctx, seq)
		if err == nil {
			got = m.Header.Get(headerID)
		}
		return err
	})
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound) || err == nil && minor != 0:
		return fmt.Errorf("%w: there is no commit at %s", log.ErrForeign, pos)
	case err == nil && got != id:
		return fmt.Errorf("%w: commit at %s is %q, not %q", log.ErrForeign, pos, got, id)
	}
	return err
}

// subject returns the subject of the commits that the filter selects.
func (l *driver) subject(f log.Filter) string {
	if f.Boundary == "" {
		return l.options.Prefix + ".>"
	}
	return l.options.Prefix + "." + f.Boundary
}
