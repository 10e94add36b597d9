package runner_test

import (
	"database/sql"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/projections/timeline"
)

// BenchmarkRestart measures how long a runner takes from its start until it
// shows the head of a log of a year, from packed rows, and what it keeps in
// memory then: on the heap, a person in the books, and resident of the whole
// process, the log's server included. 194,000 posts of five seats are 1.2 million
// persons in a year (MUSTER_BENCH_POSTS).
func BenchmarkRestart(b *testing.B) {
	l, _ := embeddedLog(b, benchPosts(b))
	path := b.TempDir()
	dir, err := sqlite.OpenDir(path)
	if err != nil {
		b.Fatal(err)
	}
	defer dir.Close()
	if _, err := runner.Build(b.Context(), l, dir, "gen-000001", projections.Views(), log.Position{}, runner.Options{}); err != nil {
		b.Fatal(err)
	}
	if err := dir.Switch(b.Context(), "gen-000001"); err != nil {
		b.Fatal(err)
	}
	persons := personsIn(b, path+"/gen-000001.db")
	debug.FreeOSMemory()
	empty := heap()
	var held, resident int64
	for b.Loop() {
		run := start(l, dir, runner.Options{})
		if err := run.Wait(b.Context(), head(b, l)); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		held, resident = heap()-empty, residentBytes(b)
		run.stop(b)
		run = running{} // lets go of its memory, which is measured next
		runtime.KeepAlive(&run)
		debug.FreeOSMemory()
		b.StartTimer()
	}
	b.ReportMetric(float64(persons), "persons")
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "restart-ms")
	b.ReportMetric(float64(held)/float64(persons), "heap-B/person")
	b.ReportMetric(float64(resident)/(1<<20), "resident-MiB")
}

func personsIn(b *testing.B, file string) (n int) {
	db, err := sql.Open("sqlite", file)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(b.Context(), `SELECT ids FROM person`)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var ids sql.RawBytes
		err := rows.Scan(&ids)
		if err == nil {
			err = timeline.ReadPseudonyms(ids, func(timeline.Ref, [16]byte) { n++ })
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return n
}

// heap is what is in use of the heap.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// residentBytes is what Linux counts as resident of the process.
func residentBytes(b *testing.B) int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip("no /proc here")
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return kb << 10
		}
	}
	b.Fatal("no VmRSS")
	return 0
}
