package postgres

import (
	"fmt"
	"strings"

	"github.com/muster-works/muster/projections/readmodel"
)

// createTable returns the statements that make a table. Its key is made now only if
// rows are found by key during a bulk load, else when the load ends.
func createTable(t readmodel.Table) []string {
	// Text is compared byte by byte, whatever the collation of the database.
	types := map[readmodel.ColumnType]string{readmodel.Integer: "bigint", readmodel.Text: `text COLLATE "C"`, readmodel.Bytes: "bytea"}
	var columns []string
	for _, c := range t.Columns {
		null := " NOT NULL"
		if c.Null {
			null = ""
		}
		columns = append(columns, fmt.Sprintf("%s %s%s", c.Name, types[c.Type], null))
	}
	if t.KeyedInLoad {
		columns = append(columns, "PRIMARY KEY ("+strings.Join(t.Key, ", ")+")")
	}
	return []string{
		fmt.Sprintf("CREATE TABLE %s (%s)", t.Name, strings.Join(columns, ", ")),
		fmt.Sprintf("COMMENT ON TABLE %s IS '%s'", t.Name, strings.ReplaceAll(t.About, "'", "''")),
	}
}

// createIndexes returns the statements that make what createTable left out, and the
// indexes, and that collect the statistics of the planner.
func createIndexes(t readmodel.Table) (all []string) {
	if !t.KeyedInLoad {
		all = append(all, fmt.Sprintf("ALTER TABLE %s ADD PRIMARY KEY (%s)", t.Name, strings.Join(t.Key, ", ")))
	}
	for _, i := range t.Indexes {
		all = append(all, t.CreateIndex(i))
	}
	return append(all, "ANALYZE "+t.Name)
}
