package query

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/projections/table"
)

// writeTable writes the rows of an answer as CSV or as a workbook. Its origin
// stands in the header Muster-Origin, and in a workbook on a sheet of its own,
// which stays with the file.
func writeTable(w http.ResponseWriter, body answer, kind string) {
	origin, err := json.Marshal(body.origin(), json.Deterministic(true))
	if err != nil {
		writeError(w, err)
		return
	}
	header, rows := body.table()
	if kind == table.XLSX && len(rows) > table.MaxRows {
		writeError(w, &problem{http.StatusNotAcceptable, "Not acceptable",
			fmt.Sprintf("the answer has %d rows and a sheet holds %d; ask for fewer, or for text/csv", len(rows), table.MaxRows), "too_many_rows"})
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Muster-Origin", string(origin))
	// A reader that left is no error of ours.
	if kind != table.XLSX {
		_ = table.CSV(w, header, rows)
		return
	}
	var of map[string]jsontext.Value
	var about [][]string
	if err := json.Unmarshal(origin, &of); err == nil {
		for _, name := range slices.Sorted(maps.Keys(of)) {
			about = append(about, []string{name, plain(of[name])})
		}
	}
	_ = table.Workbook(w, header, rows, about)
}

// plain is a JSON value without the quotes of a string.
func plain(v jsontext.Value) string {
	var s string
	if v.Kind() == '"' && json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}
