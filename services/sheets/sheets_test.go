package sheets

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// citizen returns the i-th of many valid identity numbers.
func citizen(i int) string {
	head := fmt.Sprintf("37021119650101%03d", i)
	return head + string(idnumber.Check(head))
}

func options(t testing.TB) Options {
	t.Helper()
	b, err := OpenIDStore(filepath.Join(t.TempDir(), "ids"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return Options{Source: "/agency/370211-rsj", Division: "370211102231", IDs: b}
}

func read(t testing.TB, name string, content []byte, o Options) (list []Result) {
	t.Helper()
	list, err := entries(name, content, o)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return list
}

func entries(name string, content []byte, o Options) (list []Result, err error) {
	format, err := Sniff(name, content[:min(512, len(content))])
	if err != nil {
		return nil, err
	}
	o.IDs.seen = map[fingerprint]IDRecord{} // each reading is a run of its own
	for e, err := range Read(bytes.NewReader(content), name, format, o) {
		if err != nil {
			return list, err
		}
		list = append(list, e)
	}
	return list, nil
}

// show describes results for people who check them.
func show(list []Result) string {
	var b strings.Builder
	for _, e := range list {
		if e.Sheet != "" {
			fmt.Fprintf(&b, "[%s] ", e.Sheet)
		}
		fmt.Fprintf(&b, "%v ", e.Rows)
		if e.Event == nil {
			for _, p := range e.Problems {
				fmt.Fprintf(&b, "%d/%s %s; ", p.Row, p.Column, p.Code)
			}
			b.WriteString("\n")
			continue
		}
		c := *e.Event
		c.ID = ""
		raw, err := c.Append(nil)
		if err != nil {
			fmt.Fprintln(&b, err)
			continue
		}
		_, data, _ := bytes.Cut(raw, []byte(`"data":`))
		fmt.Fprintf(&b, "%s %s\n", c.Type, bytes.TrimSuffix(data, []byte("}")))
	}
	return b.String()
}

// workbook makes an XLSX file of sheets of rows.
func workbook(t testing.TB, sheets map[string][][]any, order ...string) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for _, name := range order {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, row := range sheets[name] {
			if err := f.SetSheetRow(name, fmt.Sprint("A", i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.DeleteSheet("Sheet1"); err != nil && !slices.Contains(order, "Sheet1") {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Goal: each file in testdata is read as the file of the same name with .want says. The
// files show all kinds, labels and formats. Run with MUSTER_UPDATE=1 after a change, and
// check the difference.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.csv")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			list, err := entries(name, content, options(t))
			got := show(list)
			if err != nil {
				got += "error: " + err.Error() + "\n"
			}
			for _, e := range list {
				if e.Event != nil {
					raw, _ := e.Event.Append(nil)
					if _, err := events.Submission(raw); err != nil {
						t.Errorf("rows %v break the contract: %v", e.Rows, err)
					}
				}
			}
			want, err := os.ReadFile(name + ".want")
			if os.Getenv("MUSTER_UPDATE") != "" {
				err = os.WriteFile(name+".want", []byte(got), 0o644)
				want = []byte(got)
			}
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// Goal: the encoding and the format of a file make no difference to its events, ids
// included.
func TestEncodings(t *testing.T) {
	utf8, err := os.ReadFile("testdata/上岗.csv")
	if err != nil {
		t.Fatal(err)
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes(utf8)
	if err != nil {
		t.Fatal(err)
	}
	o := options(t)
	want := read(t, "上岗.csv", utf8, o)
	if len(want) < 2 || want[0].Event == nil {
		t.Fatal(show(want))
	}
	forms := map[string][]byte{
		"byte order mark": slices.Concat(byteOrderMark, utf8),
		"GB18030":         gb,
		"CRLF":            bytes.ReplaceAll(utf8, []byte("\n"), []byte("\r\n")),
		"tabs":            bytes.ReplaceAll(utf8, []byte(","), []byte("\t")),
		"semicolons":      bytes.ReplaceAll(utf8, []byte(","), []byte(";")),
	}
	for name, content := range forms {
		if got := read(t, "上岗.csv", content, o); !slices.EqualFunc(got, want, same) {
			t.Errorf("%s: got\n%swant\n%s", name, show(got), show(want))
		}
	}
	var rows [][]any
	for line := range strings.Lines(string(utf8)) {
		var row []any
		for _, c := range strings.Split(strings.TrimSpace(line), ",") {
			row = append(row, c)
		}
		rows = append(rows, row)
	}
	got := read(t, "book.xlsx", workbook(t, map[string][][]any{"上岗": rows}, "上岗"), o)
	for i := range got {
		got[i].Sheet = ""
	}
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("XLSX: got\n%swant\n%s", show(got), show(want))
	}
	damaged := bytes.Replace(utf8, []byte("王"), []byte("\xff"), 1)
	if _, err := entries("上岗.csv", damaged, o); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a bad byte in UTF-8: %v", err)
	}
	broken := slices.Concat(gb, []byte("\"\x81\n"))
	if list, err := entries("上岗.csv", broken, o); err != nil || len(list) != len(want)+1 || list[len(want)].Event != nil {
		t.Errorf("a bad byte in GB18030: %v\n%s", err, show(list))
	}
}

func same(a, b Result) bool {
	if (a.Event == nil) != (b.Event == nil) || a.Event != nil && (a.Event.ID != b.Event.ID || a.Event.Replaces != b.Event.Replaces) {
		return false
	}
	return show([]Result{a}) == show([]Result{b})
}

// Goal: no problem with a row quotes a cell of the row, in whichever cell the identity
// number stands.
func TestNoNumberInErrors(t *testing.T) {
	secret := citizen(7)
	for _, k := range rowKinds {
		var header, empty []string
		for _, c := range k.columns {
			header, empty = append(header, c.name), append(empty, "")
		}
		for i := range header {
			row := slices.Clone(empty)
			row[i] = secret
			for _, lines := range [][]string{
				{strings.Join(header, ","), strings.Join(row, ",")},
				{strings.Join(row, ","), strings.Join(row, ",")},
				{strings.Join(header, ",") + ",备注 " + secret, strings.Join(row, ",")},
				{strings.Join(header, ","), strings.Join(row, ",") + ",x," + secret, `"` + secret},
			} {
				list, err := entries(k.name+".csv", []byte(strings.Join(lines, "\n")), options(t))
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("%s %s: %v", k.name, header[i], err)
				}
				if len(list) == 0 {
					t.Errorf("%s %s: nothing came of %q", k.name, header[i], lines)
				}
				for _, e := range list {
					if said := fmt.Sprintf("%+v %s", e.Problems, e.Sheet); strings.Contains(said, secret) {
						t.Errorf("%s %s: %s", k.name, header[i], said)
					}
				}
			}
		}
	}
}

// Goal: the first bytes decide the format before the name does.
func TestSniff(t *testing.T) {
	book := workbook(t, nil, "post")
	for _, test := range []struct {
		name, head string
		want       Format
	}{
		{"a.csv", "post,seats\n", CSV}, {"a.txt", "post\n", CSV}, {"a", "post\n", CSV}, {"a.csv", string(book[:64]), XLSX},
		{"a.XLSX", string(book[:64]), XLSX}, {"a.csv", ` {"specversion":"1.0"}`, NDJSON}, {"a.ndjson", "", NDJSON}, {"a.jsonl", "x", NDJSON},
		{"a.xlsx", "post,seats", 0}, {"a.xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0}, {"a.csv", "\xff\xfep\x00", 0},
	} {
		if got, err := Sniff(test.name, []byte(test.head)); got != test.want || (err != nil) != (test.want == 0) {
			t.Errorf("%s %.10q: %v %v, want %v", test.name, test.head, got, err, test.want)
		}
	}
	if _, err := entries("a.csv", []byte(" \n\n"), options(t)); err == nil {
		t.Error("an empty file has no header and is no error")
	}
	if _, err := entries("a.xlsx", book, options(t)); err == nil {
		t.Error("an empty workbook is no error")
	}
	if _, err := entries("a.xlsx", append(book[:100:100], make([]byte, 200)...), options(t)); err == nil {
		t.Error("a damaged workbook is no error")
	}
	if err := readXLSX(failing{}, Options{Progress: func(float64) {}, IDs: options(t).IDs}, nil); err == nil {
		t.Error("a reader that fails is no error")
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
