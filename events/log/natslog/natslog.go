// Package natslog is the event log on NATS JetStream: one stream, MUSTER, in
// which a commit is one message on the subject muster.log.<boundary>.
//
// The life of a commit:
//
//  1. Append checks it against the limits of package log and the server's
//     max_payload before anything is sent, since NATS answers an oversize
//     message by closing the connection.
//  2. It becomes a message: the encoded batch as the body; as headers the
//     commit's id (Nats-Msg-Id), the expected revision
//     (Nats-Expected-Last-Subject-Sequence), the number of events
//     (Muster-Events) and, for an import, its recorded time (Muster-Recorded).
//  3. The stream's leader compares the expected revision with the last
//     sequence of the literal subject. A revision is such a sequence, and a
//     position is (sequence, index of the event), so both come for free.
//  4. The leader stores the message (with a quorum of replicas, where there
//     are some), fsyncs it if the server's sync_interval is "always", and
//     acknowledges with the sequence. The driver cannot see sync_interval:
//     the embedded server has it set, an external one is asked by Durabilities.
//  5. When the acknowledgement is late or the connection breaks, Append sends
//     the same message again until its context ends or it has tried enough.
//     It may have been stored before, and then the server answers "duplicate"
//     (within two minutes) or "wrong last sequence" (for ever). In both cases
//     Append looks at the first message that follows the expected revision on
//     the subject: whatever was decided on that revision and accepted is
//     there. If it bears the commit's id the append has succeeded, however
//     long ago; if not, it is a conflict.
//  6. Readers get messages in the order of their sequences: a short rest one
//     by one from the leader, a long one through a consumer that is replaced
//     and continued after any fault. Each message is checked: the next
//     sequence follows the last one, or for one boundary the expected revision
//     is the commit before it; the id is there; the count of events is right.
//     What fails a check stops the reader, with the position.
//
// After each reconnect the last commit that was appended or read is looked up
// first: a server that lost its tail and gave its sequences to other commits
// since is met with log.ErrForeign, by appends and readers under way as well.
//
// Guarantees beyond package log: none else. A limit that NATS sets: Head and short
// reads are answered by the stream's leader; one that was cut off from its
// quorum may answer as before the cut until it notices (some seconds). Append
// has no such window, because acknowledging takes the quorum.
//
// A Log is safe for concurrent use. It uses the connection it was given and
// neither changes its handlers nor closes it.
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
	// Prefix is the default first part of the subjects: muster.log.<boundary>.
	Prefix = "muster.log"

	// headroom is what a message's headers may need beside the body.
	headerSpace = 4 << 10
	// answer is how long a request waits for its answer before it is repeated.
	requestTimeout = 5 * time.Second
	// tries is how often a request is sent before the log counts as unavailable.
	maxAttempts = 3
)

// Options say where the log is. The zero Options are the product's.
type Options struct {
	// Stream and Prefix replace the defaults, so that several logs can live
	// on one server.
	Stream, Prefix string
	// Replicas is how many servers keep the log; 0 is 1. Open accepts more.
	Replicas int
	// Files, where the server is inside the process, are its files: history is
	// read from there, and only the rest through a consumer.
	Files Files
}

// Files are those that a server keeps its streams in.
type Files interface {
	// Stored yields the messages of a stream after a sequence, in order and
	// without a gap, up to some place: what follows must be asked of the server.
	// The data of a message, of n bytes, lie in room(n). It is safe for concurrent use.
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

// A Log is the log on one NATS connection. Make one with Open.
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

// Open opens the log, which Provision must have created. It fails with
// log.ErrMisconfigured when the stream is missing or a setting endangers the
// log, with log.ErrCorrupt when commits are missing from it, and with
// log.ErrUnavailable when there is no answer.
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

// Close implements log.Driver. The connection stays open: it is the caller's.
func (l *driver) Close() error {
	l.connection.close()
	return nil
}

// Head implements log.Driver. Of a filtered head the server sends the whole last
// commit along; to see whether there is anything new, Read is cheaper.
func (l *driver) Head(ctx context.Context, f log.Filter) (log.Position, log.Revision, error) {
	seq, err := l.last(ctx, f)
	if err != nil || seq == 0 {
		return log.Position{}, 0, err
	}
	return log.At(seq, 0), log.Revision(seq), nil
}

// last returns the last sequence that f selects, or 0.
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

// after returns the first message after seq that f selects, or nil.
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

// Verify says whether the commit at pos is the one with that id: nil,
// log.ErrForeign when it is another one or lies beyond the end, or
// log.ErrUnavailable. A reader that saved its position calls it at start: a
// server that lost its tail gives the same sequences again. The zero position
// holds in every log.
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

// subject is that of the filter's commits.
func (l *driver) subject(f log.Filter) string {
	if f.Boundary == "" {
		return l.options.Prefix + ".>"
	}
	return l.options.Prefix + "." + f.Boundary
}
