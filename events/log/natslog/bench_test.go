package natslog_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/logtest"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// Each benchmark does the port's work and the raw work of JetStream in turns,
// in one run on one server, and reports the ratio. Rates alone mean nothing on
// a shared machine.

// short is the size of the shortest events; sheets and runs of pay are longer,
// and the synthetic province's have 1,300 bytes in the mean.
const short = 190

// event is one of so many bytes that compresses to a third or so, as real ones do.
func event(n, size int) []byte {
	e := fmt.Appendf(nil, `{"specversion":"1.0","id":"h-%08d","source":"/agency/370211-rsj","type":"hire.placed","division":"3702%08d","data":{"post":"%s-%03d","from":"2022-05-01"`,
		n, n*7919%100000000, noise(), n%1000)
	for len(e) < size-40 {
		e = fmt.Appendf(e, `,"%d":"PPPPP..PPPPP..PPPLP..PPPPP..PP %s"`, len(e), noise())
	}
	return append(e, "}}"...)
}

// noise is as much as a pseudonym's worth of text that does not compress.
func noise() string {
	return strconv.FormatUint(rand.Uint64(), 36) + strconv.FormatUint(rand.Uint64(), 36)
}

// One writer, one commit of a thousand events in flight, each fsynced.
func BenchmarkAppend(b *testing.B) {
	nc := connect(b, serve(b))
	l := provision(b, nc)
	js, raw := rawStream(b, nc)
	events := make([][]byte, 1000)
	for i := range events {
		events[i] = event(i, short)
	}
	body := log.EncodeBatch(events)
	var port, bare time.Duration
	var rev log.Revision
	var seq uint64
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		id := nuid.Next()
		start := time.Now()
		var err error
		if _, rev, err = l.Append(b.Context(), log.Commit{ID: id, Boundary: "placement", Events: events}, rev); err != nil {
			b.Fatal(err)
		}
		port += time.Since(start)

		m := &nats.Msg{Subject: raw + ".placement", Data: body, Header: nats.Header{
			"Nats-Msg-Id": {id}, "Nats-Expected-Last-Subject-Sequence": {strconv.FormatUint(seq, 10)},
			"Content-Type": {log.ContentType}, "Muster-Events": {"1000"},
		}}
		start = time.Now()
		ack, err := js.PublishMsg(b.Context(), m)
		if err != nil {
			b.Fatal(err)
		}
		bare += time.Since(start)
		seq = ack.Sequence
	}
	b.ReportMetric(float64(bare)/float64(port), "of-raw")
	b.ReportMetric(float64(b.N)*1000/port.Seconds(), "events/s")
	b.ReportMetric(float64(b.N)*1000/bare.Seconds(), "raw-events/s")
}

// rawStream makes a stream like the log's, and returns its subjects' prefix.
func rawStream(b *testing.B, nc *nats.Conn) (jetstream.JetStream, string) {
	b.Helper()
	o := natslog.Options{Stream: "RAW", Prefix: "raw"}
	if err := natslog.Provision(b.Context(), nc, o); err != nil {
		b.Fatal(err)
	}
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(logtest.Patience))
	if err != nil {
		b.Fatal(err)
	}
	return js, o.Prefix
}

// A full read of the log, commits checked and split into events, against the
// library's ordered consumer that throws the messages away.
func BenchmarkRead(b *testing.B) {
	for _, shape := range []struct{ commits, events, size int }{{500, 600, 1300}, {2000, 1000, short}, {50_000, 1, short}} {
		b.Run(fmt.Sprintf("%d-events-of-%d-bytes", shape.events, shape.size), func(b *testing.B) {
			nc := connect(b, serve(b))
			l, js, stream := filled(b, nc, shape.commits, shape.events, shape.size)
			// The best of each: what others do on the machine only adds.
			port, bare := time.Hour, time.Hour
			for b.Loop() {
				start := time.Now()
				n := 0
				for c, err := range l.Read(b.Context(), log.Position{}, log.Filter{}) {
					if err != nil {
						b.Fatal(err)
					}
					n += len(c.Events)
				}
				if n != shape.commits*shape.events {
					b.Fatalf("%d events", n)
				}
				port = min(port, time.Since(start))

				start = time.Now()
				drainRaw(b, js, stream, shape.commits)
				bare = min(bare, time.Since(start))
			}
			events := float64(shape.commits * shape.events)
			b.ReportMetric(float64(bare)/float64(port), "of-raw")
			b.ReportMetric(events/port.Seconds(), "events/s")
			b.ReportMetric(events/bare.Seconds(), "raw-events/s")
		})
	}
}

// filled makes a log with so many commits. They are published without waiting
// for each, which the log itself never does.
func filled(b testing.TB, nc *nats.Conn, commits, events, size int) (*natslog.Log, jetstream.JetStream, string) {
	b.Helper()
	o := natslog.Options{Stream: "FULL", Prefix: "full"}
	if err := natslog.Provision(b.Context(), nc, o); err != nil {
		b.Fatal(err)
	}
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(100), jetstream.WithDefaultTimeout(logtest.Patience))
	if err != nil {
		b.Fatal(err)
	}
	// The server compresses some ten of such commits together: of them, no two
	// are the same.
	batches := make([][][]byte, min(commits, 32))
	for i := range batches {
		for j := range events {
			batches[i] = append(batches[i], event(j, size))
		}
	}
	for i := range commits {
		_, err := js.PublishMsgAsync(message(o.Prefix, nuid.Next(), i, batches[i%len(batches)]...), jetstream.WithStallWait(time.Minute))
		if err != nil {
			b.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	l, err := natslog.Open(b.Context(), nc, o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	return l, js, o.Stream
}

// message is what a commit is sent as.
func message(prefix, id string, expected int, events ...[]byte) *nats.Msg {
	return &nats.Msg{Subject: prefix + ".placement", Data: log.EncodeBatch(events), Header: nats.Header{
		"Nats-Msg-Id": {id}, "Nats-Expected-Last-Subject-Sequence": {strconv.Itoa(expected)},
		"Content-Type": {log.ContentType}, "Muster-Events": {strconv.Itoa(len(events))},
	}}
}

func drainRaw(b *testing.B, js jetstream.JetStream, stream string, messages int) {
	b.Helper()
	consumer, err := js.OrderedConsumer(b.Context(), stream, jetstream.OrderedConsumerConfig{})
	if err != nil {
		b.Fatal(err)
	}
	it, err := consumer.Messages(jetstream.PullMaxBytes(8 << 20))
	if err != nil {
		b.Fatal(err)
	}
	defer it.Stop()
	for range messages {
		if _, err := it.Next(); err != nil {
			b.Fatal(err)
		}
	}
}

// A service's look at its boundary before a refusal, when it is up to date and
// when one commit is new.
func BenchmarkCatchUp(b *testing.B) {
	nc := connect(b, serve(b))
	l := provision(b, nc)
	rev := appendOne(b, l, nuid.Next(), 0)
	for _, behind := range []int{0, 1, 4} {
		for range behind {
			rev = appendOne(b, l, nuid.Next(), rev)
		}
		b.Run(fmt.Sprint(behind, "-behind"), func(b *testing.B) {
			for b.Loop() {
				n := 0
				for _, err := range l.Read(b.Context(), log.At(uint64(rev)-uint64(behind), 0), log.Filter{Boundary: "policy"}) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != behind {
					b.Fatalf("%d commits", n)
				}
			}
		})
	}
}

// Sixty-four submitters of one event each, whose events go into one commit at
// a time, against a commit of its own for each event.
func BenchmarkGroupCommit(b *testing.B) {
	nc := connect(b, serve(b))
	l := provision(b, nc)
	const submitters = 64
	e := bytes.Repeat([]byte("x"), 180)
	e = fmt.Appendf(nil, `{"a":"%s"}`, e)
	var rev log.Revision
	var group, single time.Duration
	var grouped, singles int
	for b.Loop() {
		waiting := make(chan chan struct{}, submitters)
		var submitting sync.WaitGroup
		const each = 50
		start := time.Now()
		for range submitters {
			submitting.Go(func() {
				done := make(chan struct{})
				for range each {
					waiting <- done
					<-done
				}
			})
		}
		for left := submitters * each; left > 0; {
			batch := []chan struct{}{<-waiting}
			for len(waiting) > 0 {
				batch = append(batch, <-waiting)
			}
			c := log.Commit{ID: nuid.Next(), Boundary: "placement"}
			for range batch {
				c.Events = append(c.Events, e)
			}
			var err error
			if _, rev, err = l.Append(b.Context(), c, rev); err != nil {
				b.Fatal(err)
			}
			for _, done := range batch {
				done <- struct{}{}
			}
			left -= len(batch)
		}
		submitting.Wait()
		group += time.Since(start)
		grouped += submitters * each

		start = time.Now()
		for range 100 {
			var err error
			if _, rev, err = l.Append(b.Context(), log.Commit{ID: nuid.Next(), Boundary: "placement", Events: [][]byte{e}}, rev); err != nil {
				b.Fatal(err)
			}
		}
		single += time.Since(start)
		singles += 100
	}
	grate, srate := float64(grouped)/group.Seconds(), float64(singles)/single.Seconds()
	b.ReportMetric(grate/srate, "of-one-each")
	b.ReportMetric(grate, "events/s")
	b.ReportMetric(srate, "one-each-events/s")
}

// Opening a large log, the start of the server included: when that was stopped,
// and when it has lost its index and must look through all its files again. The
// log has 5 GB on the disk with MUSTER_LONG, or else a hundredth of that.
func BenchmarkOpen(b *testing.B) {
	commits := 190
	if os.Getenv("MUSTER_LONG") != "" {
		commits = 19_000
	}
	dir := b.TempDir()
	start := func() (*embedded.Server, time.Duration) {
		began := time.Now()
		s, err := embedded.Start(embedded.Options{Dir: dir, Addr: "127.0.0.1:0"})
		if err != nil {
			b.Fatal(err)
		}
		return s, time.Since(began)
	}
	s, _ := start()
	_, js, name := filled(b, connect(b, s), commits, 600, 1300)
	// A server reads again what came within the duplicate window: of a log that
	// grew over years nothing to speak of, of this one all.
	stream, err := js.Stream(b.Context(), name)
	if err != nil {
		b.Fatal(err)
	}
	old := stream.CachedInfo().Config
	old.Duplicates = 100 * time.Millisecond
	if _, err := js.UpdateStream(b.Context(), old); err != nil {
		b.Fatal(err)
	}
	s.Shutdown()
	var disk int64
	err = filepath.Walk(dir, func(_ string, f os.FileInfo, err error) error {
		if err == nil && f.Mode().IsRegular() {
			disk += f.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		index bool
	}{{"stopped", true}, {"without-index", false}} {
		b.Run(c.name, func(b *testing.B) {
			var server, port time.Duration
			for b.Loop() {
				if !c.index {
					indices, err := filepath.Glob(filepath.Join(dir, "jetstream/jetstream/*/streams/FULL/msgs/index.db"))
					if err != nil || len(indices) != 1 {
						b.Fatal(indices, err)
					}
					if err := os.Remove(indices[0]); err != nil {
						b.Fatal(err)
					}
				}
				s, took := start()
				server += took
				nc := connect(b, s)
				began := time.Now()
				l, err := natslog.Open(b.Context(), nc, natslog.Options{Stream: "FULL", Prefix: "full"})
				if err != nil {
					b.Fatal(err)
				}
				port += time.Since(began)
				if _, rev, err := l.Head(b.Context(), log.Filter{}); err != nil || rev != log.Revision(commits) {
					b.Fatal(rev, err)
				}
				l.Close()
				s.Shutdown()
			}
			b.ReportMetric(server.Seconds()/float64(b.N), "server-s")
			b.ReportMetric(port.Seconds()/float64(b.N), "open-s")
			b.ReportMetric(float64(disk)/1e9, "disk-GB")
		})
	}
}
