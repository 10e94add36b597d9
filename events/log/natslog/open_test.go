package natslog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/logtest"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// Goal: a stream that could lose, change or reorder commits is not opened, and the
// error names the setting.
func TestMisconfigured(t *testing.T) {
	nc := connect(t, serve(t))
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(logtest.Patience))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := natslog.Open(t.Context(), nc, natslog.Options{}); !errors.Is(err, log.ErrMisconfigured) || !strings.Contains(err.Error(), "provision") {
		t.Errorf("no stream: %v", err)
	}
	if err := natslog.Provision(t.Context(), nc, natslog.Options{}); err != nil {
		t.Fatal(err)
	}
	right, err := js.Stream(t.Context(), natslog.Stream)
	if err != nil {
		t.Fatal(err)
	}
	for i, test := range []struct {
		names  string
		change func(*jetstream.StreamConfig)
	}{
		{"", func(c *jetstream.StreamConfig) {}},
		{"", func(c *jetstream.StreamConfig) { c.Compression = jetstream.NoCompression }},
		{"subjects", func(c *jetstream.StreamConfig) { c.Subjects = append(c.Subjects, "other") }},
		{"storage", func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage }},
		{"retention", func(c *jetstream.StreamConfig) { c.Retention = jetstream.InterestPolicy }},
		{"discard", func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld }},
		{"max age", func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }},
		{"max bytes", func(c *jetstream.StreamConfig) { c.MaxBytes = 1 << 30 }},
		{"max messages", func(c *jetstream.StreamConfig) { c.MaxMsgs = 1e6 }},
		{"max messages per subject", func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 1000 }},
		{"max message size", func(c *jetstream.StreamConfig) { c.MaxMsgSize = 1000 }},
		{"deny delete", func(c *jetstream.StreamConfig) { c.DenyDelete = false }},
		{"deny purge", func(c *jetstream.StreamConfig) { c.DenyPurge = false }},
		{"allow rollup", func(c *jetstream.StreamConfig) { c.AllowRollup, c.DenyPurge = true, false }},
		{"allow direct", func(c *jetstream.StreamConfig) { c.AllowDirect = true }},
		{"no ack", func(c *jetstream.StreamConfig) { c.NoAck = true }},
		{"first sequence", func(c *jetstream.StreamConfig) { c.FirstSeq = 100 }},
		{"message TTL", func(c *jetstream.StreamConfig) { c.AllowMsgTTL = true }},
		{"persist mode", func(c *jetstream.StreamConfig) { c.PersistMode = jetstream.AsyncPersistMode }},
	} {
		o := natslog.Options{Stream: fmt.Sprintf("S%d", i), Prefix: fmt.Sprintf("s%d", i)}
		c := right.CachedInfo().Config
		c.Name, c.Subjects = o.Stream, []string{o.Prefix + ".>"}
		test.change(&c)
		if _, err := js.CreateStream(t.Context(), c); err != nil {
			t.Fatalf("%s: %v", test.names, err)
		}
		for name, err := range map[string]error{
			"provision": natslog.Provision(t.Context(), nc, o),
			"open":      open(t.Context(), nc, o),
		} {
			if test.names == "" {
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			} else if !errors.Is(err, log.ErrMisconfigured) || !strings.Contains(err.Error(), test.names+" is ") {
				t.Errorf("%s, wrong %s: %v", name, test.names, err)
			}
		}
	}
	o := natslog.Options{Stream: "S0", Prefix: "s0", Replicas: 3}
	if err := open(t.Context(), nc, o); !errors.Is(err, log.ErrMisconfigured) || !strings.Contains(err.Error(), "replicas is 1, must be 3") {
		t.Errorf("replicas: %v", err)
	}
}

func open(ctx context.Context, nc *nats.Conn, o natslog.Options) error {
	l, err := natslog.Open(ctx, nc, o)
	if err == nil {
		l.Close()
	}
	return err
}

// plain runs a server as someone else may have configured it.
func plain(t *testing.T, o *server.Options) *nats.Conn {
	t.Helper()
	o.Host, o.Port, o.NoSigs, o.NoLog = "127.0.0.1", -1, true, true
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(logtest.Patience) {
		t.Fatal("server did not start")
	}
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func TestUnfitServers(t *testing.T) {
	t.Parallel()
	t.Run("no JetStream", func(t *testing.T) {
		nc := plain(t, &server.Options{})
		for name, err := range map[string]error{
			"open":      open(t.Context(), nc, natslog.Options{}),
			"provision": natslog.Provision(t.Context(), nc, natslog.Options{}),
		} {
			if !errors.Is(err, log.ErrUnavailable) || !strings.Contains(err.Error(), "jetstream not enabled") && !strings.Contains(err.Error(), "no responders") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("small max_payload", func(t *testing.T) {
		nc := plain(t, &server.Options{JetStream: true, StoreDir: t.TempDir(), MaxPayload: 512 << 10})
		if err := open(t.Context(), nc, natslog.Options{}); !errors.Is(err, log.ErrMisconfigured) || !strings.Contains(err.Error(), "max_payload") {
			t.Error(err)
		}
	})
	t.Run("closed connection", func(t *testing.T) {
		nc := plain(t, &server.Options{})
		nc.Close()
		if err := open(t.Context(), nc, natslog.Options{}); !errors.Is(err, log.ErrUnavailable) {
			t.Error(err)
		}
	})
	t.Run("agency's user", func(t *testing.T) {
		nc, err := nats.Connect(serve(t).ClientURL(), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		if err := open(t.Context(), nc, natslog.Options{}); !errors.Is(err, log.ErrMisconfigured) || !strings.Contains(err.Error(), "internal user") {
			t.Error(err)
		}
	})
}

// Goal: a message that someone else stored in the stream ends every reader with its
// position, and is never skipped.
func TestDamagedCommit(t *testing.T) {
	nc := connect(t, serve(t))
	body := `[{"a":1},` + "\n" + `{"a":2}]`
	whole := nats.Header{
		"Nats-Msg-Id": {"x"}, "Nats-Expected-Last-Subject-Sequence": {"1"},
		"Content-Type": {log.ContentType}, "Muster-Events": {"2"},
	}
	without := func(name string) nats.Header {
		h := nats.Header{}
		for k, v := range whole {
			if k != name {
				h[k] = v
			}
		}
		return h
	}
	with := func(name, value string) nats.Header {
		h := without(name)
		h[name] = []string{value}
		return h
	}
	for i, test := range []struct {
		name   string
		header nats.Header
		body   string
		want   error
	}{
		{"whole", whole, body, nil},
		{"truncated", whole, body[:12], log.ErrCorrupt},
		{"cut at a border", whole, `[{"a":1}]`, log.ErrCorrupt},
		{"empty", whole, "", log.ErrCorrupt},
		{"not JSON", whole, "hello", log.ErrCorrupt},
		{"no id", without("Nats-Msg-Id"), body, log.ErrCorrupt},
		{"no count", without("Muster-Events"), body, log.ErrCorrupt},
		{"wrong count", with("Muster-Events", "3"), body, log.ErrCorrupt},
		{"not guarded", without("Nats-Expected-Last-Subject-Sequence"), body, log.ErrCorrupt},
		{"bad time", with("Muster-Recorded", "yesterday"), body, log.ErrCorrupt},
		{"no headers", nil, body, log.ErrCorrupt},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := natslog.Options{Stream: fmt.Sprintf("D%d", i), Prefix: fmt.Sprintf("d%d", i)}
			if err := natslog.Provision(t.Context(), nc, o); err != nil {
				t.Fatal(err)
			}
			l, err := natslog.Open(t.Context(), nc, o)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			appendOne(t, l, "before", 0)
			js, _ := jetstream.New(nc, jetstream.WithDefaultTimeout(logtest.Patience))
			if _, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: o.Prefix + ".policy", Header: test.header, Data: []byte(test.body)}); err != nil {
				t.Fatal(err)
			}
			if _, _, err := l.Append(t.Context(), log.Commit{ID: "after", Boundary: "policy", Events: [][]byte{[]byte(`{}`)}}, 2); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), logtest.Patience)
			defer cancel()
			for _, f := range []log.Filter{{}, {Boundary: "policy"}} {
				for name, seq := range map[string]func(func(log.Commit, error) bool){
					"read": l.Read(ctx, log.Position{}, f), "follow": l.Follow(ctx, log.Position{}, f),
				} {
					var n int
					var last error
					for _, err := range seq {
						if last = err; err == nil {
							n++
						}
						if n == 3 {
							break
						}
					}
					if test.want == nil && (n != 3 || last != nil) {
						t.Errorf("%s: %d commits, %v", name, n, last)
					}
					if test.want != nil && (n != 1 || !errors.Is(last, test.want) || !strings.Contains(last.Error(), "2-0")) {
						t.Errorf("%s: %d commits, %v; want 1, and %v at 2-0", name, n, last, test.want)
					}
				}
			}
		})
	}
}

func appendOne(t testing.TB, l log.Log, id string, expected log.Revision) log.Revision {
	t.Helper()
	_, rev, err := l.Append(t.Context(), log.Commit{ID: id, Boundary: "policy", Events: [][]byte{[]byte(`{"a":1}`)}}, expected)
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

// Goal: changed bytes on the disk are reported when the log is opened or read, with
// the position, and the commits before them can be read.
func TestDamagedFile(t *testing.T) {
	dir := t.TempDir()
	start := func() (*embedded.Server, *nats.Conn) {
		s, err := embedded.Start(embedded.Options{Dir: dir, Addr: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Shutdown)
		return s, connect(t, s)
	}
	s, nc := start()
	if err := natslog.Provision(t.Context(), nc, natslog.Options{}); err != nil {
		t.Fatal(err)
	}
	l, err := natslog.Open(t.Context(), nc, natslog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var rev log.Revision
	for i := range 20 {
		rev = appendOne(t, l, fmt.Sprintf("commit-%d", i), rev)
	}
	l.Close()
	s.Shutdown()
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream/jetstream/*/streams/MUSTER/msgs/*.blk"))
	if err != nil || len(blocks) != 1 {
		t.Fatal(blocks, err)
	}
	b, err := os.ReadFile(blocks[0])
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte("commit-10"))
	if at < 0 {
		t.Fatal("no commit-10 in the block")
	}
	b[at] ^= 0x01
	if err := os.WriteFile(blocks[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
	_, nc = start()
	l, err = natslog.Open(t.Context(), nc, natslog.Options{})
	var read int
	if err == nil {
		defer l.Close()
		for _, e := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
			if err = e; err == nil {
				read++
			}
		}
		// If the server truncated the log and forgot that, the position saved by a
		// reader shows it.
		if err == nil && read < 20 {
			err = l.Verify(t.Context(), log.At(20, 0), "commit-19")
		}
	}
	if !errors.Is(err, log.ErrCorrupt) && !errors.Is(err, log.ErrForeign) && !errors.Is(err, log.ErrUnavailable) {
		t.Errorf("%d commits read, %v", read, err)
	}
	t.Logf("%d commits read, then: %v", read, err)
}
