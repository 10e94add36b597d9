package eslog

import (
	"context"
	"errors"
	"flag"
	"iter"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog/estest"
	"github.com/muster-works/muster/events/log/logtest"
)

// TestMain lets more tests run at once than there are processors, unless -parallel
// says otherwise: most of them wait for a server.
func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		_ = parallel.Value.Set("8")
	}
	os.Exit(m.Run())
}

// TestConformance runs the suite on every kind of server that the driver supports,
// and on servers with the faults that real ones have shown. The cases run in
// parallel, since most of the time they wait.
func TestConformance(t *testing.T) {
	t.Parallel()
	var kinds sync.WaitGroup
	defer kinds.Wait()
	for name, options := range map[string]estest.Options{
		"Recent":           {},
		"Old":              {Old: true},
		"Secured":          {User: "muster", Password: "changeit"},
		"ReadLag":          {ReadLag: 5 * time.Millisecond},
		"ZeroCheckpoints":  {Checkpoints: estest.Checkpoints{Zero: true}},
		"EarlyCheckpoints": {Checkpoints: estest.Checkpoints{Early: true}},
		"EndOfLog":         {Checkpoints: estest.Checkpoints{EndOfLog: true}, Others: 100},
		"Repeated":         {Checkpoints: estest.Checkpoints{Repeated: true}},
		"Newer":            {Newer: true},
		// Both delays are a fraction of those of real servers, because of the
		// thousands of calls of the suite. TestLateRepeat and TestDearPassword use
		// the real delays.
		"LateRepeats":  {LateRepeats: 200 * time.Millisecond},
		"PasswordCost": {User: "muster", Password: "changeit", PasswordCost: 4 * time.Millisecond},
		"Restless":     {Restless: 7},
		"Everything": {User: "muster", Password: "changeit", PasswordCost: time.Millisecond, Newer: true, ReadLag: time.Millisecond, Restless: 50,
			Others: checkpointWindow + 100, Checkpoints: estest.Checkpoints{Zero: true, Early: true, EndOfLog: true, Repeated: true}},
		"Others": {Checkpoints: estest.Checkpoints{Zero: true}, Others: checkpointWindow + 100},
	} {
		// The race detector looks at the code of the driver, which is the same for each
		// kind of server. With -short it looks at the kindest and at the unkindest one.
		if testing.Short() && name != "Recent" && name != "Everything" {
			continue
		}
		kinds.Go(func() {
			t.Run(name, func(t *testing.T) {
				logtest.Run(t, func(t *testing.T) log.Log {
					l := openLog(t, start(t, options))
					if options.Restless > 0 {
						return &steady{l}
					}
					return l
				})
			})
		})
	}
}

// A steady log does what package log asks of callers: it appends the same commit
// again if the log does not answer, and continues a read after the last commit.
type steady struct{ *Log }

func (l *steady) Append(ctx context.Context, c log.Commit, expected log.Revision) (p log.Position, r log.Revision, err error) {
	err = again(func() error { p, r, err = l.Log.Append(ctx, c, expected); return err })
	return p, r, err
}

func (l *steady) Head(ctx context.Context, f log.Filter) (p log.Position, r log.Revision, err error) {
	err = again(func() error { p, r, err = l.Log.Head(ctx, f); return err })
	return p, r, err
}

func (l *steady) Verify(ctx context.Context, at log.Position, id string) error {
	return again(func() error { return l.Log.Verify(ctx, at, id) })
}

func (l *steady) Read(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		last, broken := from, false
		err := again(func() error {
			for c, err := range l.Log.Read(ctx, last, f) {
				if err != nil {
					return err
				}
				if last, broken = c.Position, !yield(c, nil); broken {
					break
				}
			}
			return nil
		})
		if err != nil && !broken {
			yield(log.Commit{}, err)
		}
	}
}

// again calls f until the log answers or is closed.
func again(f func() error) (err error) {
	for range 20 {
		if err = f(); !errors.Is(err, log.ErrUnavailable) || errors.Is(err, errClosed) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return err
}

// TestConformanceServer runs the suite on a real server, in streams of its own.
func TestConformanceServer(t *testing.T) {
	url := os.Getenv("MUSTER_TEST_EVENTSTORE")
	if url == "" {
		t.Skip("SKIPPED: not run against a real EventStoreDB; set MUSTER_TEST_EVENTSTORE to its esdb:// connection string")
	}
	logtest.Run(t, func(t *testing.T) log.Log {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		l, err := open(ctx, url, "mustertest-"+uuid.NewString()+"-")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	})
}

func start(t *testing.T, o estest.Options) *estest.Server {
	t.Helper()
	s, err := estest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func openLog(t *testing.T, s *estest.Server) *Log {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	l, err := Open(ctx, s.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}
