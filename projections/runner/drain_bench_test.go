package runner_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-works/muster/events/log"
)

// A oneEach is a stream of one event a message, as a log would be without
// commits: on a file, compressed as the log's stream is. It is drained by the
// client's ordered consumer with large pulls, in process.
type oneEach struct {
	js     jetstream.JetStream
	stream string
	events int
}

// mostEvents bounds a stream, so that it is written within a minute. Reading
// more does not change the rate.
const mostEvents = 400_000

// singles returns a stream of the events of a log, and one of small events: 320
// bytes, as large as a record of one fact is.
func singles(b *testing.B, l log.Log) (own, small *oneEach) {
	// Reading does not depend on how often the writing is flushed, and a flush an
	// event would take minutes: so it is not the log's server.
	s, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: b.TempDir(), NoSigs: true, MaxPayload: 1 << 20})
	if err != nil {
		b.Fatal(err)
	}
	s.Start()
	b.Cleanup(s.Shutdown)
	if !s.ReadyForConnections(time.Minute) {
		b.Fatal("the server does not start")
	}
	nc, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(1000))
	if err != nil {
		b.Fatal(err)
	}
	own, small = &oneEach{js: js, stream: "OWN"}, &oneEach{js: js, stream: "SMALL"}
	own.fill(b, func(yield func([]byte) bool) {
		for c, err := range l.Read(b.Context(), log.Position{}, log.Filter{}) {
			if err != nil {
				b.Fatal(err)
			}
			for _, e := range c.Events {
				if !yield(e) {
					return
				}
			}
		}
	})
	small.fill(b, func(yield func([]byte) bool) {
		for i := range own.events {
			if !yield(fmt.Appendf(nil, `{"specversion":"1.0","id":"e-%08d","source":"/agency/370211-rsj","data":{"filler":"%0240d"}}`, i, i*7919)) {
				return
			}
		}
	})
	return own, small
}

func (o *oneEach) fill(b *testing.B, events func(yield func([]byte) bool)) {
	_, err := o.js.CreateStream(b.Context(), jetstream.StreamConfig{
		Name: o.stream, Subjects: []string{o.stream}, Storage: jetstream.FileStorage, Compression: jetstream.S2Compression,
	})
	if err != nil {
		b.Fatal(err)
	}
	for e := range events {
		if o.events == mostEvents {
			break
		}
		if _, err := o.js.PublishAsync(o.stream, e, jetstream.WithStallWait(time.Minute)); err != nil {
			b.Fatal(err)
		}
		o.events++
	}
	<-o.js.PublishAsyncComplete()
}

// drain reads the stream once.
func (o *oneEach) drain(b *testing.B) {
	c, err := o.js.OrderedConsumer(b.Context(), o.stream, jetstream.OrderedConsumerConfig{})
	if err != nil {
		b.Fatal(err)
	}
	it, err := c.Messages(jetstream.PullMaxBytes(8 << 20))
	if err != nil {
		b.Fatal(err)
	}
	defer it.Stop()
	for range o.events {
		if _, err := it.Next(); err != nil {
			b.Fatal(err)
		}
	}
}
