package runner_test

import (
	"encoding/json"
	"runtime"
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
// tables, analysed and in its cache, and may use both cores: as events, a row a
// fact with the event's attributes and the line in jsonb; and flat, with county
// and type in columns of their own. Loading them is not counted. Each operation
// is a rebuild followed by both queries.
func BenchmarkGroupBy(b *testing.B) {
	l, facts := embeddedLog(b, benchPosts(b))
	conn, err := pgx.Connect(b.Context(), pgtest.Start(b, "shared_buffers=1GB", "work_mem=64MB", "max_wal_size=8GB"))
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context())
	if n := copyFacts(b, conn, l); n != facts {
		b.Fatalf("%d facts copied, the log has %d", n, facts)
	}
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

// copyFacts fills both tables, and returns the number of rows of each.
func copyFacts(b *testing.B, conn *pgx.Conn, l log.Log) (n int) {
	exec := func(query string) {
		if _, err := conn.Exec(b.Context(), query); err != nil {
			b.Fatal(err)
		}
	}
	exec(`CREATE TABLE event (body jsonb NOT NULL)`)
	exec(`CREATE TABLE fact (county text NOT NULL, type text NOT NULL, post text, person text, month text, amount bigint)`)
	for c, err := range l.Read(b.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			b.Fatal(err)
		}
		var bodies, facts [][]any
		for _, raw := range c.Events {
			for _, f := range factsOf(b, raw) {
				bodies = append(bodies, []any{f.body})
				facts = append(facts, f.columns)
			}
		}
		for table, rows := range map[string][][]any{"event": bodies, "fact": facts} {
			columns := []string{"body"}
			if table == "fact" {
				columns = []string{"county", "type", "post", "person", "month", "amount"}
			}
			if _, err := conn.CopyFrom(b.Context(), pgx.Identifier{table}, columns, pgx.CopyFromRows(rows)); err != nil {
				b.Fatal(err)
			}
		}
		n += len(bodies)
	}
	exec(`VACUUM ANALYZE event`)
	exec(`VACUUM ANALYZE fact`)
	exec(`CHECKPOINT`) // so that nothing of the loading is written later
	return n
}

type flatFact struct {
	body    []byte
	columns []any
}

// factsOf returns the facts of a record: of each line, the attributes with the
// line in place of all lines.
func factsOf(b *testing.B, raw []byte) (all []flatFact) {
	var event, data map[string]json.RawMessage
	if err := json.Unmarshal(raw, &event); err != nil {
		b.Fatal(err)
	}
	if err := json.Unmarshal(event["data"], &data); err != nil {
		b.Fatal(err)
	}
	whole := event["data"]
	lines := []json.RawMessage{whole}
	if data["lines"] != nil {
		lines = nil
		if err := json.Unmarshal(data["lines"], &lines); err != nil {
			b.Fatal(err)
		}
	}
	e, err := events.Decode(raw)
	if err != nil {
		b.Fatal(err)
	}
	type columns struct {
		Post, Person, Month string
		Amount              int64
	}
	var ofAll columns
	if err := json.Unmarshal(whole, &ofAll); err != nil {
		b.Fatal(err)
	}
	for _, line := range lines {
		l := ofAll
		if err := json.Unmarshal(line, &l); err != nil {
			b.Fatal(err)
		}
		event["data"] = line
		body, err := json.Marshal(event)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, flatFact{body, []any{string(e.Division[:6]), string(e.Type), l.Post, l.Person, l.Month, l.Amount}})
	}
	return all
}
