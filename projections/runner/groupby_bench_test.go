package runner_test

import (
	"context"
	"encoding/json"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/pgtest"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/runner"
)

// BenchmarkGroupBy measures a full rebuild, embedded log to every view to
// SQLite, against one aggregate over the same facts in PostgreSQL, in facts a
// second: a count by county and type of event. PostgreSQL has the facts in two
// tables, analysed and as far as they fit in memory, and may use both cores: as
// events, a row a fact with the event's attributes and the line in jsonb (half a
// kilobyte: those of a province fit in no cache of less than 21 GB); and flat, with
// county and type in columns of their own. Loading them is not counted. Each operation
// is a rebuild followed by both queries.
func BenchmarkGroupBy(b *testing.B) {
	l, facts := embeddedLog(b, benchPosts(b))
	url := pgtest.Start(b, "shared_buffers=1GB", "work_mem=64MB", "max_wal_size=8GB")
	if n := copyFacts(b, url, l); n != facts {
		b.Fatalf("%d facts copied, the log has %d", n, facts)
	}
	conn := connect(b, url)
	group := func(query string) time.Duration {
		start := time.Now()
		rows, err := conn.Query(b.Context(), query)
		if err != nil {
			b.Fatal(err)
		}
		total := 0
		for rows.Next() {
			var county, kind string
			var n int
			if err := rows.Scan(&county, &kind, &n); err != nil {
				b.Fatal(err)
			}
			total += n
		}
		if rows.Err() != nil || total != facts {
			b.Fatalf("%d facts counted of %d: %v", total, facts, rows.Err())
		}
		return time.Since(start)
	}
	const (
		ofEvents = `SELECT left(body->>'division', 6), body->>'type', count(*) FROM event GROUP BY 1, 2`
		ofFacts  = `SELECT county, type, count(*) FROM fact GROUP BY 1, 2`
	)
	group(ofEvents)
	group(ofFacts)
	var built, jsonb, flat time.Duration
	for b.Loop() {
		dir, err := sqlite.OpenDir(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC() // what was done before is not collected at its expense
		start := time.Now()
		if _, err := runner.Build(b.Context(), l, dir, "gen-000001", projections.Views(), log.Position{}, runner.Options{}); err != nil {
			b.Fatal(err)
		}
		built += time.Since(start)
		dir.Close()
		jsonb += group(ofEvents)
		flat += group(ofFacts)
	}
	rate := func(d time.Duration) float64 { return float64(facts) * float64(b.N) / d.Seconds() }
	b.ReportMetric(rate(built), "facts/s")
	b.ReportMetric(rate(built)/rate(jsonb), "÷GROUP-BY-of-jsonb")
	b.ReportMetric(rate(built)/rate(flat), "÷GROUP-BY-of-columns")
}

// copyFacts fills both tables, over a connection for each processor, and returns the
// number of rows of each.
func copyFacts(b *testing.B, url string, l log.Log) int {
	conn := connect(b, url)
	exec := func(query string) {
		if _, err := conn.Exec(b.Context(), query); err != nil {
			b.Fatal(err)
		}
	}
	exec(`CREATE TABLE event (body jsonb NOT NULL)`)
	exec(`CREATE TABLE fact (county text NOT NULL, type text NOT NULL, post text, person text, month text, amount bigint)`)
	commits := make(chan [][]byte)
	var rows atomic.Int64
	var copying sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		conn := connect(b, url)
		copying.Go(func() {
			for c := range commits {
				n, err := copyCommit(b, conn, c)
				if err != nil {
					b.Error(err)
				}
				rows.Add(int64(n))
			}
		})
	}
	for c, err := range l.Read(b.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			b.Error(err)
			break
		}
		commits <- c.Events
	}
	close(commits)
	copying.Wait()
	exec(`VACUUM ANALYZE event`)
	exec(`VACUUM ANALYZE fact`)
	exec(`CHECKPOINT`) // so that nothing of the loading is written later
	return int(rows.Load())
}

func connect(b *testing.B, url string) *pgx.Conn {
	conn, err := pgx.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// copyCommit fills both tables with the facts of a commit, and returns how many they
// are.
func copyCommit(b *testing.B, conn *pgx.Conn, records [][]byte) (int, error) {
	var bodies, facts [][]any
	for _, raw := range records {
		of, err := factsOf(raw)
		if err != nil {
			return 0, err
		}
		for _, f := range of {
			bodies = append(bodies, []any{f.body})
			facts = append(facts, f.columns)
		}
	}
	if _, err := conn.CopyFrom(b.Context(), pgx.Identifier{"event"}, []string{"body"}, pgx.CopyFromRows(bodies)); err != nil {
		return 0, err
	}
	_, err := conn.CopyFrom(b.Context(), pgx.Identifier{"fact"}, []string{"county", "type", "post", "person", "month", "amount"}, pgx.CopyFromRows(facts))
	return len(bodies), err
}

type flatFact struct {
	body    []byte
	columns []any
}

// factsOf returns the facts of a record: of each line, the attributes with the
// line in place of all lines.
func factsOf(raw []byte) (all []flatFact, err error) {
	var event, data map[string]json.RawMessage
	if err := json.Unmarshal(raw, &event); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(event["data"], &data); err != nil {
		return nil, err
	}
	whole := event["data"]
	lines := []json.RawMessage{whole}
	if data["lines"] != nil {
		lines = nil
		if err := json.Unmarshal(data["lines"], &lines); err != nil {
			return nil, err
		}
	}
	e, err := events.Decode(raw)
	if err != nil {
		return nil, err
	}
	type columns struct {
		Post, Person, Month string
		Amount              int64
	}
	var ofAll columns
	if err := json.Unmarshal(whole, &ofAll); err != nil {
		return nil, err
	}
	for _, line := range lines {
		l := ofAll
		if err := json.Unmarshal(line, &l); err != nil {
			return nil, err
		}
		event["data"] = line
		body, err := json.Marshal(event)
		if err != nil {
			return nil, err
		}
		all = append(all, flatFact{body, []any{string(e.Division[:6]), string(e.Type), l.Post, l.Person, l.Month, l.Amount}})
	}
	return all, nil
}
