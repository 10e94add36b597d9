package postgres

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/pgtest"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/readmodel/storetest"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/projections/vacancy"
)

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) readmodel.Store { return open(t) })
}

// Goal: a URL that cannot be opened gives an error, without the password in it.
// Method: several kinds of bad URLs are opened.
func TestOpenFails(t *testing.T) {
	for _, url := range []string{
		"postgres://muster:geheim@127.0.0.1:1/none", "postgres://muster:geheim@127.0.0.1:x/none",
		"postgres://muster:geheim@[::1/none", "postgres://muster:geheim@127.0.0.1/none?sslmode=never",
		"postgres://muster:geheim%@127.0.0.1/none",
	} {
		if _, err := Open(t.Context(), url); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := Open(t.Context(), "postgres://muster:geheim@127.0.0.1:1/none"); !errors.Is(err, readmodel.ErrUnavailable) {
		t.Errorf("a server that is not there: %v", err)
	}
}

// Goal: a log gives the same rows in both stores.
// Method: one log is built in each; hashes must be equal and a comparison find nothing.
func TestSameRowsAsSQLite(t *testing.T) {
	l := storetest.Programme(t, 60)
	here := readmodel.NewDir(open(t))
	defer here.Close()
	there, err := sqlite.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	storetest.Same(t, storetest.Build(t, here, l, "gen-000001", log.Position{}), storetest.Build(t, there, l, "gen-000001", log.Position{}))
}

// Goal: every query of a Reader finds its rows by index, except that of progress,
// which has one row.
// Method: the server is asked for its plans with sequential scans discouraged, so a
// plan has one only if there is no other way.
func TestQueriesUseIndexes(t *testing.T) {
	s := open(t)
	url := s.config.ConnString()
	asked := storetest.RecordQueries(t, s)
	if len(asked) < 20 {
		t.Errorf("only %d queries: %v", len(asked), asked)
	}
	s, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn, err := s.openForWriting(t.Context(), "gen-000001", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.conn.Exec(t.Context(), `SET enable_seqscan = off`); err != nil {
		t.Fatal(err)
	}
	for _, q := range append(asked, storetest.Query{SQL: `DELETE FROM ` + vacancy.ViewName + ` WHERE last = ?`, Args: []any{1}}) {
		var plan []byte
		if err := conn.conn.QueryRow(t.Context(), "EXPLAIN (FORMAT JSON) "+numberArguments(q.SQL), q.Args...).Scan(&plan); err != nil {
			t.Fatalf("%s: %v", q.SQL, err)
		}
		if scans := sequential(t, plan); len(scans) > 0 && strings.Join(scans, " ") != "progress" {
			t.Errorf("%s\n\tscans %v:\n%s", q.SQL, scans, plan)
		}
	}
}

// sequential returns the tables that a plan reads from end to end.
func sequential(t *testing.T, plan []byte) (tables []string) {
	type node struct {
		Type  string `json:"Node Type"`
		Table string `json:"Relation Name"`
		Plans []json.RawMessage
	}
	var visit func(json.RawMessage)
	visit = func(raw json.RawMessage) {
		var n node
		if err := json.Unmarshal(raw, &n); err != nil {
			t.Fatal(err)
		}
		if n.Type == "Seq Scan" {
			tables = append(tables, n.Table)
		}
		for _, p := range n.Plans {
			visit(p)
		}
	}
	var top []struct{ Plan json.RawMessage }
	if err := json.Unmarshal(plan, &top); err != nil {
		t.Fatal(err)
	}
	for _, p := range top {
		visit(p.Plan)
	}
	return tables
}

// BenchmarkBuild builds one log in bulk into PostgreSQL, which flushes as a
// deployment's does, and into SQLite, in turn. of-sqlite is the rate of the one
// by that of the other.
func BenchmarkBuild(b *testing.B) {
	const posts = 2000
	l := storetest.Programme(b, posts)
	url := pgtest.Start(b)
	var here, there time.Duration
	n := 0
	build := func(s readmodel.Store) (took time.Duration) {
		d := readmodel.NewDir(s)
		defer d.Close()
		n++
		name := fmt.Sprintf("gen-%06d", n)
		begun := time.Now()
		if _, err := runner.Build(b.Context(), l, d, name, projections.Views(), log.Position{}, runner.Options{}); err != nil {
			b.Fatal(err)
		}
		took = time.Since(begun)
		if err := d.Remove(b.Context(), name); err != nil {
			b.Fatal(err)
		}
		return took
	}
	for b.Loop() {
		p, err := Open(b.Context(), url)
		if err != nil {
			b.Fatal(err)
		}
		here += build(p)
		s, err := sqlite.Open(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		there += build(s)
	}
	b.ReportMetric(there.Seconds()/here.Seconds(), "of-sqlite")
	b.ReportMetric(0, "ns/op")
}
