package natslog_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog"
)

// Goal: memory does not grow with the number of commits that are read: 100 MB of
// them, or 10 M events in the long mode.
// Method: live memory after a collection, including that of a server started for it,
// at every tenth of the log. The second half may need no more than the first, with a
// margin for chance.
func TestMemory(t *testing.T) {
	commits, each, size := 120, 600, 1300
	if os.Getenv("MUSTER_LONG") != "" {
		commits, each, size = 10_000, 1000, short
	}
	const chance = 24 << 20
	dir := t.TempDir()
	s := serveIn(t, dir, "127.0.0.1:0")
	filled(t, connect(t, s), commits, each, size, event)
	s.Shutdown() // the server keeps what it has just written in memory
	l, err := natslog.Open(t.Context(), connect(t, serveIn(t, dir, "127.0.0.1:0")), natslog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
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
	if events != each*commits || len(live) != 10 {
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
