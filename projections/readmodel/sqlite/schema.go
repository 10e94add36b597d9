package sqlite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-works/muster/projections/readmodel"
)

// createTable returns the statement that makes a table. SQLite keeps the text of the
// statement, comment included, so the file describes itself.
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

// rowidClause returns the clause that says how SQLite keeps a table. By default it keeps
// rows in a tree by a number of its own, which is best if the key is one integer, or
// if rows are long: in a tree by another key each step of a search reads whole rows.
// All other tables are kept by their key.
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
