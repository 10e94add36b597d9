package natslog_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/logtest"
	"github.com/muster-works/muster/events/log/natslog"
)

// Each benchmark alternates the work of the driver with the raw work of JetStream, in
// one run on one server, and reports the ratio. Absolute rates are not comparable on
// a shared machine.

// short is the size in bytes of the shortest events. Sheets and pay runs are longer:
// the events of the synthetic province have 1,300 bytes on average.
const short = 190

// event returns an event of size bytes that compresses to about a third, as real
// events do.
func event(n, size int) []byte {
	e := fmt.Appendf(nil, `{"specversion":"1.0","id":"h-%08d","source":"/agency/370211-rsj","type":"hire.placed","division":"3702%08d","data":{"post":"%s-%03d","from":"2022-05-01"`,
		n, n*7919%100000000, noise(), n%1000)
	for len(e) < size-40 {
		e = fmt.Appendf(e, `,"%d":"PPPPP..PPPPP..PPPLP..PPPPP..PP %s"`, len(e), noise())
	}
	return append(e, "}}"...)
}

// dense returns an event that does not compress.
func dense(n, size int) []byte {
	e := fmt.Appendf(nil, `{"id":"%d","data":"`, n)
	for len(e) < size-4 {
		e = append(e, noise()[:min(20, size-len(e)-3)]...)
	}
	return append(e, `"}`...)
}

// noise returns a text as long as a pseudonym that does not compress.
func noise() string {
	return strconv.FormatUint(rand.Uint64(), 36) + strconv.FormatUint(rand.Uint64(), 36)
}

// BenchmarkAppend appends commits of a thousand events one after the other, each
// fsynced.
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

// rawStream creates a stream like that of the log, and returns the prefix of its
// subjects.
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

// BenchmarkRead compares reading the whole log, with commits checked and split into
// events, with the library's ordered consumer, which discards the messages.
func BenchmarkRead(b *testing.B) {
	for _, shape := range []struct {
		name                  string
		commits, events, size int
		event                 func(n, size int) []byte
	}{{"", 500, 600, 1300, event}, {"", 2000, 1000, short, event}, {"", 50_000, 1, short, event}, {"dense-", 500, 600, 1300, dense}, {"dense-", 2000, 1000, short, dense}} {
		b.Run(fmt.Sprintf("%d-%sevents-of-%d-bytes", shape.events, shape.name, shape.size), func(b *testing.B) {
			nc := connect(b, serve(b))
			l, js := filled(b, nc, shape.commits, shape.events, shape.size, shape.event)
			// The fastest round counts, since other load on the machine can only make
			// a round slower.
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
				drainRaw(b, js, shape.commits)
				bare = min(bare, time.Since(start))
			}
			events := float64(shape.commits * shape.events)
			b.ReportMetric(float64(bare)/float64(port), "of-raw")
			b.ReportMetric(events/port.Seconds(), "events/s")
			b.ReportMetric(events/bare.Seconds(), "raw-events/s")
		})
	}
}

// filled returns a log with the given number of commits. It publishes them without
// waiting for each acknowledgement, which the driver never does.
func filled(b testing.TB, nc *nats.Conn, commits, events, size int, event func(n, size int) []byte) (*natslog.Log, jetstream.JetStream) {
	b.Helper()
	if err := natslog.Provision(b.Context(), nc, natslog.Options{}); err != nil {
		b.Fatal(err)
	}
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(100), jetstream.WithDefaultTimeout(logtest.Patience))
	if err != nil {
		b.Fatal(err)
	}
	// The server compresses about ten such commits together. No two of them may be
	// equal.
	batches := make([][][]byte, min(commits, 32))
	for i := range batches {
		for j := range events {
			batches[i] = append(batches[i], event(j, size))
		}
	}
	for i := range commits {
		_, err := js.PublishMsgAsync(message(natslog.Prefix, nuid.Next(), i, batches[i%len(batches)]...), jetstream.WithStallWait(time.Minute))
		if err != nil {
			b.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	l, err := natslog.Open(b.Context(), nc, natslog.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	return l, js
}

// message returns the message of a commit.
func message(prefix, id string, expected int, events ...[]byte) *nats.Msg {
	return &nats.Msg{Subject: prefix + ".placement", Data: log.EncodeBatch(events), Header: nats.Header{
		"Nats-Msg-Id": {id}, "Nats-Expected-Last-Subject-Sequence": {strconv.Itoa(expected)},
		"Content-Type": {log.ContentType}, "Muster-Events": {strconv.Itoa(len(events))},
	}}
}

func drainRaw(b *testing.B, js jetstream.JetStream, messages int) {
	b.Helper()
	consumer, err := js.OrderedConsumer(b.Context(), natslog.Stream, jetstream.OrderedConsumerConfig{})
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

// BenchmarkCatchUp measures how a service reads its boundary before it refuses a
// submission, if nothing is new and if one commit is new.
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

// BenchmarkGroupCommit compares 64 submitters of one event each, whose events share
// commits, with one commit for each event.
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

// BenchmarkOpen opens a large log, including the start of the server: after the
// server was stopped, after it was killed during writes, and after it was killed and
// lost its index. The log has 5 GB with MUSTER_LONG, otherwise a hundredth of that.
// The killed server wrote a tenth of it.
func BenchmarkOpen(b *testing.B) {
	commits, more := 190, 20
	if os.Getenv("MUSTER_LONG") != "" {
		commits, more = 19_000, 2000
	}
	dir := b.TempDir()
	fast, nc := careless(b, dir)
	filled(b, nc, commits, 600, 1300, event)
	// At its start a server reads the messages of the duplicate window again. In a
	// log that grew over years, these are the messages of the last two minutes; in
	// this log, they would be all.
	window(b, nc, 100*time.Millisecond)
	nc.Close()
	fast.Shutdown()
	fast.WaitForShutdown()
	b.Run("stopped", func(b *testing.B) {
		var t opening
		for b.Loop() {
			t.open(b, dir, commits)
		}
		t.report(b, dir)
	})
	b.Run("killed", func(b *testing.B) {
		var t opening
		s := serveIn(b, dir, "127.0.0.1:0")
		window(b, connect(b, s), 2*time.Minute)
		s.Shutdown()
		if os.Getenv("MUSTER_LONG") != "" {
			time.Sleep(2 * time.Minute) // the window then contains only the commits of the killed process
		}
		for b.Loop() {
			commits = t.open(b, dir, commits+killedAtWork(b, dir, more))
		}
		t.report(b, dir)
	})
	b.Run("without-index", func(b *testing.B) {
		var t opening
		for b.Loop() {
			if err := os.Remove(filepath.Join(dir, "jetstream/jetstream/MUSTER/streams/MUSTER/msgs/index.db")); err != nil {
				b.Fatal(err)
			}
			t.open(b, dir, commits)
		}
		t.report(b, dir)
	})
}

// careless starts a server on the files of an embedded one that does not fsync.
// Filling a large log then takes minutes instead of a quarter of an hour.
func careless(b *testing.B, dir string) (*server.Server, *nats.Conn) {
	b.Helper()
	o := &server.Options{}
	err := o.ProcessConfigString(fmt.Sprintf(`
		listen: "127.0.0.1:-1", max_payload: 8MB, no_auth_user: filler
		jetstream { store_dir: %q, max_file: 1PB }
		accounts { MUSTER { jetstream: enabled, users: [{user: filler, password: filler}] } }`, filepath.Join(dir, "jetstream")))
	if err != nil {
		b.Fatal(err)
	}
	s, err := server.NewServer(o)
	if err != nil {
		b.Fatal(err)
	}
	s.Start()
	nc, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		b.Fatal(err)
	}
	return s, nc
}

// window sets how long the server remembers the ids of commits.
func window(b *testing.B, nc *nats.Conn, d time.Duration) {
	b.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		b.Fatal(err)
	}
	stream, err := js.Stream(b.Context(), natslog.Stream)
	if err != nil {
		b.Fatal(err)
	}
	c := stream.CachedInfo().Config
	c.Duplicates = d
	if _, err := js.UpdateStream(b.Context(), c); err != nil {
		b.Fatal(err)
	}
}

// killedAtWork lets another process write commits as large as those in the log, and
// kills it after the given number of receipts. It returns the number of commits.
func killedAtWork(b *testing.B, dir string, commits int) int {
	b.Helper()
	c := writer(dir, 600, 0)
	c.Env = append(c.Env, "MUSTER_TEST_EVENT_BYTES=1300")
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	n := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "commit ") {
			if n++; n > commits {
				break
			}
		}
	}
	if n <= commits {
		b.Fatalf("the writer ended after %d commits", n)
	}
	c.Process.Kill()
	c.Wait()
	return commits
}

// An opening is the time that the start of the server and the opening of the log
// took.
type opening struct{ server, port time.Duration }

// open opens the log in dir, which has the given number of commits or one more, and
// stops the server. It returns the number of commits.
func (t *opening) open(b *testing.B, dir string, commits int) int {
	b.Helper()
	began := time.Now()
	s := serveIn(b, dir, "127.0.0.1:0")
	t.server += time.Since(began)
	defer s.Shutdown()
	nc := connect(b, s)
	began = time.Now()
	l, err := natslog.Open(b.Context(), nc, natslog.Options{})
	if err != nil {
		b.Fatal(err)
	}
	t.port += time.Since(began)
	defer l.Close()
	_, rev, err := l.Head(b.Context(), log.Filter{})
	if err != nil || int(rev) != commits && int(rev) != commits+1 {
		b.Fatal(rev, err)
	}
	return int(rev)
}

func (t *opening) report(b *testing.B, dir string) {
	b.Helper()
	var disk int64
	err := filepath.Walk(dir, func(_ string, f os.FileInfo, err error) error {
		if err == nil && f.Mode().IsRegular() {
			disk += f.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(t.server.Seconds()/float64(b.N), "server-s")
	b.ReportMetric(t.port.Seconds()/float64(b.N), "open-s")
	b.ReportMetric(float64(disk)/1e9, "disk-GB")
}
