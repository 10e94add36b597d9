package blocks

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A running server has one stream to which messages are added, and records its
// warnings.
type running struct {
	t      *testing.T
	server *server.Server
	js     jetstream.JetStream
	stream jetstream.Stream

	mu       sync.Mutex
	warnings []string
}

func run(t *testing.T, dir string) *running {
	t.Helper()
	s, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, JetStream: true, StoreDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	r := &running{t: t, server: s}
	s.SetLoggerV2(r, false, false, false)
	s.Start()
	t.Cleanup(r.stop)
	nc, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if r.js, err = jetstream.New(nc, jetstream.WithDefaultTimeout(time.Minute)); err != nil {
		t.Fatal(err)
	}
	r.stream, err = r.js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{Name: "LOG", Subjects: []string{"log.>"},
		Discard: jetstream.DiscardNew, Compression: jetstream.S2Compression, DenyDelete: true, DenyPurge: true, Duplicates: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *running) stop() {
	r.server.Shutdown()
	r.server.WaitForShutdown()
}

// publish stores messages on three subjects, some with headers. Half of their bytes
// compress.
func (r *running) publish(messages, size int) {
	r.t.Helper()
	body := make([]byte, size)
	rand.Read(body[:size/2])
	for i := range messages {
		m := &nats.Msg{Subject: fmt.Sprint("log.", i%3), Data: body[:size-i%7]}
		if i%2 == 0 {
			m.Header = nats.Header{"Number": {fmt.Sprint(i)}}
		}
		if _, err := r.js.PublishMsg(r.t.Context(), m); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *running) state() jetstream.StreamState {
	r.t.Helper()
	info, err := r.stream.Info(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return info.State
}

func (r *running) Warnf(format string, v ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.warnings = append(r.warnings, fmt.Sprintf(format, v...))
}
func (r *running) Noticef(string, ...any)            {}
func (r *running) Fatalf(format string, v ...any)    { r.Warnf(format, v...) }
func (r *running) Errorf(format string, v ...any)    { r.Warnf(format, v...) }
func (r *running) Debugf(string, ...any)             {}
func (r *running) Tracef(format string, args ...any) {}

const (
	stream = "jetstream/$G/streams/LOG"
	msgs   = stream + "/msgs"
	db     = msgs + "/index.db"
	large  = 700_000 // about twelve messages of this size fill a block
)

// killed returns the files of a server that wrote its index after a number of
// messages, or not at all, and was killed after some more.
func killed(t *testing.T, before, after, size int) string {
	t.Helper()
	dir := t.TempDir()
	r := run(t, dir)
	r.publish(before, size)
	r.stop()
	outdated, err := os.ReadFile(filepath.Join(dir, db))
	if err != nil {
		t.Fatal(err)
	}
	r = run(t, dir)
	r.publish(after, size)
	r.stop()
	if before > 0 {
		err = os.WriteFile(filepath.Join(dir, db), outdated, 0o600)
	} else {
		err = os.Remove(filepath.Join(dir, db))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// rebuilt returns the index that the server makes when it reads all files in dir.
func rebuilt(t *testing.T, dir string) *index {
	t.Helper()
	other := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(other, db)); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	run(t, other).stop()
	return read(t, other)
}

func read(t *testing.T, dir string) *index {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, db))
	if err != nil {
		t.Fatal(err)
	}
	x, err := decode("LOG", b)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func shorten(dir, block string, by int64) error {
	path := filepath.Join(dir, msgs, block)
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.Truncate(path, info.Size()-by)
}

func lengthen(dir, block string, b []byte) error {
	f, err := os.OpenFile(filepath.Join(dir, msgs, block), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		files[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
