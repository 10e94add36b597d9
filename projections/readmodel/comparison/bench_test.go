package comparison_test

import (
	"context"
	"database/sql"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/internal/synthetic"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/comparison"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/readmodel/storetest"
)

// BenchmarkCompare compares two equal generations of a year of sheets and runs, and in
// turn reads every row and column of both files once. of-pass is the processor time of
// comparing divided by that of reading. rows/cpu-s are rows as Compare counts them,
// persons and rows of views included. MUSTER_BENCH_POSTS sets the size of the log in
// posts of five seats; without it there are 2,000.
func BenchmarkCompare(b *testing.B) {
	posts := 2000
	if s := os.Getenv("MUSTER_BENCH_POSTS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			b.Fatal(err)
		}
		posts = n
	}
	l := memlog.New()
	facts, err := synthetic.Fill(b.Context(), l, synthetic.Size{Posts: posts, Months: 12, Counties: 20, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	store, err := sqlite.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	dir := readmodel.NewDir(store)
	defer dir.Close()
	first := storetest.Build(b, dir, l, "gen-000001", log.Position{})
	second := storetest.Build(b, dir, l, "gen-000002", log.Position{})
	head, err := first.Meta(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var comparing, passing time.Duration
	took := func(d *time.Duration, do func()) {
		before := processorTime(b)
		do()
		*d += processorTime(b) - before
	}
	rows := 0
	for b.Loop() {
		took(&comparing, func() {
			tables, err := comparison.Compare(b.Context(), first, second, head.Ord, 5)
			if err != nil {
				b.Fatal(err)
			}
			for _, d := range tables {
				if !d.Same() {
					b.Fatalf("%+v", d)
				}
				rows += d.Rows
			}
		})
		took(&passing, func() {
			for _, name := range []string{"gen-000001", "gen-000002"} {
				pass(b, store, name)
			}
		})
	}
	b.ReportMetric(float64(facts), "facts")
	b.ReportMetric(float64(rows)/comparing.Seconds(), "rows/cpu-s")
	b.ReportMetric(comparing.Seconds()/passing.Seconds(), "of-pass")
}

// pass reads every row of a generation and does nothing with it.
func pass(b *testing.B, s readmodel.Store, name string) {
	ctx := context.WithoutCancel(b.Context())
	g, err := s.Open(ctx, name)
	if err != nil {
		b.Fatal(err)
	}
	defer g.Close()
	for _, t := range readmodel.Tables(projections.Views()) {
		var names []string
		var to []any
		for _, c := range t.Columns {
			names = append(names, c.Name)
			switch {
			case c.Null:
				to = append(to, new(any))
			case c.Type == readmodel.Integer:
				to = append(to, new(int64))
			default:
				to = append(to, new(sql.RawBytes))
			}
		}
		rows, err := g.Query(ctx, `SELECT `+strings.Join(names, ", ")+` FROM `+t.Name+` ORDER BY `+strings.Join(t.Key, ", "))
		if err != nil {
			b.Fatal(err)
		}
		for rows.Next() {
			if err := rows.Scan(to...); err != nil {
				b.Fatal(err)
			}
		}
		if err := rows.Err(); err != nil {
			b.Fatal(err)
		}
		if err := rows.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// processorTime is what the process took of all cores.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
