package sheets

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
)

// keep puts the records of results, as a publisher does once the events are in the log.
func keep(t *testing.T, b *IDStore, list []Result) {
	t.Helper()
	for _, e := range list {
		if e.Event != nil {
			if err := b.Put(e.Record); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
}

// sent describes the events of results: type, id, and what is replaced.
func sent(list []Result) (out []string) {
	for _, e := range list {
		if e.Event == nil {
			out = append(out, "refused")
			continue
		}
		out = append(out, fmt.Sprint(e.Event.Type, " ", e.Event.ID, " replaces ", e.Event.Replaces))
	}
	return out
}

func hires(rows ...string) []byte {
	return []byte("post,id_number,from,until,group,phone\n" + strings.Join(rows, "\n"))
}

func hireOf(i int, phone string) string {
	return fmt.Sprintf("P-1,%s,2022-05-01,2025-05-01,older,%s", citizen(i), phone)
}

// Goal: the same file gives the same events. A changed row replaces the event that was
// sent of it last, whatever was refused or got no receipt in between. Other rows stay
// the same.
func TestChangedRow(t *testing.T) {
	o := options(t)
	first := read(t, "hire.csv", hires(hireOf(1, "1"), hireOf(2, "2")), o)
	a, b := first[0].Event.ID, first[1].Event.ID
	if a == b || first[0].Event.Replaces != "" || !strings.HasPrefix(a, "hire-") {
		t.Fatal(sent(first))
	}
	if got := sent(read(t, "hire.csv", hires(hireOf(1, "9"), hireOf(2, "2")), o)); !slices.Equal(got, sent(first)) {
		t.Errorf("nothing was kept, and a changed row is %q, was %q", got, sent(first))
	}
	keep(t, o.IDs, first)
	for n, step := range []struct {
		phone, want string
		keep        bool
	}{
		{"1", "hire.placed " + a + " replaces ", true},
		{"9", "hire.placed " + a + ".2 replaces " + a, false}, // refused by the services
		{"8", "hire.placed " + a + ".2 replaces " + a, true},
		{"8", "hire.placed " + a + ".2 replaces " + a, true}, // the same file again is a duplicate
		{"1", "hire.placed " + a + ".3 replaces " + a + ".2", true},
	} {
		list := read(t, "hire.csv", hires(hireOf(2, "2"), hireOf(1, step.phone)), o)
		if got := sent(list); got[1] != step.want || got[0] != sent(first)[1] {
			t.Errorf("step %d: %q, want %q", n, got, step.want)
		}
		if step.keep {
			keep(t, o.IDs, list)
		}
	}
	list := read(t, "hire.csv", hires(hireOf(3, "1"), hireOf(3, "1"), hireOf(3, "2")), o)
	if got := sent(list); got[0] != got[1] || got[2] != "refused" {
		t.Errorf("a row twice, and once more otherwise: %q", got)
	}
}

// Goal: an id that the agency gives stays its id. A change under such an id is a new
// version of it.
func TestOwnIDs(t *testing.T) {
	o := options(t)
	post := func(seats string) []byte {
		return []byte("id,post,category,area,seats,from\np-17,P-1,public_service,rural," + seats + ",2022-04-01\n")
	}
	list := read(t, "post.csv", post("1"), o)
	keep(t, o.IDs, list)
	got := append(sent(list), sent(read(t, "post.csv", post("2"), o))...)
	if want := []string{"post.developed p-17 replaces ", "post.developed p-17.2 replaces p-17"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	named := []byte("replaces,post,category,area,seats,from\np-3,P-1,public_service,rural,1,2022-04-01\n")
	if got := read(t, "post.csv", named, options(t)); got[0].Event.Replaces != "p-3" {
		t.Errorf("%q", sent(got))
	}
}

// Goal: the records outlive the process, also after a crash within a line. If the file
// is lost, only ids of people change. The file holds no identity.
func TestIDStore(t *testing.T) {
	o := options(t)
	path := o.IDs.path
	content := hires(hireOf(1, "13900000001"))
	first := read(t, "hire.csv", content, o)
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was made before there was something to remember")
	}
	keep(t, o.IDs, first)
	if err := o.IDs.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	text, err := os.ReadFile(path)
	if err != nil || bytes.Contains(text, []byte(citizen(1))) || bytes.Contains(text, []byte("13900000001")) {
		t.Errorf("%s %v", text, err)
	}
	if err := os.WriteFile(path, append(text, "0123456789abcdef01"...), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if o.IDs, err = OpenIDStore(path); err != nil {
			t.Fatal(err)
		}
		changed := read(t, "hire.csv", hires(hireOf(1, "2"), hireOf(2, "")), o)
		if got := changed[0].Event; got.Replaces != first[0].Event.ID {
			t.Errorf("%q", sent(changed))
		}
		keep(t, o.IDs, changed[1:])
		if err := o.IDs.Close(); err != nil {
			t.Fatal(err)
		}
	}
	lost := options(t)
	if again := read(t, "hire.csv", content, lost); again[0].Event.ID == first[0].Event.ID {
		t.Error("the id of a person does not depend on the key: whoever reads it can try numbers on it")
	}
	sheet := []byte("post,month,id_number,marks\nP-1,2022-05," + citizen(1) + ",PP\n")
	if a, b := read(t, "attendance.csv", sheet, lost), read(t, "attendance.csv", sheet, options(t)); a[0].Event.ID != b[0].Event.ID {
		t.Error("the id of a sheet depends on the book")
	}
	for _, bad := range []string{"", "hello\n", idStoreTitle + "00\n", string(text) + "x y z\n"} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenIDStore(path); err == nil {
			t.Errorf("%q is taken for a book", bad)
		}
	}
	if _, err := OpenIDStore(filepath.Dir(path)); err == nil {
		t.Error("a folder is taken for a book")
	}
}

func run(n int, change int) []byte {
	var b strings.Builder
	b.WriteString("run,month,fund,post,id_number,amount_yuan\n")
	for i := range n {
		amount := 1900
		if i == change {
			amount = 1800
		}
		fmt.Fprintf(&b, "R-5,2022-05,F-22,P-%d,%s,%d\n", i, citizen(i%1000), amount)
	}
	return []byte(b.String())
}

// Goal: a pay run becomes parts of 500 lines, each of which is replaced by itself.
// Parts that a run no longer has are withdrawn, and come back as new events.
func TestRunsInParts(t *testing.T) {
	o := options(t)
	publish := func(n, change int) []string {
		list := read(t, "payment.csv", run(n, change), o)
		lines := 0
		for _, e := range list {
			if d, ok := e.Event.Data.(*events.PaymentInstructed); ok {
				if len(d.Lines) > partLines || len(e.Rows) != len(d.Lines) || d.Lines[0].Line != "" || e.Rows[0] != lines+2 {
					t.Errorf("%d lines from %q, rows from %d", len(d.Lines), d.Lines[0].Line, e.Rows[0])
				}
				lines += len(d.Lines)
			}
		}
		if lines != n {
			t.Errorf("%d lines of %d", lines, n)
		}
		keep(t, o.IDs, list)
		return sent(list)
	}
	first := publish(1001, -1)
	if len(first) != 3 {
		t.Fatal(first)
	}
	id := func(part int) string { return strings.Fields(first[part-1])[1] }
	sent := func(part, version int, replaces string) string {
		return "payment.instructed " + versionedID(id(part), version) + " replaces " + replaces
	}
	for n, step := range []struct {
		rows, change int
		want         []string
	}{
		{1001, -1, first},
		{1001, 700, []string{first[0], sent(2, 2, id(2)), first[2]}},
		{900, 700, []string{"event.withdrawn " + id(3) + "-withdrawn replaces ", first[0], sent(2, 3, id(2)+".2")}},
		{900, 700, []string{first[0], sent(2, 3, id(2)+".2")}},
		{1001, 700, []string{first[0], sent(2, 4, id(2)+".3"), sent(3, 2, "")}},
		{400, -1, []string{"event.withdrawn " + id(2) + ".4-withdrawn replaces ", "event.withdrawn " + id(3) + ".2-withdrawn replaces ", sent(1, 2, id(1))}},
	} {
		if got := publish(step.rows, step.change); !slices.Equal(got, step.want) {
			t.Errorf("step %d:\n%q, want\n%q", n, got, step.want)
		}
	}
}
