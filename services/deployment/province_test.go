package deployment

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
	"github.com/nats-io/nats.go/jetstream"
)

// Goal: measure what it costs to load a whole province as up --simulate does:
// simulated, decided by every service, synced commit by commit, and projected. Method:
// each round is one Up on an empty directory and then a replay of its log. Rates are in
// facts per second. The ratios compare with publishing the very commits of the
// province, one by one, to an empty server with sync always, and with reading them from
// there. MUSTER_SCALE sets the scale (0.01).
func BenchmarkProvince(b *testing.B) {
	scale := 0.01
	if s, err := strconv.ParseFloat(os.Getenv("MUSTER_SCALE"), 64); err == nil {
		scale = s
	}
	var facts, publish, drain float64
	var took, replayed time.Duration
	for b.Loop() {
		dir := b.TempDir()
		start := time.Now()
		run(b, Config{Data: dir, Simulate: scale, Seed: 1}, func(Addresses) { took += time.Since(start) })
		start = time.Now()
		if report, err := Replay(b.Context(), Config{Data: dir}, ReplayOptions{DryRun: true}); err != nil || !report.Same() {
			b.Fatalf("replay: %+v, %v", report, err)
		}
		replayed += time.Since(start)
		c := Config{Data: dir, NATS: "127.0.0.1:0"}
		infra, err := c.startEmbedded(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		n, in, out := republish(b, infra.log, log.Position{}, 0)
		infra.close()
		facts += float64(n)
		publish += in
		drain += out
	}
	rate, again := facts/took.Seconds(), facts/replayed.Seconds()
	b.ReportMetric(rate, "facts/s")
	b.ReportMetric(rate/(publish/float64(b.N)), "of-raw-publish")
	b.ReportMetric(again, "replayed-facts/s")
	b.ReportMetric(again/(drain/float64(b.N)), "of-raw-drain")
}

// Goal: the answers of a deployment show the figures that the programme published, and
// a replay finds no difference.
func TestProvince(t *testing.T) {
	dir := t.TempDir()
	run(t, Config{Data: dir, Simulate: 0.001, Seed: 3}, func(Addresses) {})
	report, err := Replay(t.Context(), Config{Data: dir}, ReplayOptions{})
	if err != nil || !report.Same() || !report.Switched || len(report.Tables) == 0 {
		t.Errorf("replay: %+v, %v", report, err)
	}
}

// run starts a deployment, calls ready, and stops the deployment.
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

// republish publishes the commits of a log after from to an empty server with sync
// always, one message outstanding, and reads them again. It returns the number of facts
// and both rates. A message is a commit if most is 0; otherwise a message is sent once
// it holds most facts.
func republish(b *testing.B, l log.Log, from log.Position, most int) (facts int, published, drained float64) {
	b.Helper()
	ctx := b.Context()
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
	messages := 0
	publish := func(pack [][]byte) {
		body := log.EncodeBatch(pack)
		start := time.Now()
		if _, err := nc.Request(natslog.Prefix+".raw", body, time.Minute); err != nil {
			b.Fatal(fmt.Errorf("publish: %w", err))
		}
		took += time.Since(start)
		messages++
	}
	for commit, err := range l.Read(ctx, from, log.Filter{}) {
		if err != nil {
			b.Fatal(err)
		}
		begin, n := 0, 0
		for i, raw := range commit.Events {
			e, err := events.Decode(raw)
			if err != nil {
				b.Fatal(err)
			}
			facts += e.Facts()
			if n += e.Facts(); most > 0 && n >= most {
				publish(commit.Events[begin : i+1])
				begin, n = i+1, 0
			}
		}
		if begin < len(commit.Events) {
			publish(commit.Events[begin:])
		}
	}
	js, err := jetstream.New(nc)
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	consumer, err := js.OrderedConsumer(ctx, natslog.Stream, jetstream.OrderedConsumerConfig{})
	if err != nil {
		b.Fatal(err)
	}
	all, err := consumer.Messages(jetstream.PullMaxMessages(10_000))
	if err != nil {
		b.Fatal(err)
	}
	defer all.Stop()
	for range messages {
		if _, err := all.Next(); err != nil {
			b.Fatal(err)
		}
	}
	return facts, float64(facts) / took.Seconds(), float64(facts) / time.Since(start).Seconds()
}
