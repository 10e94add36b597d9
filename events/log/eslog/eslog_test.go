package eslog

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog/estest"
	"github.com/muster-works/muster/events/log/logtest"
)

// The contract holds on every kind of server that the driver claims to support, and
// on each that is as unkind as real ones have been. They run beside each other, for
// most of the time they wait.
func TestConformance(t *testing.T) {
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
		"Others":           {Checkpoints: estest.Checkpoints{Zero: true}, Others: window + 100},
	} {
		kinds.Go(func() {
			t.Run(name, func(t *testing.T) {
				logtest.Run(t, func(t *testing.T) log.Log { return openLog(t, start(t, options)) })
			})
		})
	}
}

// The contract holds on a real server, in streams of this test's own.
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
