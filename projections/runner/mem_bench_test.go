//go:build unix

package runner_test

import (
	"syscall"
	"testing"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/internal/synthetic"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/runner"
)

// cpuTime returns the processor time that the process took, in seconds.
func cpuTime() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// BenchmarkBuildFromMemory is BenchmarkBuild without the log's server, by the
// processor time that it takes: that changes less than the rate does when a
// neighbour is on the cores.
func BenchmarkBuildFromMemory(b *testing.B) {
	l := memlog.New()
	facts, err := synthetic.Fill(b.Context(), l, synthetic.Size{Posts: benchPosts(b), Months: 12, Counties: 20, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	before := cpuTime()
	for b.Loop() {
		dir, err := sqlite.OpenDir(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := runner.Build(b.Context(), l, dir, "gen-000001", projections.Views(), log.Position{}, runner.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	used := cpuTime() - before
	b.ReportMetric(float64(facts)*float64(b.N)/b.Elapsed().Seconds(), "facts/s")
	b.ReportMetric(used*1e9/float64(facts*b.N), "cpu-ns/fact")
}
