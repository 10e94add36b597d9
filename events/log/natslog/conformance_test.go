package natslog_test

import (
	"os"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/logtest"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// serve starts an embedded server that stops at the end of the test.
func serve(t testing.TB) *embedded.Server {
	t.Helper()
	s, err := embedded.Start(embedded.Options{Dir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

// connect connects in the process as the internal user.
func connect(t testing.TB, s *embedded.Server) *nats.Conn {
	t.Helper()
	nc, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// provision creates a log with names of its own, so that tests can share a server.
func provision(t testing.TB, nc *nats.Conn) *natslog.Log {
	t.Helper()
	return provisionOn(t, nc, 1)
}

// provisionOn is provision with the given number of replicas.
func provisionOn(t testing.TB, nc *nats.Conn, replicas int) *natslog.Log {
	t.Helper()
	return provisionWith(t, nc, natslog.Options{Replicas: replicas})
}

// provisionWith is provision with the given options except for the names.
func provisionWith(t testing.TB, nc *nats.Conn, o natslog.Options) *natslog.Log {
	t.Helper()
	name := nuid.Next()
	o.Stream, o.Prefix = "TEST-"+name, "test.log."+name
	if err := natslog.Provision(t.Context(), nc, o); err != nil {
		t.Fatal(err)
	}
	l, err := natslog.Open(t.Context(), nc, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.Close()
		if js, err := nc.JetStream(); err == nil && nc.IsConnected() {
			js.DeleteStream(o.Stream)
		}
	})
	return l
}

func TestConformance(t *testing.T) {
	t.Parallel()
	s := serve(t)
	nc := connect(t, s)
	logtest.Run(t, func(t *testing.T) log.Log { return provisionWith(t, nc, natslog.Options{Files: s}) })
}

// TestConformanceLoopback runs the suite over a socket, as a service in another
// process uses the log.
func TestConformanceLoopback(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := embedded.Start(embedded.Options{Dir: dir, Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Shutdown()
	login, err := embedded.Credentials(dir)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect(s.ClientURL(), login)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	logtest.Run(t, func(t *testing.T) log.Log { return provision(t, nc) })
}

// TestConformanceCluster runs the suite on three replicas. A message in flight is
// then an additional kind of conflict, and a consumer may be on a server that lags
// behind.
func TestConformanceCluster(t *testing.T) {
	if os.Getenv("MUSTER_LONG") == "" {
		t.Skip("SKIPPED: set MUSTER_LONG to run the suite on a cluster of three")
	}
	c := startCluster(t)
	nc := c.connect()
	c.ready(nc)
	logtest.Run(t, func(t *testing.T) log.Log { return provisionOn(t, nc, 3) })
}

// TestConformanceExternal runs the suite on a server of the user's. The user in the
// URL must be allowed to create streams. Each test creates its own stream and deletes
// it.
func TestConformanceExternal(t *testing.T) {
	url := os.Getenv("MUSTER_TEST_NATS")
	if url == "" {
		t.Skip("SKIPPED: set MUSTER_TEST_NATS to the URL of a NATS server with JetStream")
	}
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	logtest.Run(t, func(t *testing.T) log.Log { return provision(t, nc) })
}
