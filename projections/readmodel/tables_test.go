package readmodel

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

var update = flag.Bool("update", false, "write the golden file of a new schema version")

// Goal: the list of tables is sound in itself.
// Method: names stand once, keys and indexes are of columns, and every table says
// what a row says.
func TestTables(t *testing.T) {
	names := map[string]bool{}
	for _, table := range Tables(projections.Views()) {
		if names[table.Name] || table.About == "" {
			t.Errorf("%s stands twice, or does not say what a row says", table.Name)
		}
		names[table.Name] = true
		used := slices.Clone(table.Key)
		for _, i := range table.Indexes {
			used = append(used, i.Columns...)
		}
		for _, c := range used {
			if !slices.ContainsFunc(table.Columns, func(has Column) bool { return has.Name == c }) {
				t.Errorf("%s has a key or an index of %q, which is no column", table.Name, c)
			}
		}
		if len(table.Key) == 0 {
			t.Errorf("%s has no key", table.Name)
		}
	}
}

// rowsByStore are the tables whose rows the store itself writes: see FirstRows.
var rowsByStore = []string{"meta", "progress"}

// Goal: a new table, or a new kind of rows in a batch, cannot be left out of what
// is inserted.
// Method: a batch has one row of everything that a Batch can have. Each of its
// fields must be inserted into one table, and each table must get one row, with
// as many values as it has columns.
func TestEveryTableIsFilled(t *testing.T) {
	views := projections.Views()
	b, fields := oneOfEverything(views)
	filled := map[string]bool{}
	for i := range b.Inserts(views, false) {
		filled[i.Table.Name] = true
		if values := i.Row(nil, 0); i.Len != 1 || len(values) != len(i.Table.Columns) {
			t.Errorf("%s gets %d rows of %d values, has %d columns", i.Table.Name, i.Len, len(values), len(i.Table.Columns))
		}
	}
	for _, table := range Tables(views) {
		if byStore := slices.Contains(rowsByStore, table.Name); filled[table.Name] == byStore {
			t.Errorf("%s: a batch fills it is %v, the store fills it is %v", table.Name, filled[table.Name], byStore)
		}
	}
	if len(filled) != fields {
		t.Errorf("a batch has %d kinds of rows and fills %d tables", fields, len(filled))
	}
}

// oneOfEverything returns a batch with one row in each of its fields, and how many
// kinds of rows that are; leaves of each table are a kind.
func oneOfEverything(views []view.View) (b *Batch, kinds int) {
	b = &Batch{Leaves: map[string][]LeafRow{}}
	v := reflect.ValueOf(b).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice {
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
			kinds++
		}
	}
	for _, table := range Tables(views) {
		if _, _, ok := table.LeafColumns(); ok {
			b.Leaves[table.Name] = make([]LeafRow, 1)
			kinds++
		}
	}
	return b, kinds
}

// Goal: neither tables nor axes change without a new schema version.
// Method: tables, axes and the version of timelines are compared with the golden
// file of the version. A new version writes its file with -update; the file of an
// older version is frozen.
func TestSchemaVersion(t *testing.T) {
	var b strings.Builder
	for _, table := range Tables([]view.View{{Name: "VIEW"}, {Name: "SPANS", Spans: func(*timeline.Post, func(view.Span)) {}}}) {
		fmt.Fprintf(&b, "%s (%s)", table.Name, strings.Join(table.Key, ", "))
		for _, c := range table.Columns {
			fmt.Fprintf(&b, " %s:%s", c.Name, map[ColumnType]string{Integer: "integer", Text: "text", Bytes: "bytes"}[c.Type])
			if c.Null {
				b.WriteString("?")
			}
		}
		b.WriteByte('\n')
	}
	for a, info := range view.Axes {
		fmt.Fprintf(&b, "axis %d %s\n", a, info.Name)
	}
	file := fmt.Sprintf("testdata/schema-%d.txt", SchemaVersion)
	want, err := os.ReadFile(file)
	if os.IsNotExist(err) && *update {
		want, err = []byte(b.String()), os.WriteFile(file, []byte(b.String()), 0o644)
	}
	if err != nil {
		t.Fatalf("%v; run with -update to write the file of a new version", err)
	}
	if b.String() != string(want) {
		t.Errorf("other tables or axes than in %s: raise SchemaVersion, and run with -update.\ngot:\n%s", file, b.String())
	}
}

// Goal: FORMAT.md does not fall behind.
// Method: the page must have the versions of now, all axes in their order, and
// every table of leaves.
func TestFormatPage(t *testing.T) {
	page, err := os.ReadFile("../FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	var axes []string
	for _, info := range view.Axes {
		axes = append(axes, info.Name)
	}
	text := strings.Join(strings.Fields(string(page)), " ")
	want := []string{
		fmt.Sprintf("| `schema` | `SchemaVersion`, `readmodel/tables.go` | %d |", SchemaVersion),
		fmt.Sprintf("| `timeline` | `Version`, `timeline/codec.go` | %d |", timeline.Version),
		strings.Join(axes, ", ") + ".",
	}
	for _, table := range commonTables {
		if _, _, ok := table.LeafColumns(); ok {
			want = append(want, "| `"+table.Name+"` |")
		}
	}
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("FORMAT.md lacks %q", w)
		}
	}
}
