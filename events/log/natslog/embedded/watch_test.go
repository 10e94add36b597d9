package embedded_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// Goal: a server that is well stays as it is while a stream is made, and nobody
// loses the connection with what was asked. Method: the folder that the server
// makes first of a stream is there for longer than it takes to be looked at.
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
		for nc.Flush() != nil { // it took so long that the server was replaced
			time.Sleep(10 * time.Millisecond)
		}
	}
}
