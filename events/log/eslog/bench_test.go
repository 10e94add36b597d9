package eslog

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog/estest"
)

// The reported ratios compare the driver with the bare client in one run. The server
// is in memory, so that the driver's own cost shows.

const benchEvents = 1000

func benchCommit(id string) log.Commit {
	c := log.Commit{ID: id, Boundary: "attendance"}
	for i := range benchEvents {
		c.Events = append(c.Events, fmt.Appendf(nil, `{"specversion":"1.0","id":"%s-%d","source":"/agency/370211-rsj","type":"attendance.reported","data":{"a":"%s"}}`, id, i, strings.Repeat("x", 200)))
	}
	return c
}

func benchLog(b *testing.B) (*estest.Server, *Log) {
	b.Helper()
	s, err := estest.Start(estest.Options{Quiet: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Stop)
	l, err := Open(b.Context(), s.URL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	return s, l
}

func bareClient(b *testing.B, s *estest.Server) *esdb.Client {
	b.Helper()
	config, err := parse(s.URL())
	if err != nil {
		b.Fatal(err)
	}
	client, err := esdb.NewClient(config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { client.Close() })
	return client
}

// BenchmarkRead reads 100 commits of 1,000 events. "ratio" is the rate divided by
// that of a bare subscription that discards every event.
func BenchmarkRead(b *testing.B) {
	s, l := benchLog(b)
	var rev log.Revision
	const commits = 100
	for n := range commits {
		_, r, err := l.Append(b.Context(), benchCommit(fmt.Sprint(n)), rev)
		if err != nil {
			b.Fatal(err)
		}
		rev = r
	}
	client := bareClient(b, s)
	var bare, port time.Duration
	for b.Loop() {
		begin := time.Now()
		drainBare(b, client, commits*benchEvents)
		bare += time.Since(begin)
		begin = time.Now()
		n := 0
		for c, err := range l.Read(b.Context(), log.Position{}, log.Filter{}) {
			if err != nil {
				b.Fatal(err)
			}
			n += len(c.Events)
		}
		port += time.Since(begin)
		if n != commits*benchEvents {
			b.Fatalf("%d events", n)
		}
	}
	b.ReportMetric(float64(b.N*commits*benchEvents)/port.Seconds(), "events/s")
	b.ReportMetric(bare.Seconds()/port.Seconds(), "ratio")
}

func drainBare(b *testing.B, client *esdb.Client, events int) {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	sub, err := client.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{
		From: esdb.Start{}, MaxSearchWindow: checkpointWindow, CheckpointInterval: 1, Filter: selection(streamPrefix, log.Filter{}),
	})
	if err != nil {
		b.Fatal(err)
	}
	defer sub.Close()
	for n := 0; n < events; {
		switch e := sub.Recv(); {
		case e.EventAppeared != nil:
			n++
		case e.SubscriptionDropped != nil:
			b.Fatal(e.SubscriptionDropped.Error)
		}
	}
}

// BenchmarkAppend appends commits of 1,000 events. "ratio" is the rate divided by
// that of bare appends of prepared events.
func BenchmarkAppend(b *testing.B) {
	s, l := benchLog(b)
	client := bareClient(b, s)
	ready, err := encode(benchCommit("ready"))
	if err != nil {
		b.Fatal(err)
	}
	commit := benchCommit("commit")
	var bare, port time.Duration
	var rev log.Revision
	for b.Loop() {
		for i := range ready {
			ready[i].EventID = uuid.New()
		}
		options := esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}
		if rev > 0 {
			options.ExpectedRevision = esdb.Revision(uint64(rev) - 1)
		}
		begin := time.Now()
		if _, err := client.AppendToStream(b.Context(), "bare", options, ready...); err != nil {
			b.Fatal(err)
		}
		bare += time.Since(begin)
		begin = time.Now()
		commit.ID = fmt.Sprintf("commit-%d", rev)
		_, r, err := l.Append(b.Context(), commit, rev)
		if err != nil {
			b.Fatal(err)
		}
		rev = r
		port += time.Since(begin)
	}
	b.ReportMetric(float64(rev)/port.Seconds(), "events/s")
	b.ReportMetric(bare.Seconds()/port.Seconds(), "ratio")
}
