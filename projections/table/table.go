// Package table writes answers as files that office programmes open: CSV and
// XLSX.
//
// Agencies choose names of posts, runs and funds, and a spreadsheet takes a cell
// that begins with = + - @ for a formula. Such a cell gets an apostrophe before
// it, in both kinds of file, unless it is a number: what a sheet shows as text
// today is a formula again once it was saved as CSV. See OWASP, CSV Injection.
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

// MaxRows is how many rows under its header a sheet of a workbook holds.
const MaxRows = excelize.TotalRows - 1

// measures are the columns that hold numbers. All others hold text, codes of
// twelve digits among it.
var measures = map[string]bool{
	"headcount": true, "planned": true, "developed": true, "placed": true, "developed_pct": true, "placed_pct": true,
	"seat": true, "age_days": true, "allocated": true, "instructed": true, "settled": true, "returned": true, "left": true,
	"entitled": true, "difference": true, "late_days": true, "version": true, "lag": true, "age": true,
}

// CSV writes a header and rows of the same length.
func CSV(w io.Writer, header []string, rows [][]string) error {
	out := csv.NewWriter(w)
	cells := make([]string, len(header))
	for n := -1; n < len(rows); n++ {
		row := header
		if n >= 0 {
			row = rows[n]
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

// Workbook writes a header and rows of the same length as a workbook, with what
// is to be said of them as a second sheet: pairs of a name and a value. Rows go
// through a file where they are many, so that memory stays flat.
func Workbook(w io.Writer, header []string, rows, about [][]string) error {
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetName("Sheet1", "answer"); err != nil {
		return err
	}
	if _, err := f.NewSheet("origin"); err != nil {
		return err
	}
	if err := sheet(f, "answer", header, rows); err != nil {
		return err
	}
	if err := sheet(f, "origin", []string{"of", "value"}, about); err != nil {
		return err
	}
	_, err := f.WriteTo(w)
	return err
}

func sheet(f *excelize.File, name string, header []string, rows [][]string) error {
	if len(rows) > MaxRows {
		return fmt.Errorf("table: %d rows, and a sheet holds %d", len(rows), MaxRows)
	}
	out, err := f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	// Otherwise amounts of twelve digits would be shown as powers of ten.
	whole, err := f.NewStyle(&excelize.Style{NumFmt: 1}) // 0
	if err != nil {
		return err
	}
	parts, err := f.NewStyle(&excelize.Style{NumFmt: 2}) // 0.00
	if err != nil {
		return err
	}
	cells := make([]any, len(header))
	for n := -1; n < len(rows); n++ {
		row := header
		if n >= 0 {
			row = rows[n]
		}
		for i, c := range row {
			cells[i] = text(c)
			if n < 0 || !measures[header[i]] {
				continue
			}
			if v, err := strconv.ParseInt(c, 10, 64); err == nil {
				cells[i] = excelize.Cell{StyleID: whole, Value: v}
			} else if v, err := strconv.ParseFloat(c, 64); err == nil {
				cells[i] = excelize.Cell{StyleID: parts, Value: v}
			}
		}
		if err := out.SetRow("A"+strconv.Itoa(n+2), cells); err != nil {
			return err
		}
	}
	return out.Flush()
}

// text takes from a cell what would make it a formula.
func text(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil && s[0] == '-' {
		return s
	}
	return "'" + s
}
