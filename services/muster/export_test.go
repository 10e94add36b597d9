package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-works/muster/projections/table"
	"github.com/xuri/excelize/v2"
)

// Goal: an answer comes as CSV and as a workbook, over HTTP and by the command, with
// the rows of the answer and where they come from. No cell is a formula that an agency
// chose. Method: the name of a post is a formula.
func TestExports(t *testing.T) {
	dir := t.TempDir()
	i := up(t, dir)
	name := "=cmd|calc!A1"
	receipts := post(t, i, "application/json", seat(name))
	if receipts[0].Status != "accepted" {
		t.Fatalf("%+v", receipts)
	}
	last := receipts[0].Position.String()
	check := func(book *excelize.File, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		rows, err := book.GetRows("answer")
		if err != nil || len(rows) != 2 || rows[0][0] != "post" || rows[1][0] != "'"+name || rows[1][2] != "370211102231" {
			t.Errorf("rows %q, %v", rows, err)
		}
		origin, err := book.GetRows("origin")
		if err != nil || !strings.Contains(strings.Join(flat(origin), " "), "gen-000001") {
			t.Errorf("origin %q, %v", origin, err)
		}
	}
	file := filepath.Join(dir, "vacancies.xlsx")
	muster(t, "query", "vacancies", "--as-of", "2022-05-01", "--at-least", last, "--to", i.HTTP, "--format", "xlsx", "--out", file)
	check(excelize.OpenFile(file))

	r, err := http.NewRequest(http.MethodGet, i.HTTP+"/v1/vacancies?as_of=2022-05-01&at_least="+last, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", table.XLSX)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != table.XLSX || !strings.Contains(resp.Header.Get("Muster-Origin"), "gen-000001") {
		t.Errorf("%s, %v", got, resp.Header)
	}
	check(excelize.OpenReader(resp.Body))

	if out := muster(t, "query", "vacancies", "--as-of", "2022-05-01", "--at-least", last, "--to", i.HTTP, "--format", "csv"); !strings.Contains(out, "\n'"+name+",1,370211102231,") {
		t.Errorf("csv: %s", out)
	}
	for _, bad := range [][]string{{"--format", "xlsx"}, {"--format", "pdf"}, {"--out", filepath.Join(dir, "none", "x")}} {
		if out, err := try(t, append([]string{"query", "plan", "--to", i.HTTP}, bad...)...); err == nil || !strings.Contains(out, "--") {
			t.Errorf("%v: %v %s", bad, err, out)
		}
	}
	half := filepath.Join(dir, "half.csv")
	if out, err := try(t, "query", "plan", "--to", i.HTTP, "--as-of", "2022-02-30", "--format", "csv", "--out", half); err == nil {
		t.Errorf("a day that is none: %s", out)
	}
	if _, err := os.Stat(half); !os.IsNotExist(err) {
		t.Errorf("half a file is left: %v", err)
	}
}

func flat(rows [][]string) (all []string) {
	for _, r := range rows {
		all = append(all, r...)
	}
	return all
}
