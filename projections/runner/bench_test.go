package runner_test

import (
	"testing"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/internal/synthetic"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner"
)

// BenchmarkBuild measures a full rebuild, log to every view to SQLite, in facts
// a second, and beside it a bare drain of the same log.
func BenchmarkBuild(b *testing.B) {
	l := memlog.New()
	facts, err := synthetic.Fill(b.Context(), l, synthetic.Size{Posts: 4000, Months: 12, Counties: 20, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	bytes := 0
	for c, err := range l.Read(b.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range c.Events {
			bytes += len(e)
		}
	}
	drain := float64(facts) / time.Since(start).Seconds()
	for b.Loop() {
		dir, err := readmodel.OpenDir(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := runner.Build(b.Context(), l, dir, "gen-000001", projections.Views(), log.Position{}, runner.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	rate := float64(facts) * float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "facts/s")
	b.ReportMetric(float64(facts), "facts")
	b.ReportMetric(float64(bytes)/float64(facts), "B/fact")
	b.ReportMetric(rate/drain, "÷drain")
}
