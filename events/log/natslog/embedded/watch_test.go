package embedded_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// Goal: a healthy server is not restarted while a stream is being created, so that no
// client loses its connection.
// Method: the folder that the server creates first for a stream exists for longer
// than the checks take.
func TestStreamInTheMaking(t *testing.T) {
	dir := t.TempDir()
	threeCommits(t, dir)
	s := start(t, embedded.Options{Dir: dir})
	nc := connected(t)(s.Connect())
	folder := filepath.Join(dir, "jetstream/jetstream/MUSTER/streams/MADE")
	for try := 1; ; try++ {
		before, began := nc.Stats().Reconnects, time.Now()
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		time.Sleep(400 * time.Millisecond)
		if err := os.Remove(folder); err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		time.Sleep(500 * time.Millisecond)
		if after := nc.Stats().Reconnects; nc.IsConnected() && after == before {
			return
		} else if took < 700*time.Millisecond {
			t.Fatalf("connected %v, reconnected %d times", nc.IsConnected(), after-before)
		}
		if try == 20 {
			t.Skip("SKIPPED: this machine is too slow to do something in half a second")
		}
		for nc.Flush() != nil { // the server was replaced because it took too long
			time.Sleep(10 * time.Millisecond)
		}
	}
}
