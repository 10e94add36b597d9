package runner_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

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
// year of sheets and runs on the embedded server in process. Each operation is
// a rebuild followed by drains of the same size, so that a neighbour on the
// cores meets all of them: of the same log, undecoded, in facts; of a stream of
// the log's own events, one a message; and of one of small events. The ratios
// are facts a second by events a second (by facts, of the undecoded log), in
// times summed over all operations.
// MUSTER_BENCH_POSTS sets the size, in posts of five seats (4,000 otherwise).
func BenchmarkBuild(b *testing.B) {
	posts := benchPosts(b)
	l, facts := embeddedLog(b, posts)
	own, small := singles(b, l)
	var built, undecoded, single, tiny time.Duration
	took := func(d *time.Duration, do func()) {
		runtime.GC() // what was done before is not collected at its expense
		start := time.Now()
		do()
		*d += time.Since(start)
	}
	path := b.TempDir()
	dir, err := sqlite.OpenDir(path)
	if err != nil {
		b.Fatal(err)
	}
	name := ""
	for b.Loop() {
		took(&built, func() {
			if name, err = dir.Next(b.Context()); err != nil {
				b.Fatal(err)
			}
			if _, err := runner.Build(b.Context(), l, dir, name, projections.Views(), log.Position{}, runner.Options{}); err != nil {
				b.Fatal(err)
			}
		})
		took(&undecoded, func() { drain(b, l) })
		took(&single, func() { own.drain(b) })
		took(&tiny, func() { small.drain(b) })
	}
	rate := func(n int, d time.Duration) float64 { return float64(n) * float64(b.N) / d.Seconds() }
	b.ReportMetric(float64(facts), "facts")
	b.ReportMetric(rate(facts, built), "facts/s")
	b.ReportMetric(rate(facts, built)/rate(facts, undecoded), "÷undecoded-drain")
	b.ReportMetric(rate(facts, built)/rate(own.events, single), "÷one-event-drain")
	b.ReportMetric(rate(facts, built)/rate(small.events, tiny), "÷small-event-drain")
	b.ReportMetric(float64(fileSize(b, path+"/"+name+".db"))/float64(facts), "B/fact")
}

// embeddedLog returns a log of a year on the embedded server, as muster up has
// it, and its facts.
func embeddedLog(b *testing.B, posts int) (log.Log, int) {
	server, err := embedded.Start(embedded.Options{Dir: b.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { server.Shutdown() })
	nc, err := server.Connect()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	o := natslog.Options{Files: server}
	if err := natslog.Provision(b.Context(), nc, o); err != nil {
		b.Fatal(err)
	}
	l, err := natslog.Open(b.Context(), nc, o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	facts, err := synthetic.Fill(b.Context(), l, synthetic.Size{Posts: posts, Months: 12, Counties: 20, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	return l, facts
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
	for c, err := range l.Read(b.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			b.Fatal(err)
		}
		if c.Done != nil {
			c.Done()
		}
	}
}

func fileSize(b *testing.B, path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}

// BenchmarkVisible measures how long a fact takes from the receipt, which is when
// Append on the embedded server returns, until the read model shows it, while
// 5,000 facts a second come in, in sheets of five lines and twenty sheets a
// commit. An operation is a commit.
func BenchmarkVisible(b *testing.B) {
	l, _ := embeddedLog(b, 4000)
	commits := sheets(b)
	dir, err := sqlite.OpenDir(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer dir.Close()
	run := start(l, dir, runner.Options{})
	if err := run.Wait(b.Context(), head(b, l)); err != nil {
		b.Fatal(err)
	}

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
		p, r, err := l.Append(b.Context(), commits[n], revision)
		if err != nil {
			b.Fatal(err)
		}
		begun := time.Now()
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

func head(b *testing.B, l log.Log) log.Position {
	p, _, err := l.Head(b.Context(), log.Filter{})
	if err != nil {
		b.Fatal(err)
	}
	return p
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
