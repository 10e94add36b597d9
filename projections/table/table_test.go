package table_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/projections/table"
	"github.com/xuri/excelize/v2"
)

var (
	header = []string{"post", "division", "difference", "placed_pct"}
	rows   = [][]string{
		{`=HYPERLINK("http://x","y")`, "370211102231", "-1200", "87.87"},
		{"@SUM(A1)", "000000000001", "0", ""},
		{"+86", "-", "7", "1.00"},
		{"\t=1+1", "一,二\n\"三\"", "", "100.00"},
		{"-12", "a=b", "153500000000", "0.10"},
	}
	answer = table.Table{Columns: append(table.Text(header[:2]...), table.Numbers(header[2:]...)...), Rows: rows}
	safe   = [][]string{
		{`'=HYPERLINK("http://x","y")`, "370211102231", "-1200", "87.87"},
		{"'@SUM(A1)", "000000000001", "0", ""},
		{"'+86", "'-", "7", "1.00"},
		{"'\t=1+1", "一,二\n\"三\"", "", "100.00"},
		{"-12", "a=b", "153500000000", "0.10"},
	}
)

func Example() {
	_ = table.CSV(os.Stdout, table.Table{
		Columns: append(table.Text("post"), table.Numbers("headcount")...),
		Rows:    [][]string{{"p-1", "3"}, {"=p-2", "4"}},
	})
	// Output:
	// post,headcount
	// p-1,3
	// '=p-2,4
}

// No cell of a CSV is a formula, and all else is as it was.
func TestCSV(t *testing.T) {
	var b bytes.Buffer
	if err := table.CSV(&b, answer); err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`post,division,difference,placed_pct
"'=HYPERLINK(""http://x"",""y"")",370211102231,-1200,87.87
'@SUM(A1),000000000001,0,
'+86,'-,7,1.00
'TAB=1+1,"一,二
""三""",,100.00
-12,a=b,153500000000,0.10
`, "TAB", "\t")
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// A workbook opens, has text as text and numbers as numbers, no formula, and
// its origin.
func TestWorkbook(t *testing.T) {
	var b bytes.Buffer
	if err := table.Workbook(&b, answer, [][]string{{"position", "7-0"}, {"generation", "=1"}}); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := f.GetRows("answer")
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		for len(got[i]) < len(header) {
			got[i] = append(got[i], "") // GetRows leaves out empty cells at the end
		}
	}
	if want := append([][]string{header}, safe...); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for r := range rows {
		for c := range header {
			name, err := excelize.CoordinatesToCellName(c+1, r+2)
			if err != nil {
				t.Fatal(err)
			}
			if formula, err := f.GetCellFormula("answer", name); err != nil || formula != "" {
				t.Errorf("%s is the formula %q, %v", name, formula, err)
			}
			kind, err := f.GetCellType("answer", name)
			number := kind == excelize.CellTypeUnset || kind == excelize.CellTypeNumber
			if err != nil || rows[r][c] != "" && number != (c > 1) {
				t.Errorf("%s %q is of kind %v, %v", name, rows[r][c], kind, err)
			}
		}
	}
	if origin, err := f.GetRows("origin"); err != nil || !slices.Equal(origin[1], []string{"position", "7-0"}) || origin[2][1] != "'=1" {
		t.Errorf("origin %q, %v", origin, err)
	}
}
