package daemon

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// Goal: what the load of a whole province costs: simulated, decided by every
// service, fsynced commit by commit, and projected, as `up --simulate` does it.
// Method: one Up on an empty directory a round; the rate is in facts, and the
// ratio is against publishing the very commits it made, one by one, to an
// empty server with sync always. MUSTER_SCALE sets the scale (0.01).
func BenchmarkProvince(b *testing.B) {
	scale := 0.01
	if s, err := strconv.ParseFloat(os.Getenv("MUSTER_SCALE"), 64); err == nil {
		scale = s
	}
	var facts, raw float64
	var took time.Duration
	for b.Loop() {
		dir := b.TempDir()
		start := time.Now()
		run(b, Config{Data: dir, Simulate: scale, Seed: 1}, func(Addresses) { took += time.Since(start) })
		n, rate := republish(b, dir)
		facts += float64(n)
		raw += rate
	}
	rate := facts / took.Seconds()
	b.ReportMetric(rate, "facts/s")
	b.ReportMetric(rate/(raw/float64(b.N)), "of-raw-publish")
}

// run brings a deployment up, calls ready, and takes it down.
func run(tb testing.TB, c Config, ready func(Addresses)) {
	tb.Helper()
	c.HTTP, c.NATS, c.Out = "127.0.0.1:0", "127.0.0.1:0", io.Discard
	ctx, stop := context.WithCancel(tb.Context())
	if err := Up(ctx, c, func(a Addresses) {
		ready(a)
		stop()
	}); err != nil {
		tb.Fatal(err)
	}
}

// republish publishes the commits of a deployment to an empty server, one
// outstanding, and returns their facts and the rate.
func republish(b *testing.B, dir string) (facts int, rate float64) {
	b.Helper()
	ctx := b.Context()
	c := Config{Data: dir, NATS: "127.0.0.1:0"}
	from, err := c.embed(ctx)
	if err != nil {
		b.Fatal(err)
	}
	defer from.close()
	to, err := embedded.Start(embedded.Options{Dir: b.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	defer to.Shutdown()
	nc, err := to.Connect()
	if err != nil {
		b.Fatal(err)
	}
	defer nc.Close()
	if err := natslog.Provision(ctx, nc, natslog.Options{}); err != nil {
		b.Fatal(err)
	}
	var took time.Duration
	for commit, err := range from.log.Read(ctx, log.Position{}, log.Filter{}) {
		if err != nil {
			b.Fatal(err)
		}
		for _, raw := range commit.Events {
			e, err := events.Decode(raw)
			if err != nil {
				b.Fatal(err)
			}
			facts += e.Facts()
		}
		body := log.EncodeBatch(commit.Events)
		start := time.Now()
		if _, err := nc.Request(natslog.Prefix+".raw", body, time.Minute); err != nil {
			b.Fatal(fmt.Errorf("publish: %w", err))
		}
		took += time.Since(start)
	}
	return facts, float64(facts) / took.Seconds()
}
