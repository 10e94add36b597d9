package runner_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/internal/synthetic"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/runner"
)

// BenchmarkBuild measures a full rebuild, log to every view to SQLite, of a
// year of sheets and runs on the embedded server in process. Beside the rate
// it reports the ratio to two drains in the same run: that of the same log,
// undecoded, in facts; and that of a stream of one event a message by the
// client's ordered consumer, in events. Then it restarts a runner on what was
// built, for the time that takes and what stays in memory. MUSTER_BENCH_POSTS sets the size, in
// posts of five seats (4,000 otherwise).
func BenchmarkBuild(b *testing.B) {
	posts := benchPosts(b)
	server, err := embedded.Start(embedded.Options{Dir: b.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Shutdown()
	nc, err := server.Connect()
	if err != nil {
		b.Fatal(err)
	}
	defer nc.Close()
	o := natslog.Options{}
	if err := natslog.Provision(b.Context(), nc, o); err != nil {
		b.Fatal(err)
	}
	l, err := natslog.Open(b.Context(), nc, o)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	facts, err := synthetic.Fill(b.Context(), l, synthetic.Size{Posts: posts, Months: 12, Counties: 20, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	rate := func(n int, do func()) float64 {
		start := time.Now()
		do()
		return float64(n) / time.Since(start).Seconds()
	}
	undecoded := rate(facts, func() { drain(b, l) })
	single := singleDrain(b, nc)

	var size int64
	var resident int64
	var restart time.Duration
	for b.Loop() {
		path := b.TempDir()
		dir, err := sqlite.OpenDir(path)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := runner.Build(b.Context(), l, dir, "gen-000001", projections.Views(), log.Position{}, runner.Options{}); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		size = fileSize(b, path+"/gen-000001.db")
		if err := dir.Switch(b.Context(), "gen-000001"); err != nil {
			b.Fatal(err)
		}
		begun := time.Now()
		run := start(l, dir, runner.Options{})
		run.wait(b, l)
		restart = time.Since(begun)
		resident = heap()
		run.stop(b)
		run = running{}
		resident -= heap()
		b.StartTimer()
	}
	built := float64(facts) * float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(float64(facts), "facts")
	b.ReportMetric(built, "facts/s")
	b.ReportMetric(built/undecoded, "÷undecoded-drain")
	b.ReportMetric(built/single, "÷one-event-drain")
	b.ReportMetric(float64(size)/float64(facts), "B/fact")
	b.ReportMetric(float64(restart.Milliseconds()), "restart-ms")
	b.ReportMetric(float64(resident)/float64(posts*5), "resident-B/seat")
}

// benchPosts is the size of the programme, in posts of five seats.
func benchPosts(b *testing.B) int {
	posts := 4000
	if s := os.Getenv("MUSTER_BENCH_POSTS"); s != "" {
		var err error
		if posts, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	return posts
}

func drain(b *testing.B, l log.Log) {
	for _, err := range l.Read(b.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			b.Fatal(err)
		}
	}
}

// singleDrain returns how many events a second the client's ordered consumer
// gives when every event is a message of some 320 bytes.
func singleDrain(b *testing.B, nc *nats.Conn) float64 {
	const messages = 50_000
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(1000))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "SINGLE", Subjects: []string{"single"}}); err != nil {
		b.Fatal(err)
	}
	for i := range messages {
		body := fmt.Sprintf(`{"specversion":"1.0","id":"e-%08d","source":"/agency/370211-rsj","data":{"filler":"%0240d"}}`, i, i*7919)
		if _, err := js.PublishAsync("single", []byte(body), jetstream.WithStallWait(time.Minute)); err != nil {
			b.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	best := 0.0
	for range 3 {
		c, err := js.OrderedConsumer(b.Context(), "SINGLE", jetstream.OrderedConsumerConfig{})
		if err != nil {
			b.Fatal(err)
		}
		it, err := c.Messages(jetstream.PullMaxBytes(8 << 20))
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		for range messages {
			if _, err := it.Next(); err != nil {
				b.Fatal(err)
			}
		}
		best = max(best, messages/time.Since(start).Seconds())
		it.Stop()
	}
	return best
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func fileSize(b *testing.B, path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}

// BenchmarkVisible measures how long a fact takes from the log to the read
// model, while 5,000 facts a second come in, in sheets of five lines and twenty
// sheets a commit. An operation is a commit.
func BenchmarkVisible(b *testing.B) {
	l := memlog.New()
	if _, err := synthetic.Fill(b.Context(), l, synthetic.Size{Posts: 4000, Months: 1, Counties: 20, Seed: 1}); err != nil {
		b.Fatal(err)
	}
	commits := sheets(b)
	dir, err := sqlite.OpenDir(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer dir.Close()
	run := start(l, dir, runner.Options{})
	run.wait(b, l)

	took := make(chan time.Duration, len(commits))
	var revision log.Revision
	tick := time.NewTicker(20 * time.Millisecond) // a hundred facts each
	defer tick.Stop()
	n := 0
	for b.Loop() {
		if n == len(commits) {
			b.Fatalf("at most %d operations", n)
		}
		<-tick.C
		begun := time.Now()
		p, r, err := l.Append(b.Context(), commits[n], revision)
		if err != nil {
			b.Fatal(err)
		}
		revision = r
		n++
		go func() {
			if err := run.Wait(b.Context(), p); err != nil {
				b.Error(err)
			}
			took <- time.Since(begun)
		}()
	}
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = <-took
	}
	run.stop(b)
	slices.Sort(all)
	b.ReportMetric(float64(all[n/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(all[n*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(all[n-1].Microseconds())/1000, "max-ms")
}

// sheets returns commits of twenty sheets, of posts and persons of their own.
func sheets(b *testing.B) (commits []log.Commit) {
	l := memlog.New()
	if _, err := synthetic.Fill(b.Context(), l, synthetic.Size{Posts: 4000, Months: 12, Counties: 20, Seed: 2}); err != nil {
		b.Fatal(err)
	}
	for c, err := range l.Read(b.Context(), log.Position{}, log.Filter{Boundary: "attendance"}) {
		if err != nil {
			b.Fatal(err)
		}
		for i := range len(c.Events) / 20 {
			commits = append(commits, log.Commit{ID: fmt.Sprint(c.ID, ".", i), Boundary: "more", Events: c.Events[20*i : 20*i+20]})
		}
	}
	return commits
}
