// Package table writes answers as files that office programmes open: CSV and
// XLSX.
//
// No cell is a formula. Agencies choose the names of posts, runs and funds, and a
// spreadsheet takes a cell that begins with = + - @ for a formula (OWASP, CSV
// Injection). Such a cell gets an apostrophe in front, unless it is a number. That is
// done in workbooks, too, although their cells are marked as text: if the reader saves
// the workbook as CSV, the mark is lost.
package table

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// XLSX is the media type of a workbook.
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// MaxRows is how many rows a sheet of a workbook holds below its header.
const MaxRows = excelize.TotalRows - 1

// A Column is a column of a table. If Number is set, a workbook shows its cells as
// numbers. The cells of all other columns are text, codes of twelve digits among them.
type Column struct {
	Name   string
	Number bool
}

// Text returns columns of text.
func Text(names ...string) (columns []Column) {
	for _, n := range names {
		columns = append(columns, Column{Name: n})
	}
	return columns
}

// Numbers returns columns of numbers.
func Numbers(names ...string) (columns []Column) {
	for _, n := range names {
		columns = append(columns, Column{n, true})
	}
	return columns
}

// A Table is columns and rows. A row has a cell for each column; an empty cell is no
// value.
type Table struct {
	Columns []Column
	Rows    [][]string
}

// header returns the names of the columns.
func (t Table) header() (names []string) {
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	return names
}

// CSV writes a table, with the names of the columns as its first line. It fails as w
// does.
func CSV(w io.Writer, t Table) error {
	out := csv.NewWriter(w)
	cells := make([]string, len(t.Columns))
	for n := -1; n < len(t.Rows); n++ {
		row := t.header()
		if n >= 0 {
			row = t.Rows[n]
		}
		for i, c := range row {
			cells[i] = text(c)
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// Workbook writes a table as the sheet answer of a workbook. The sheet origin holds what
// is to be said of the table, as pairs of a name and a value. Workbook fails if the
// table has more than MaxRows rows, and as w does. It puts many rows into a temporary
// file, so that memory stays flat.
func Workbook(w io.Writer, t Table, origin [][]string) error {
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetName("Sheet1", "answer"); err != nil {
		return err
	}
	if _, err := f.NewSheet("origin"); err != nil {
		return err
	}
	if err := sheet(f, "answer", t); err != nil {
		return err
	}
	if err := sheet(f, "origin", Table{Text("of", "value"), origin}); err != nil {
		return err
	}
	_, err := f.WriteTo(w)
	return err
}

// sheet writes a table as a sheet.
func sheet(f *excelize.File, name string, t Table) error {
	if len(t.Rows) > MaxRows {
		return fmt.Errorf("table: %d rows, and a sheet holds %d", len(t.Rows), MaxRows)
	}
	out, err := f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	styles, err := newStyles(f)
	if err != nil {
		return err
	}
	cells := make([]any, len(t.Columns))
	for n := -1; n < len(t.Rows); n++ {
		row := t.header()
		if n >= 0 {
			row = t.Rows[n]
		}
		for i, c := range row {
			cells[i] = text(c)
			if n >= 0 && t.Columns[i].Number {
				cells[i] = styles.number(c)
			}
		}
		if err := out.SetRow("A"+strconv.Itoa(n+2), cells); err != nil {
			return err
		}
	}
	return out.Flush()
}

// styles are the formats of numbers. Without one, a spreadsheet shows amounts of twelve
// digits as powers of ten.
type styles struct{ whole, decimals int }

func newStyles(f *excelize.File) (s styles, err error) {
	if s.whole, err = f.NewStyle(&excelize.Style{NumFmt: 1}); err != nil { // 0
		return s, err
	}
	s.decimals, err = f.NewStyle(&excelize.Style{NumFmt: 2}) // 0.00
	return s, err
}

// number returns a cell that holds a number, or text if it is none.
func (s styles) number(c string) any {
	if v, err := strconv.ParseInt(c, 10, 64); err == nil {
		return excelize.Cell{StyleID: s.whole, Value: v}
	}
	if v, err := strconv.ParseFloat(c, 64); err == nil {
		return excelize.Cell{StyleID: s.decimals, Value: v}
	}
	return text(c)
}

// text returns a cell that is not a formula.
func text(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil && s[0] == '-' {
		return s
	}
	return "'" + s
}
