package sheets

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// FuzzCSV reads CSV files of any content. Reading ends, each event keeps the contract,
// each row is returned at most once, and no problem quotes an identity number of the
// file.
func FuzzCSV(f *testing.F) {
	files, err := filepath.Glob("testdata/*.csv")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(filepath.Base(name), content)
		if gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes(content); err == nil {
			f.Add(filepath.Base(name), gb)
		}
	}
	f.Add("post.csv", []byte("post,category\n\"P-1"))
	f.Add("post.csv", []byte("\xef\xbb\xbf\xff\n,,,\n"))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		if len(name) > 100 || len(content) > 1<<16 {
			t.Skip()
		}
		holds(t, name, CSV, content)
	})
}

// FuzzXLSX reads workbooks of any content, with the same guarantees as FuzzCSV.
func FuzzXLSX(f *testing.F) {
	f.Add(workbook(f, nil, "post"))
	for _, rows := range [][][]any{
		{{"post", "category", "area", "seats", "from"}, {"P-1", "public_service", "rural", 1, 44652}},
		{{"岗位编号", "考勤月份", "身份证号", "考勤"}, {"P-1", "2022-05", citizen(1), "PP"}, {"P-1", 44652.5, citizen(2), true}},
	} {
		f.Add(workbook(f, map[string][][]any{"post": rows, "考勤": rows}, "post", "考勤"))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > 1<<16 {
			t.Skip()
		}
		holds(t, "x.xlsx", XLSX, content)
	})
}

func holds(t *testing.T, name string, format Format, content []byte) {
	o := options(t)
	seen := map[[2]any]bool{}
	for e, err := range Read(bytes.NewReader(content), name, format, o) {
		if err != nil {
			if strings.Contains(err.Error(), citizen(1)) {
				t.Errorf("error %q", err)
			}
			continue
		}
		for _, row := range e.Rows {
			if key := [2]any{e.Sheet, row}; seen[key] && format == CSV {
				t.Errorf("row %d comes twice", row)
			} else {
				seen[key] = true
			}
		}
		if (e.Event == nil) == (len(e.Problems) == 0) {
			t.Errorf("rows %v: neither an event nor a problem, or both", e.Rows)
		}
		for _, p := range e.Problems {
			if strings.Contains(p.Column+p.Detail+p.Field, citizen(1)) {
				t.Errorf("%+v", p)
			}
			if p.Code == "" || p.Detail == "" || p.DetailZH == "" || strings.Contains(p.DetailZH, citizen(1)) {
				t.Errorf("%+v does not say what is wrong", p)
			}
		}
		if e.Event == nil {
			continue
		}
		raw, err := e.Event.Append(nil)
		if err != nil {
			t.Errorf("rows %v: %v", e.Rows, err)
		}
		if _, err := events.Submission(raw); err != nil {
			t.Errorf("rows %v: %v", e.Rows, err)
		}
	}
}

// FuzzIDStore opens files of any content. A file that is accepted can be written to,
// and then opens with no fewer records.
func FuzzIDStore(f *testing.F) {
	key := strings.Repeat("0a", 32)
	line := strings.Repeat("01", 16) + " 1 0 " + strings.Repeat("02", 16) + " sent\n"
	for _, s := range []string{"", idStoreTitle, idStoreTitle + key + "\n", idStoreTitle + key + "\n" + line, idStoreTitle + key + "\n" + line + line[:20], idStoreTitle + key + "\n" + strings.Replace(line, "1 0", "0 7", 1), idStoreTitle + key + "\nx\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "ids")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := OpenIDStore(path)
		if err != nil {
			return
		}
		known := len(b.known)
		c := b.next([]byte("natural"), []byte("content"))
		if err := errors.Join(b.Put(c), b.Close()); err != nil {
			t.Fatal(err)
		}
		again, err := OpenIDStore(path)
		if err != nil || len(again.known) != known+1 || again.next([]byte("natural"), []byte("content")) != c {
			t.Fatalf("%d known, then %v", known, err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
