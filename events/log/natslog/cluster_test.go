package natslog_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/logtest"
	"github.com/muster-works/muster/events/log/natslog"
)

// A cluster is three servers on loopback with separate files.
type cluster struct {
	t       *testing.T
	nodes   []*server.Server
	options []*server.Options
}

func startCluster(t *testing.T) *cluster {
	c := &cluster{t: t, nodes: make([]*server.Server, 3)}
	ports := freePorts(t, 6)
	var routes []*url.URL
	for i := range 3 {
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprint("127.0.0.1:", ports[i])})
	}
	for i := range 3 {
		c.options = append(c.options, &server.Options{
			ServerName: fmt.Sprint("node-", i), Host: "127.0.0.1", Port: ports[3+i], NoSigs: true, NoLog: true,
			JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, MaxPayload: 1 << 20,
			Cluster: server.ClusterOpts{Name: "muster", Host: "127.0.0.1", Port: ports[i]},
			Routes:  routes,
		})
		c.start(i)
	}
	t.Cleanup(func() {
		for i := range c.nodes {
			c.stop(i)
		}
	})
	return c
}

func freePorts(t *testing.T, n int) (ports []int) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func (c *cluster) start(i int) {
	s, err := server.NewServer(c.options[i].Clone())
	if err != nil {
		c.t.Fatal(err)
	}
	s.Start()
	c.nodes[i] = s
}

func (c *cluster) stop(i int) {
	if c.nodes[i] != nil {
		c.nodes[i].Shutdown()
		c.nodes[i].WaitForShutdown()
		c.nodes[i] = nil
	}
}

// leader waits until the stream has a leader and all replicas are current. It returns
// the index of the leader.
func (c *cluster) leader(js jetstream.JetStream) int {
	c.t.Helper()
	var last string
	for end := time.Now().Add(logtest.Patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(c.t.Context(), 5*time.Second)
		s, err := js.Stream(ctx, natslog.Stream)
		cancel()
		if err != nil {
			last = err.Error()
			continue
		}
		info := s.CachedInfo().Cluster
		current := 0
		for _, r := range info.Replicas {
			if r.Current && !r.Offline {
				current++
			}
		}
		last = fmt.Sprintf("leader %q, %d replicas current", info.Leader, current)
		var i int
		if n, _ := fmt.Sscanf(info.Leader, "node-%d", &i); n == 1 && current == 2 {
			return i
		}
	}
	c.t.Fatalf("cluster does not settle: %s", last)
	return 0
}

func (c *cluster) connect() *nats.Conn {
	var urls []string
	for _, o := range c.options {
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", o.Port))
	}
	nc, err := nats.Connect(strings.Join(urls, ","), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.ReconnectWait(20*time.Millisecond), nats.ReconnectJitter(0, 0))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(nc.Close)
	return nc
}

// ready waits until the cluster has a leader, and provisions the log.
func (c *cluster) ready(nc *nats.Conn) natslog.Options {
	c.t.Helper()
	o := natslog.Options{Replicas: 3}
	for end := time.Now().Add(logtest.Patience); ; time.Sleep(100 * time.Millisecond) {
		err := natslog.Provision(c.t.Context(), nc, o)
		if err == nil {
			return o
		}
		if time.Now().After(end) {
			c.t.Fatal(err)
		}
	}
}

// Goal: on three replicas, every acknowledged commit is in the log once at the
// acknowledged position, boundaries are chains, and followers see the same log as a
// reader.
// Method: the leader is stopped under load, started again, and then moved.
func TestCluster(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	nc := c.connect()
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(logtest.Patience))
	if err != nil {
		t.Fatal(err)
	}
	o := c.ready(nc)

	ctx, cancel := context.WithTimeout(t.Context(), 2*logtest.Patience)
	defer cancel()
	const writers = 4
	type receipt struct {
		c       log.Commit
		decided log.Revision
	}
	receipts := make([][]receipt, writers)
	var acked atomic.Int64
	var writing, following sync.WaitGroup
	done := make(chan struct{})
	for w := range writers {
		l, err := natslog.Open(ctx, c.connect(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		writing.Go(func() {
			flaky := logtest.NewFlaky(l, 0.02, uint64(w))
			defer flaky.Wait()
			boundary := fmt.Sprint("fund.", w%2) // two writers compete for each boundary
			var rev log.Revision
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				r := receipt{log.Commit{ID: fmt.Sprintf("w%d-%d", w, n), Boundary: boundary, Events: [][]byte{[]byte(`{"a":1}`), []byte(`{"a":2}`)}}, rev}
				var err error
				for {
					r.c.Position, r.c.Revision, err = flaky.Append(ctx, r.c, rev)
					if !errors.Is(err, log.ErrUnavailable) {
						break
					}
					time.Sleep(10 * time.Millisecond)
				}
				switch {
				case err == nil:
					receipts[w] = append(receipts[w], r)
					rev = r.c.Revision
					acked.Add(1)
				case errors.Is(err, log.ErrConflict):
					for err = log.ErrUnavailable; errors.Is(err, log.ErrUnavailable); {
						_, rev, err = l.Head(ctx, log.Filter{Boundary: boundary})
					}
				}
				if err != nil && !errors.Is(err, log.ErrConflict) {
					t.Errorf("writer %d: %v", w, err)
					return
				}
			}
		})
	}
	followed := make([][]log.Commit, 2)
	for i := range followed {
		l, err := natslog.Open(ctx, c.connect(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		following.Go(func() {
			for c, err := range l.Follow(ctx, log.Position{}, log.Filter{}) {
				if err != nil {
					t.Errorf("follower %d: %v", i, err)
					return
				}
				if c.ID == "last" {
					return
				}
				followed[i] = append(followed[i], c)
			}
		})
	}
	progress := func(what string) {
		t.Helper()
		goal := acked.Load() + 50
		for acked.Load() < goal && ctx.Err() == nil && !t.Failed() {
			time.Sleep(10 * time.Millisecond)
		}
		t.Logf("%s: %d commits acknowledged", what, acked.Load())
	}

	progress("at first")
	leader := c.leader(js)
	c.stop(leader)
	progress("leader stopped")
	c.start(leader)
	c.leader(js)
	progress("leader back")
	for range 2 {
		if _, err := nc.Request("$JS.API.STREAM.LEADER.STEPDOWN."+natslog.Stream, nil, logtest.Soon); err != nil {
			t.Error(err)
		}
		c.leader(js)
		progress("leader moved")
	}
	close(done)
	writing.Wait()

	l, err := natslog.Open(ctx, nc, o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var all []log.Commit
	at := map[string]log.Commit{}
	last := map[string]log.Revision{}
	for c, err := range l.Read(ctx, log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := at[c.ID]; twice {
			t.Errorf("%s is in the log twice", c.ID)
		}
		all = append(all, c)
		at[c.ID] = c
	}
	decided := map[string]log.Revision{}
	for _, rs := range receipts {
		for _, r := range rs {
			if got := at[r.c.ID]; got.Position != r.c.Position || got.Revision != r.c.Revision || len(got.Events) != 2 {
				t.Errorf("receipt for %s at %s; in the log at %s with %d events", r.c.ID, r.c.Position, got.Position, len(got.Events))
			}
			decided[r.c.ID] = r.decided
		}
	}
	for _, c := range all {
		if d, known := decided[c.ID]; known && d != last[c.Boundary] {
			t.Errorf("%s was decided on revision %d, and follows %d", c.ID, d, last[c.Boundary])
		}
		last[c.Boundary] = c.Revision
	}
	appendOne(t, l, "last", 0)
	following.Wait()
	for i := range followed {
		if len(followed[i]) != len(all) {
			t.Fatalf("follower %d saw %d commits, the log has %d", i, len(followed[i]), len(all))
		}
		for j := range all {
			if followed[i][j].ID != all[j].ID || followed[i][j].Position != all[j].Position {
				t.Fatalf("follower %d saw %s at %s, the log has %s at %s", i, followed[i][j].ID, followed[i][j].Position, all[j].ID, all[j].Position)
			}
		}
	}
}
