package sqlite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-works/muster/projections/readmodel"
)

// create returns the statement that makes a table. SQLite keeps what stands
// between the brackets, so the file describes itself.
func create(t readmodel.Table) string {
	kinds := map[readmodel.Kind]string{readmodel.Integer: "INTEGER", readmodel.Text: "TEXT", readmodel.Bytes: "BLOB"}
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s ( -- %s\n", t.Name, t.About)
	for _, c := range t.Columns {
		null := " NOT NULL"
		if c.Null {
			null = ""
		}
		fmt.Fprintf(&b, "  %s %s%s,\n", c.Name, kinds[c.Kind], null)
	}
	fmt.Fprintf(&b, "  PRIMARY KEY (%s))%s", strings.Join(t.Key, ", "), rowid(t))
	return b.String()
}

// rowid says how a table is kept: by SQLite's own number where the key is one, or
// where rows are long, since in a tree by another key each step of a search reads
// whole rows; else by the key.
func rowid(t readmodel.Table) string {
	for _, c := range t.Columns {
		if len(t.Key) == 1 && c.Name == t.Key[0] && c.Kind == readmodel.Integer {
			return ""
		}
	}
	if last := t.Columns[len(t.Columns)-1]; last.Kind == readmodel.Bytes && !slices.Contains(t.Key, last.Name) {
		return ""
	}
	return " WITHOUT ROWID"
}

// indexes returns the statements that make the indexes of a table.
func indexes(t readmodel.Table) (all []string) {
	for _, i := range t.Indexes {
		unique, where := "", ""
		if i.Unique {
			unique = "UNIQUE "
		}
		if i.Where != "" {
			where = " WHERE " + i.Where
		}
		all = append(all, fmt.Sprintf("CREATE %sINDEX %s ON %s (%s)%s", unique, i.Name, t.Name, strings.Join(i.Columns, ", "), where))
	}
	return all
}
