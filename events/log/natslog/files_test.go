package natslog_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog"
)

// files wraps the server's files. It counts the messages and may change them.
type files struct {
	natslog.Files
	yielded atomic.Int64
	change  func(n int, m *jetstream.RawStreamMsg) bool // returns false to end before the message
}

func (f *files) Stored(stream string, after uint64, room func(int) []byte) iter.Seq[*jetstream.RawStreamMsg] {
	return func(yield func(*jetstream.RawStreamMsg) bool) {
		n := 0
		for m := range f.Files.Stored(stream, after, room) {
			if n++; f.change != nil && !f.change(n, m) {
				return
			}
			if f.yielded.Add(1); !yield(m) {
				return
			}
		}
	}
}

// Goal: history is the same whether it comes from files or from the server, from any
// position. Files that are unusable or end anywhere do no harm.
// Method: a Files that changes messages or ends early.
func TestFiles(t *testing.T) {
	t.Parallel()
	s := serve(t)
	nc := connect(t, s)
	made := natslog.Options{Stream: "LARGE", Prefix: "large"}
	if err := natslog.Provision(t.Context(), nc, made); err != nil {
		t.Fatal(err)
	}
	open := func(f natslog.Files) *natslog.Log {
		t.Helper()
		o := made
		o.Files = f
		l, err := natslog.Open(t.Context(), nc, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
	plain := open(nil)
	last := map[string]log.Revision{}
	for i := range 60 { // messages of half a megabyte fill four blocks
		c := log.Commit{ID: fmt.Sprint("c", i), Boundary: []string{"hire", "payment"}[i%2]}
		for j := range 10 {
			c.Events = append(c.Events, fmt.Appendf(nil, `{"n":%d,"a":%q}`, 10*i+j, strings.Repeat(fmt.Sprint(i, "x"), 50_000/3)))
		}
		_, revision, err := plain.Append(t.Context(), c, last[c.Boundary])
		if err != nil {
			t.Fatal(err)
		}
		last[c.Boundary] = revision
	}
	read := func(l *natslog.Log, from log.Position, f log.Filter) (all []log.Commit) {
		t.Helper()
		for c, err := range l.Read(t.Context(), from, f) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
		return all
	}
	want := read(plain, log.Position{}, log.Filter{})
	equal := func(name string, got, want []log.Commit) {
		t.Helper()
		same := func(a, b log.Commit) bool {
			return a.ID == b.ID && a.Boundary == b.Boundary && a.Position == b.Position && a.Revision == b.Revision && a.Recorded.Equal(b.Recorded) &&
				slices.EqualFunc(a.Events, b.Events, func(a, b []byte) bool { return string(a) == string(b) })
		}
		if !slices.EqualFunc(got, want, same) {
			t.Errorf("%s: %d commits, not the %d that the server has", name, len(got), len(want))
		}
	}

	whole := &files{Files: s}
	l := open(whole)
	equal("all", read(l, log.Position{}, log.Filter{}), want)
	if n := whole.yielded.Load(); n < 30 {
		t.Errorf("%d commits came from the files", n)
	}
	for _, at := range []int{0, 17, 40, 58, 59} {
		equal(fmt.Sprint("after ", at), read(l, want[at].Position, log.Filter{}), want[at+1:])
	}
	before := whole.yielded.Load()
	equal("of a boundary", read(l, log.Position{}, log.Filter{Boundary: "hire"}), read(plain, log.Position{}, log.Filter{Boundary: "hire"}))
	if n := whole.yielded.Load() - before; n > 0 {
		t.Errorf("%d commits for one boundary came from the files", n)
	}
	var followed []log.Commit
	for c, err := range l.Follow(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if followed = append(followed, c); len(followed) == len(want) {
			break
		}
	}
	equal("followed", followed, want)

	for name, change := range map[string]func(n int, m *jetstream.RawStreamMsg) bool{
		"no files":       func(int, *jetstream.RawStreamMsg) bool { return false },
		"an early end":   func(n int, _ *jetstream.RawStreamMsg) bool { return n < 5 },
		"a gap":          func(n int, m *jetstream.RawStreamMsg) bool { m.Sequence += uint64(n / 5); return true },
		"another log":    func(_ int, m *jetstream.RawStreamMsg) bool { m.Subject = "other"; return true },
		"what is no log": func(n int, m *jetstream.RawStreamMsg) bool { m.Data = m.Data[n/3:]; return true },
	} {
		equal(name, read(open(&files{Files: s, change: change}), log.Position{}, log.Filter{}), want)
	}
}
