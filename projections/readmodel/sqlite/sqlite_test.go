package sqlite

import (
	"strings"
	"testing"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/storetest"
	"github.com/muster-works/muster/projections/vacancy"
)

func open1(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) readmodel.Store { return open1(t) })
}

// Goal: every query of a Reader finds its rows by index, except that of progress,
// which has one row.
// Method: SQLite is asked for its plans. There are no statistics, so the plans for
// few rows are those for many.
func TestQueriesUseIndexes(t *testing.T) {
	s := open1(t)
	asked := storetest.RecordQueries(t, s)
	if len(asked) < 20 {
		t.Errorf("only %d queries: %v", len(asked), asked)
	}
	g, err := s.Open(t.Context(), "gen-000001")
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	for _, q := range append(asked, storetest.Query{SQL: `DELETE FROM ` + vacancy.ViewName + ` WHERE last = ?`, Args: []any{1}}) {
		rows, err := g.Query(t.Context(), "EXPLAIN QUERY PLAN "+q.SQL, q.Args...)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(detail, "SCAN") && !strings.Contains(detail, "CONSTANT") && !strings.Contains(q.SQL, "FROM progress") {
				t.Errorf("%s\n\t%s", q.SQL, detail)
			}
		}
		rows.Close()
	}
}
