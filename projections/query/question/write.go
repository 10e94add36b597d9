package question

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/projections/table"
)

// write writes an answer in the form that the request accepts, with a Link to the next
// page.
func write(w http.ResponseWriter, r *http.Request, a Answer) {
	w.Header().Set("Vary", "Accept")
	if p, ok := a.(Pager); ok && p.NextPage() != "" {
		next := *r.URL
		params := next.Query()
		params.Set("cursor", p.NextPage())
		next.RawQuery = params.Encode()
		w.Header().Set("Link", "<"+next.RequestURI()+`>; rel="next"`)
	}
	switch accept := r.Header.Get("Accept"); {
	case strings.Contains(accept, "text/csv"):
		writeTable(w, r, a, "text/csv; charset=utf-8")
	case strings.Contains(accept, table.XLSX):
		writeTable(w, r, a, table.XLSX)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.MarshalWrite(w, a, json.Deterministic(true))
	}
}

// writeTable writes the rows of an answer as CSV or as a workbook. The origin of the
// answer goes into the header Muster-Origin, and in a workbook also on a sheet of its
// own, which stays with the file.
func writeTable(w http.ResponseWriter, r *http.Request, a Answer, mediaType string) {
	origin, err := json.Marshal(a.origin(), json.Deterministic(true))
	if err != nil {
		WriteError(w, r, err)
		return
	}
	t := a.Table()
	if mediaType == table.XLSX && len(t.Rows) > table.MaxRows {
		WriteError(w, r, newProblem(http.StatusNotAcceptable, "Not acceptable", "too_many_rows", events.Say(
			"the answer has %d rows and a sheet holds %d; ask for fewer, or for text/csv",
			"结果有%d行，而一张工作表最多%d行；请缩小范围，或要求text/csv", len(t.Rows), table.MaxRows)))
		return
	}
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Muster-Origin", string(origin))
	// An error means that the reader has left, which is nothing to report.
	if mediaType == table.XLSX {
		_ = table.Workbook(w, t, pairs(origin))
	} else {
		_ = table.CSV(w, t)
	}
}

// pairs returns the members of a JSON object as names and values, by name.
func pairs(object []byte) (all [][]string) {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(object, &members); err != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		all = append(all, []string{name, plain(members[name])})
	}
	return all
}

// plain returns a JSON value, a string without its quotes.
func plain(v jsontext.Value) string {
	var s string
	if v.Kind() == '"' && json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}
