package sqlite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-works/muster/projections/readmodel"
)

// createTable returns the statement that makes a table. SQLite keeps what stands
// between the brackets, so the file describes itself.
func createTable(t readmodel.Table) string {
	types := map[readmodel.ColumnType]string{readmodel.Integer: "INTEGER", readmodel.Text: "TEXT", readmodel.Bytes: "BLOB"}
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s ( -- %s\n", t.Name, t.About)
	for _, c := range t.Columns {
		null := " NOT NULL"
		if c.Null {
			null = ""
		}
		fmt.Fprintf(&b, "  %s %s%s,\n", c.Name, types[c.Type], null)
	}
	fmt.Fprintf(&b, "  PRIMARY KEY (%s))%s", strings.Join(t.Key, ", "), rowidClause(t))
	return b.String()
}

// rowidClause says how a table is kept: by SQLite's own number where the key is one, or
// where rows are long, since in a tree by another key each step of a search reads
// whole rows; else by the key.
func rowidClause(t readmodel.Table) string {
	for _, c := range t.Columns {
		if len(t.Key) == 1 && c.Name == t.Key[0] && c.Type == readmodel.Integer {
			return ""
		}
	}
	if last := t.Columns[len(t.Columns)-1]; last.Type == readmodel.Bytes && !slices.Contains(t.Key, last.Name) {
		return ""
	}
	return " WITHOUT ROWID"
}
