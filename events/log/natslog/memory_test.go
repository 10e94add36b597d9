package natslog_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/muster-works/muster/events/log"
)

// Goal: memory does not grow with what is read. Method: what is live after a
// collection, the server's included, at every tenth of the log; the second half
// may need no more than the first, and some for chance.
func TestMemory(t *testing.T) {
	commits := 200
	if os.Getenv("MUSTER_LONG") != "" {
		commits = 10_000 // 10 M events
	}
	const chance = 32 << 20
	l, _, _ := filled(t, connect(t, serve(t)), commits, 1000, short)
	var live []uint64
	read, events := 0, 0
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		events += len(c.Events)
		if read++; read%(commits/10) == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			live = append(live, m.HeapAlloc)
		}
	}
	if events != 1000*commits || len(live) != 10 {
		t.Fatalf("%d events, %d samples", events, len(live))
	}
	var first, second uint64
	for i := range 5 {
		first, second = max(first, live[i]), max(second, live[5+i])
	}
	t.Logf("%d events: at most %d MB live in the first half, %d MB in the second", events, first>>20, second>>20)
	if second > first+chance {
		t.Errorf("%d MB live in the second half, %d MB in the first", second>>20, first>>20)
	}
}
