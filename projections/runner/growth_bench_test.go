//go:build unix

package runner_test

import (
	"fmt"
	"math"
	"syscall"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/internal/synthetic"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/runner"
)

// BenchmarkBuildFromMemory is BenchmarkBuild without the log's server, with the
// processor time that it takes: a neighbour on the cores changes that less than
// the rate.
func BenchmarkBuildFromMemory(b *testing.B) {
	l, facts := memory(b, benchPosts(b))
	before := processorTime()
	for b.Loop() {
		rebuild(b, l)
	}
	used := processorTime() - before
	b.ReportMetric(float64(facts)*float64(b.N)/b.Elapsed().Seconds(), "facts/s")
	b.ReportMetric(float64(used)/float64(facts*b.N), "cpu-ns/fact")
}

// BenchmarkGrowth rebuilds from logs of one, two and four times the size, in
// turns, and reports how much longer than the first the others took for a fact:
// 1 is linear growth, less is better. Times are the best of all turns, in
// processor time.
func BenchmarkGrowth(b *testing.B) {
	sizes := []int{1, 2, 4}
	var logs []log.Log
	var facts []int
	for _, n := range sizes {
		l, f := memory(b, n*benchPosts(b)/4)
		logs, facts = append(logs, l), append(facts, f)
	}
	best := []float64{math.Inf(1), math.Inf(1), math.Inf(1)}
	for b.Loop() {
		for i, l := range logs {
			before := processorTime()
			rebuild(b, l)
			best[i] = min(best[i], float64(processorTime()-before)/float64(facts[i]))
		}
	}
	b.ReportMetric(best[0], "cpu-ns/fact")
	for i, n := range sizes[1:] {
		b.ReportMetric(best[i+1]/best[0], fmt.Sprintf("growth-at-%d×", n))
	}
}

func memory(b *testing.B, posts int) (log.Log, int) {
	l := memlog.New()
	facts, err := synthetic.Fill(b.Context(), l, synthetic.Size{Posts: posts, Months: 12, Counties: 20, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	return l, facts
}

func rebuild(b *testing.B, l log.Log) {
	dir, err := sqlite.OpenDir(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer dir.Close()
	if _, err := runner.Build(b.Context(), l, dir, "gen-000001", projections.Views(), log.Position{}, runner.Options{}); err != nil {
		b.Fatal(err)
	}
}

// processorTime is what the process took of both cores.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
