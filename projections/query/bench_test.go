package query_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/division/editions"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/headcount"
	"github.com/muster-works/muster/projections/internal/synthetic"
	"github.com/muster-works/muster/projections/pgtest"
	"github.com/muster-works/muster/projections/query"
	"github.com/muster-works/muster/projections/query/money"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/readmodel/postgres"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/vacancy"
	"github.com/muster-works/muster/projections/view"
)

// The province of the benchmark: 1.3 M placements of a year on seats of 100,000
// posts, each ended and filled again later, so 2.6 M rows of headcount in some
// half a million cells and 2.6 M spans of vacancy. It is written into the read
// model as the projector would have written it.
const (
	benchPosts      = 100_000
	benchPlacements = 1_300_000
	benchCommits    = 20_000
)

var benchFirst = civil.MustDate("2022-01-01")

// A benchRow is one row of headcount.
type benchRow struct {
	ord  uint64
	cell int64
	date civil.Date
	n    int
}

// A benchSpan is a span before it has a number; one that is still known has no until.
type benchSpan struct {
	packing.SpanChange
	from, until uint64
}

// leaves packs what each commit brings, by ordinal.
func leaves[T any](byCommit [][]T, pack func([]byte, []T) []byte) (all []readmodel.LeafRow) {
	var leaf timeline.Leaf
	flush := func() {
		if leaf.Len() > 0 {
			all = append(all, readmodel.LeafRow{Last: leaf.Last(), Bytes: leaf.Bytes()})
		}
		leaf = timeline.Leaf{}
	}
	for ord, rows := range byCommit {
		if len(rows) > 0 {
			leaf.AddRows(uint64(ord), pack(nil, rows))
		}
		if leaf.Len() > 256<<10 {
			flush()
		}
	}
	flush()
	return all
}

type benchProvince struct {
	rows   []benchRow // of headcount, in log order
	b      *testing.B
	r      *rand.Rand
	cells  map[view.Cell]int64
	listed []view.Cell
}

func (p *benchProvince) cell(c view.Cell) int64 {
	id, ok := p.cells[c]
	if !ok {
		id = int64(len(p.cells) + 1)
		p.cells[c] = id
		p.listed = append(p.listed, c)
	}
	return id
}

// write makes a generation of the province.
func (p *benchProvince) write(dir *readmodel.Dir, table *division.Table) {
	b, ctx := p.b, p.b.Context()
	var villages []division.Code
	for c := range table.Under("") {
		if c.Level() == division.Village {
			villages = append(villages, c)
		}
	}
	pick := func(of ...string) string { return of[p.r.IntN(len(of))] }
	batch := &readmodel.Batch{}
	for i := range benchCommits {
		batch.Commits = append(batch.Commits, readmodel.CommitRow{Commit: readmodel.Commit{
			Ord: uint64(i + 1), Position: log.At(uint64(i+1), 0), ID: fmt.Sprint("c-", i), Recorded: benchMoment(i)}, Keys: []byte{}, Subjects: []byte{}})
	}
	at := make([]view.Cell, benchPosts+1)
	for no := 1; no <= benchPosts; no++ {
		at[no] = view.Cell{view.Division: string(villages[p.r.IntN(len(villages))]), view.Category: pick("facility_maintenance", "public_service", "public_management", "social_governance", "social_undertaking"),
			view.Kind: fmt.Sprint("kind ", p.r.IntN(30)), view.Area: pick("rural", "rural", "rural", "rural", "rural", "urban")}
		batch.Posts = append(batch.Posts, readmodel.PostRow{No: timeline.Number(no), Name: fmt.Sprint("post-", no), Division: at[no].DivisionCode(), Facts: []byte{}})
	}
	var rows []benchRow
	var spans []benchSpan
	known := func(on civil.Date) uint64 { // reported some days later, late now and then
		late := p.r.IntN(5)
		if p.r.IntN(20) == 0 {
			late = p.r.IntN(120)
		}
		return uint64(min(benchCommits-1, max(1, (int(on-benchFirst)+late)*benchCommits/500+p.r.IntN(40))))
	}
	for i := range benchPlacements {
		no := 1 + p.r.IntN(benchPosts)
		c := at[no]
		seat := c
		c[view.Group], c[view.Sex] = pick("older", "older", "out_of_poverty", "low_income", "disabled"), pick("F", "M")
		cell := p.cell(c)
		from := benchFirst + civil.Date(p.r.IntN(365))
		until := from + civil.Date(1+p.r.IntN(300))
		hired, left := known(from), known(until)
		rows = append(rows, benchRow{hired, cell, from, 1}, benchRow{max(hired, left), cell, until, -1})
		seat[view.Reason] = fmt.Sprint("N", 1+p.r.IntN(5))
		filled := until + civil.Date(1+p.r.IntN(40))
		open := benchSpan{from: max(hired, left)}
		open.SpanChange = packing.SpanChange{Post: timeline.Number(no), Seat: i, Cell: p.cell(seat), Since: until, Until: packing.OpenEnd}
		if again := open.from + uint64(p.r.IntN(4000)); again < benchCommits {
			closed := open
			closed.Until, closed.Filled, closed.from = filled, true, again
			open.until = again
			spans = append(spans, closed)
		}
		if open.until == 0 || open.from < open.until {
			spans = append(spans, open)
		}
	}
	slices.SortFunc(rows, func(a, b benchRow) int { return cmp.Compare(a.ord, b.ord) })
	slices.SortFunc(spans, func(a, b benchSpan) int { return cmp.Compare(a.from, b.from) })
	p.rows = rows
	differences := make([][]packing.Delta, benchCommits+1)
	for _, r := range rows {
		differences[r.ord] = append(differences[r.ord], packing.Delta{Cell: r.cell, Date: r.date, N: r.n})
	}
	filled := make([][]packing.Delta, benchCommits+1)
	changes := make([][]packing.SpanChange, benchCommits+1)
	for i, s := range spans {
		changes[s.from] = append(changes[s.from], s.SpanChange)
		if s.until != 0 {
			changes[s.until] = append(changes[s.until], packing.SpanChange{Ends: int64(i + 1)})
		}
		if s.Filled {
			filled[s.from] = append(filled[s.from], packing.Delta{Cell: s.Cell, Date: s.Until, Measure: int(s.Until - s.Since), N: 1})
		}
	}
	batch.Leaves = map[string][]readmodel.LeafRow{
		headcount.ViewName:     leaves(differences, packing.AppendDeltas),
		vacancy.FilledViewName: leaves(filled, packing.AppendDeltas),
		vacancy.ViewName:       leaves(changes, packing.AppendSpans),
		readmodel.CellTable:    leaves([][]view.Cell{1: p.listed}, packing.AppendCells),
	}
	w, err := dir.Create(ctx, "gen-000001", projections.Views())
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Write(ctx, batch); err != nil {
		b.Fatal(err)
	}
	if err := w.Finish(ctx); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	if err := dir.Switch(ctx, "gen-000001"); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d rows, %d cells, %d spans", len(rows), len(p.listed), len(spans))
}

func benchMoment(i int) time.Time {
	return benchFirst.Start(shanghai).Add(time.Duration(i) * (500 * 24 * time.Hour / benchCommits))
}

// pass returns how long one pass over the rows of headcount takes that adds them up by
// county. An answer without prefix sums would begin with such a pass.
func (p *benchProvince) pass() time.Duration {
	county := make([]int32, len(p.listed)+1)
	numbers := map[division.Code]int32{}
	for i, c := range p.listed {
		at := c.DivisionCode().At(division.County)
		if _, ok := numbers[at]; !ok {
			numbers[at] = int32(len(numbers))
		}
		county[i+1] = numbers[at]
	}
	var took []time.Duration
	for i := range 11 {
		sums := make([]int, len(numbers))
		known, asOf := uint64(benchCommits-i), benchFirst+civil.Date(450-i)
		start := time.Now()
		for i := range p.rows {
			if r := &p.rows[i]; r.ord <= known && r.date <= asOf {
				sums[county[r.cell]] += r.n
			}
		}
		took = append(took, time.Since(start))
	}
	return slices.Sorted(slices.Values(took))[len(took)/2]
}

// BenchmarkProvince measures answers of the HTTP handler at 1.2 M persons, from the
// request to the last byte of the answer. Each answer has another business date, another
// moment and other dimensions. It runs on a read model in SQLite and on one in PostgreSQL.
//
//   - p99-ms is what the goal is set for: 50 ms.
//   - p99-cpu-ms is the processor time of the thread that answers, which does not depend
//     on what else the machine does.
//   - ÷pass is the median ÷ the time of one pass over the rows of headcount in the same run.
//   - rows is how many rows an answer has.
func BenchmarkProvince(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		dir, err := sqlite.OpenDir(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		benchmarkProvince(b, dir)
	})
	b.Run("postgres", func(b *testing.B) {
		dir, err := postgres.OpenDir(b.Context(), pgtest.Start(b, "max_wal_size=8GB"))
		if err != nil {
			b.Fatal(err)
		}
		benchmarkProvince(b, dir)
	})
}

func benchmarkProvince(b *testing.B, dir *readmodel.Dir) {
	defer dir.Close()
	table, err := division.Shandong()
	if err != nil {
		b.Fatal(err)
	}
	p := &benchProvince{b: b, r: rand.New(rand.NewPCG(1, 1)), cells: map[view.Cell]int64{}}
	p.write(dir, table)
	pass := p.pass()
	p.rows, p.cells, p.listed = nil, nil, nil
	before := heap()
	handler := query.New(query.Options{Model: dir, Log: memlog.New(), Editions: editions.Fixed(table), Zone: shanghai, Now: func() time.Time { return now }}).Handler()
	get := func(b *testing.B, url string) string {
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, httptest.NewRequest("GET", url, nil))
		if rec.Code != http.StatusOK {
			b.Fatalf("%s: %d %s", url, rec.Code, rec.Body)
		}
		return rec.Body.String()
	}
	first := func(url string) time.Duration {
		start := time.Now()
		get(b, url)
		return time.Since(start).Round(time.Millisecond)
	}
	b.Logf("one pass %v; first answer: headcount %v, vacancies %v", pass, first("/v1/headcount"), first("/v1/vacancies"))
	b.Logf("%d MB in memory", (heap()-before)>>20)

	clocks := func() url.Values {
		return url.Values{
			"as_of":    {(benchFirst + civil.Date(p.r.IntN(450))).String()},
			"known_at": {benchMoment(p.r.IntN(benchCommits)).Format(time.RFC3339)},
		}
	}
	levels := []string{"division:prefecture", "division:county", "division:township"}
	others := []string{"category", "kind", "group", "area", "sex"}
	for _, c := range []struct {
		name string
		url  func() string
	}{
		{"headcount", func() string { // of the province by up to two dimensions
			v := clocks()
			by := append(slices.Clone(others), levels[p.r.IntN(3)])
			p.r.Shuffle(len(by), func(i, j int) { by[i], by[j] = by[j], by[i] })
			v.Set("by", strings.Join(by[:p.r.IntN(3)], ","))
			return "/v1/headcount?" + v.Encode()
		}},
		{"headcount-wide", func() string { // of the province by county and any others
			v := clocks()
			p.r.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
			v.Set("by", strings.Join(append([]string{"division:county"}, others[:2+p.r.IntN(4)]...), ","))
			return "/v1/headcount?" + v.Encode()
		}},
		{"headcount-county", func() string { // of a county by everything
			v := clocks()
			v.Set("division", fmt.Sprintf("3702%02d", 2+p.r.IntN(2)))
			v.Set("by", "division:township,"+strings.Join(others, ","))
			return "/v1/headcount?" + v.Encode()
		}},
		{"headcount-townships", func() string { // of the province
			v := clocks()
			v.Set("by", "division:township")
			return "/v1/headcount?" + v.Encode()
		}},
		{"series-year", func() string {
			from := benchFirst + civil.Date(p.r.IntN(100))
			return fmt.Sprintf("/v1/headcount/series?from=%v&to=%v&by=division:prefecture&known_at=%v", from, from+364, clocks().Get("known_at")[:10])
		}},
		{"series-month", func() string {
			from := benchFirst + civil.Date(p.r.IntN(400))
			return fmt.Sprintf("/v1/headcount/series?from=%v&to=%v&by=division:prefecture", from, from+30)
		}},
		{"plan", func() string { return "/v1/plan?" + clocks().Encode() }},
		{"vacancies", func() string { return "/v1/vacancies?" + clocks().Encode() }},
		{"vacancies-county", func() string { return "/v1/vacancies?division=370202&" + clocks().Encode() }},
	} {
		b.Run(c.name, func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			var took, worked []time.Duration
			rows := 0
			for b.Loop() {
				u := c.url()
				start, idle := time.Now(), processorTime(b)
				body := get(b, u)
				took, worked = append(took, time.Since(start)), append(worked, processorTime(b)-idle)
				rows += strings.Count(body, "{") - 3
			}
			slices.Sort(took)
			slices.Sort(worked)
			at := func(of []time.Duration, q float64) float64 { return of[int(q*float64(len(of)-1))].Seconds() * 1000 }
			b.ReportMetric(at(took, 0.5), "p50-ms")
			b.ReportMetric(at(took, 0.99), "p99-ms")
			b.ReportMetric(at(worked, 0.99), "p99-cpu-ms")
			b.ReportMetric(at(took, 0.5)/(pass.Seconds()*1000), "÷pass")
			b.ReportMetric(float64(rows)/float64(b.N), "rows")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// processorTime returns how much processor time this thread has had.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// heap is how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkPayroll measures payrolls at 20,000 persons in twenty counties, with a year of
// sheets and runs.
//
//   - first is the first page of the payroll of everyone, in a month that was not asked for
//     before.
//   - any is the first page of a month that was, at another business date and moment each
//     time.
//   - county is the payroll of a county, in another month each time.
//   - funds are the balances of all funds; first-s is the first answer.
func BenchmarkPayroll(b *testing.B) {
	l := memlog.New()
	if _, err := synthetic.Fill(b.Context(), l, synthetic.Size{Posts: 4000, Months: 12, Counties: 20, Seed: 1}); err != nil {
		b.Fatal(err)
	}
	dir, err := sqlite.OpenDir(b.TempDir())
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
	w := &world{t: b, handler: query.New(query.Options{Model: dir, Log: l, Zone: shanghai, Now: func() time.Time { return now }}).Handler()}
	month, r := 0, rand.New(rand.NewPCG(1, 1))
	next := func() string { month++; return fmt.Sprintf("month=2022-%02d", 1+month%12) }
	clocks := func() string {
		return fmt.Sprintf("&as_of=%v&known_at=%v", benchFirst+civil.Date(120+r.IntN(300)), benchFirst+civil.Date(120+r.IntN(300)))
	}
	for _, c := range []struct {
		name   string
		params func() string
	}{
		{"first", next},
		{"any", func() string { return "month=2022-05" + clocks() }},
		{"county", func() string { return "division=370105&" + next() + clocks() }},
	} {
		b.Run(c.name, func(b *testing.B) {
			ask[money.Payroll](w, "/v1/payroll?month=2022-05")
			var took []time.Duration
			rows := 0
			for b.Loop() {
				u := "/v1/payroll?limit=100&" + c.params()
				start := time.Now()
				rec := w.get(u, "application/json")
				took = append(took, time.Since(start))
				if rec.Code != http.StatusOK {
					b.Fatalf("%s: %s", u, rec.Body)
				}
				_, total, _ := strings.Cut(rec.Body.String(), `"total":`)
				n := 0
				fmt.Sscan(total, &n)
				rows += n
			}
			slices.Sort(took)
			at := func(q float64) float64 { return took[int(q*float64(len(took)-1))].Seconds() * 1000 }
			b.ReportMetric(at(0.5), "p50-ms")
			b.ReportMetric(at(0.99), "p99-ms")
			b.ReportMetric(at(0.5)*1e6/(float64(rows)/float64(b.N)), "ns/line")
			b.ReportMetric(0, "ns/op")
		})
	}
	b.Run("funds", func(b *testing.B) {
		start := time.Now()
		ask[money.Funds](w, "/v1/funds")
		first := time.Since(start)
		for b.Loop() {
			ask[money.Funds](w, "/v1/funds")
		}
		b.ReportMetric(first.Seconds(), "first-s")
	})
}
