package deployment

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/internal/command"
)

// Goal: what the services must know of 1.2 million people and a year takes at most 400
// MB, all idempotency indexes included, and a start is over within 10 s. Method: the
// year is in an embedded log. The log is read to its end by itself. Then a set of all
// services starts from the log alone and takes snapshots; then a set starts from the
// snapshots. MUSTER_PEOPLE sets how many people there are (12,000), MUSTER_LINES how
// pay lines are named (%d), and MUSTER_KEPT a directory in which the log is kept for
// the next run.
//
// Seconds are those of the clock (s) and of the processors (cpu-s), the embedded server
// included. cpu-s-read is what it costs server and client to read the log; cpu-s-warm
// is that and the work of the services.
func BenchmarkStart(b *testing.B) {
	y := year{people: 12_000, lines: cmp.Or(os.Getenv("MUSTER_LINES"), "%d")}
	if n, err := strconv.Atoi(os.Getenv("MUSTER_PEOPLE")); err == nil {
		y.people = n
	}
	c := Config{Data: cmp.Or(os.Getenv("MUSTER_KEPT"), b.TempDir()), NATS: "127.0.0.1:0"}
	infra, err := c.startEmbedded(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer infra.close()
	if empty, err := isEmpty(b.Context(), infra.log); err != nil {
		b.Fatal(err)
	} else if empty {
		if err := y.write(b.Context(), infra.log); err != nil {
			b.Fatal(err)
		}
	}
	begin, told := measureTime(), 0
	for c, err := range infra.log.Read(b.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			b.Fatal(err)
		}
		told += len(c.Events)
	}
	bare := measureTime().after(begin)
	dir := filepath.Join(c.Data, foldDir)
	if err := os.RemoveAll(dir); err != nil {
		b.Fatal(err)
	}
	for _, from := range []string{"log", "folds"} {
		b.Run(from, func(b *testing.B) {
			for b.Loop() {
				services, err := newServiceSet(infra.log, events.Families...)
				if err != nil {
					b.Fatal(err)
				}
				services.snapshots = command.NewSnapshotStore(dir, infra.driver.(command.Verifier))
				services.onSnapshotError = func(err error) { b.Error(err) }
				begin := measureTime()
				var warm elapsed
				ctx, stop := context.WithCancel(b.Context())
				if err := services.run(ctx, nil, func() { warm = measureTime().after(begin); stop() }); err != nil && ctx.Err() == nil {
					b.Fatal(err)
				}
				begin = measureTime()
				if from == "log" {
					if err := services.snapshots.Write(b.Context(), services.folds...); err != nil {
						b.Fatal(err)
					}
				}
				written := measureTime().after(begin)
				bytes := heapBytes()
				runtime.KeepAlive(services)
				services = nil
				bytes -= heapBytes()
				b.ReportMetric(float64(bytes)/1e6, "MB")
				b.ReportMetric(float64(bytes)/float64(y.people), "B/person")
				b.ReportMetric(warm.clock.Seconds(), "s-warm")
				b.ReportMetric(warm.processor.Seconds(), "cpu-s-warm")
				if from == "log" {
					b.ReportMetric(bare.clock.Seconds(), "s-read")
					b.ReportMetric(bare.processor.Seconds(), "cpu-s-read")
					b.ReportMetric(written.clock.Seconds(), "s-written")
					b.ReportMetric(written.processor.Seconds(), "cpu-s-written")
				}
				b.ReportMetric(float64(told)/1e6, "M-events")
			}
		})
	}
}

// Goal: services that start from snapshots know the same as services that folded the
// log. Method: a small year is folded and its snapshots are taken. A second set
// restores the snapshots without reading the log; the snapshots that it takes must be
// the same.
func TestFoldsWrittenDown(t *testing.T) {
	c := Config{Data: t.TempDir(), NATS: "127.0.0.1:0"}
	infra, err := c.startEmbedded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer infra.close()
	if err := (year{people: 60, lines: "%d"}).write(t.Context(), infra.log); err != nil {
		t.Fatal(err)
	}
	var files [2]map[string][]byte
	dir := c.dataPath(foldDir)
	for i := range files {
		services, err := newServiceSet(infra.log, events.Families...)
		if err != nil {
			t.Fatal(err)
		}
		services.keepSnapshots(&c, infra)
		if i == 0 {
			err = command.CatchUpAll(t.Context(), infra.log, services.folds...)
		} else {
			err = services.snapshots.Restore(t.Context(), services.folds...)
		}
		if err := errors.Join(err, services.snapshots.Write(t.Context(), services.folds...)); err != nil {
			t.Fatal(err)
		}
		if files[i], err = valuesIn(dir); err != nil {
			t.Fatal(err)
		}
	}
	if len(files[0]) != 8 {
		t.Errorf("%d boundaries are written down", len(files[0]))
	}
	for name, want := range files[0] {
		if !bytes.Equal(files[1][name], want) {
			t.Errorf("%s comes to something else", name)
		}
	}
	if n := len(files[0]["placement"]); n < 2000 {
		t.Errorf("placement takes %d bytes", n)
	}
}

// valuesIn reads the snapshots in a directory, each without its header and checksum.
// The header differs between two snapshots of the same state.
func valuesIn(dir string) (map[string][]byte, error) {
	all := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		all[e.Name()] = b[24 : len(b)-8]
	}
	return all, err
}

// elapsed is time that has passed on the clock, and on the processors for this process.
type elapsed struct{ clock, processor time.Duration }

var started = time.Now()

func measureTime() elapsed {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return elapsed{}
	}
	return elapsed{time.Since(started), time.Duration(u.Utime.Nano() + u.Stime.Nano())}
}

func (u elapsed) after(v elapsed) elapsed {
	return elapsed{u.clock - v.clock, u.processor - v.processor}
}

func heapBytes() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
