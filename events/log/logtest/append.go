package logtest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/muster-works/muster/events/log"
)

func empty(s *suite) {
	for _, f := range []log.Filter{{}, {Boundary: "placement"}} {
		pos, rev, err := s.log.Head(s.ctx, f)
		if err != nil || !pos.IsZero() || rev != 0 {
			s.Errorf("head of an empty log: %s, %d, %v", pos, rev, err)
		}
		if got := s.read(log.Position{}, f); len(got) != 0 {
			s.Errorf("%d commits in an empty log", len(got))
		}
	}
}

// roundTrip: Read and Follow return a commit as it was appended, and Head finds it.
func roundTrip(s *suite) {
	first := s.append(s.commit("placement", 1), 0)
	second := s.append(s.commit("placement", 5), first.Revision)
	third := s.append(s.commit("training", 2), 0)
	s.equal(s.read(log.Position{}, log.Filter{}), []log.Commit{first, second, third})
	for _, want := range []log.Commit{second, third} {
		pos, rev, err := s.log.Head(s.ctx, log.Filter{Boundary: want.Boundary})
		if err != nil || pos != want.Position || rev != want.Revision {
			s.Errorf("head of %s: %s, %d, %v; want %s, %d", want.Boundary, pos, rev, err, want.Position, want.Revision)
		}
	}
	pos, rev, err := s.log.Head(s.ctx, log.Filter{})
	if err != nil || pos != third.Position || rev != third.Revision {
		s.Errorf("head: %s, %d, %v; want %s, %d", pos, rev, err, third.Position, third.Revision)
	}
	var followed []log.Commit
	for c, err := range s.log.Follow(s.ctx, log.Position{}, log.Filter{}) {
		s.check(err)
		if followed = append(followed, c); len(followed) == 3 {
			break
		}
	}
	s.equal(followed, []log.Commit{first, second, third})
}

// recordedTimes: the log gives each commit a timestamp. An imported commit keeps its
// own time to the nanosecond.
func recordedTimes(s *suite) {
	imported := s.commit("registry", 1)
	imported.Imported = time.Date(2022, 5, 1, 8, 30, 0, 123456789, time.FixedZone("CST", 8*3600))
	a := s.append(imported, 0)
	b := s.append(s.commit("registry", 1), a.Revision)
	got := s.read(log.Position{}, log.Filter{})
	s.equal(got, []log.Commit{a, b})
	if !got[0].Recorded.Equal(imported.Imported) {
		s.Errorf("import recorded %v, want %v", got[0].Recorded, imported.Imported)
	}
	if !got[1].Imported.IsZero() {
		s.Errorf("imported %v, though it brought no time", got[1].Imported)
	}
	// The clock of an external server may differ, so the test allows a day.
	if d := time.Since(got[1].Recorded).Abs(); d > 24*time.Hour {
		s.Errorf("recorded %v, %v from now", got[1].Recorded, d)
	}
	if again := s.read(log.Position{}, log.Filter{}); !again[1].Recorded.Equal(got[1].Recorded) {
		s.Errorf("recorded %v when read again, before %v", again[1].Recorded, got[1].Recorded)
	}
}

// refusals: a commit that breaks a limit is refused with the right sentinel, and
// nothing is written.
func refusals(s *suite) {
	good := s.append(s.commit("placement", 1), 0)
	event := []byte(`{"a":1}`)
	big := []byte(`{"a":"` + strings.Repeat("x", log.MaxBytes) + `"}`)
	for _, test := range []struct {
		name string
		c    log.Commit
		want error
	}{
		{"no events", log.Commit{ID: "x", Boundary: "placement"}, log.ErrInvalid},
		{"no id", log.Commit{Boundary: "placement", Events: [][]byte{event}}, log.ErrInvalid},
		{"long id", log.Commit{ID: strings.Repeat("x", 129), Boundary: "placement", Events: [][]byte{event}}, log.ErrInvalid},
		{"id on two lines", log.Commit{ID: "x\r\ny", Boundary: "placement", Events: [][]byte{event}}, log.ErrInvalid},
		{"no boundary", log.Commit{ID: "x", Events: [][]byte{event}}, log.ErrInvalid},
		{"wildcard", log.Commit{ID: "x", Boundary: "a.*", Events: [][]byte{event}}, log.ErrInvalid},
		{"upper case", log.Commit{ID: "x", Boundary: "Placement", Events: [][]byte{event}}, log.ErrInvalid},
		{"not an object", log.Commit{ID: "x", Boundary: "placement", Events: [][]byte{[]byte(`[1]`)}}, log.ErrInvalid},
		{"line break", log.Commit{ID: "x", Boundary: "placement", Events: [][]byte{[]byte("{\"a\":\n1}")}}, log.ErrInvalid},
		{"too many", log.Commit{ID: "x", Boundary: "placement", Events: many(log.MaxEvents+1, event)}, log.ErrTooLarge},
		{"too big", log.Commit{ID: "x", Boundary: "placement", Events: [][]byte{big}}, log.ErrTooLarge},
	} {
		if pos, rev, err := s.log.Append(s.ctx, test.c, good.Revision); !errors.Is(err, test.want) || !pos.IsZero() || rev != 0 {
			s.Errorf("%s: %s, %d, %v; want %v", test.name, pos, rev, err, test.want)
		}
	}
	s.equal(s.read(log.Position{}, log.Filter{}), []log.Commit{good})
	s.append(s.commit("placement", 1), good.Revision) // the log still works
}

func many(n int, event []byte) [][]byte {
	events := make([][]byte, n)
	for i := range events {
		events[i] = event
	}
	return events
}

// maximal: the largest commits that each limit allows are stored and read.
func maximal(s *suite) {
	one := s.commit("payment", 1)
	one.Events[0] = eventOf(log.MaxBytes - 2)
	if n := log.BatchSize(one.Events); n != log.MaxBytes {
		s.Fatalf("batch of %d bytes", n)
	}
	most := s.commit("payment", 0)
	most.Events = many(log.MaxEvents, eventOf(log.MaxBytes/log.MaxEvents-2))
	small := s.commit("payment", 0)
	small.Events = many(log.MaxEvents, []byte(`{}`))
	var want []log.Commit
	var rev log.Revision
	for _, c := range []log.Commit{one, most, small} {
		c = s.append(c, rev)
		rev = c.Revision
		want = append(want, c)
	}
	s.equal(s.read(log.Position{}, log.Filter{}), want)
	s.equal(s.read(want[0].Position, log.Filter{Boundary: "payment"}), want[1:])
}

// eventOf returns an event of n bytes.
func eventOf(n int) []byte { return fmt.Appendf(nil, `{"a":"%s"}`, strings.Repeat("x", n-8)) }

// commitIDs: every ID that Check accepts can be stored.
func commitIDs(s *suite) {
	var rev log.Revision
	var want []log.Commit
	for _, id := range []string{
		"a-b-c", "0190b0a5-7c1e-7a3b-9d0e-3f2a1b4c5d6e", "-", "--", "烟台-福山-01", "é", "e\u0301", "a:b", "a/b", `"a"`,
		"%41", "A", "a,b", "=?utf-8?q?a?=", strings.Repeat("x", 128), "0", "*", ">", "a.b",
	} {
		c := s.commit("policy", 1)
		c.ID = id
		c = s.append(c, rev)
		if again := s.append(c, rev); again.Position != c.Position {
			s.Errorf("%q at %s, and when retried at %s", id, c.Position, again.Position)
		}
		rev = c.Revision
		want = append(want, c)
	}
	s.equal(s.read(log.Position{}, log.Filter{}), want)
}

// conflict: an append on an old revision is refused and writes nothing.
func conflict(s *suite) {
	a := s.append(s.commit("placement", 1), 0)
	b := s.append(s.commit("placement", 1), a.Revision)
	other := s.append(s.commit("payment", 1), 0) // an append to another boundary does not move placement
	for _, expected := range []log.Revision{0, a.Revision} {
		if pos, rev, err := s.log.Append(s.ctx, s.commit("placement", 1), expected); !errors.Is(err, log.ErrConflict) || !pos.IsZero() || rev != 0 {
			s.Errorf("append after %d: %s, %d, %v; want a conflict", expected, pos, rev, err)
		}
	}
	// The boundary has not reached this revision, so it must come from another log.
	_, _, err := s.log.Append(s.ctx, s.commit("placement", 1), other.Revision+1000)
	if !errors.Is(err, log.ErrForeign) && !errors.Is(err, log.ErrConflict) {
		s.Errorf("append after a revision to come: %v", err)
	}
	c := s.append(s.commit("placement", 1), b.Revision)
	s.equal(s.read(log.Position{}, log.Filter{}), []log.Commit{a, b, other, c})
}

// retry: a commit that is appended again keeps its position, even if others follow
// it.
func retry(s *suite) {
	a := s.append(s.commit("placement", 2), 0)
	b := s.append(s.commit("placement", 2), a.Revision)
	again := func() {
		s.Helper()
		for _, try := range []struct {
			c        log.Commit
			expected log.Revision
		}{{a, 0}, {b, a.Revision}} {
			if got := s.append(try.c, try.expected); got.Position != try.c.Position || got.Revision != try.c.Revision {
				s.Fatalf("%s at %s, revision %d; first at %s, revision %d",
					got.ID, got.Position, got.Revision, try.c.Position, try.c.Revision)
			}
		}
	}
	again()
	x := s.append(s.commit("training", 1), 0)
	again()
	c := s.append(s.commit("placement", 1), b.Revision)
	again()
	s.equal(s.read(log.Position{}, log.Filter{}), []log.Commit{a, b, x, c})
}

// concurrentRetry: if several callers append the same commit at once, it is written
// once, and every caller gets its position.
func concurrentRetry(s *suite) {
	var rev log.Revision
	var want []log.Commit
	for range 10 {
		c := s.commit("placement", 1)
		var wg sync.WaitGroup
		got := make([]log.Commit, 6)
		errs := make([]error, len(got))
		for i := range got {
			wg.Go(func() { got[i].Position, got[i].Revision, errs[i] = s.log.Append(s.ctx, c, rev) })
		}
		wg.Wait()
		for i := range got {
			s.check(errs[i])
			if got[i].Position != got[0].Position || got[i].Revision != got[0].Revision {
				s.Fatalf("%s at %s and at %s", c.ID, got[i].Position, got[0].Position)
			}
		}
		c.Position, c.Revision = got[0].Position, got[0].Revision
		rev = c.Revision
		want = append(want, c)
	}
	s.equal(s.read(log.Position{}, log.Filter{}), want)
}

// concurrentGuards: concurrent writers of one boundary form a chain. Each revision is
// the expected revision of one commit at most, and every acknowledged commit is in
// the log.
func concurrentGuards(s *suite) {
	const writers, each = 8, 10
	type link struct {
		expected log.Revision
		c        log.Commit
	}
	links := make([][]link, writers)
	conflicts := make([]int, writers)
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := 0; n < each; {
				_, rev, err := s.log.Head(s.ctx, log.Filter{Boundary: "placement"})
				if err != nil {
					errs[w] = err
					return
				}
				c := log.Commit{ID: fmt.Sprintf("w%d-%d-%d", w, n, conflicts[w]), Boundary: "placement", Events: [][]byte{[]byte(`{"a":1}`)}}
				c.Position, c.Revision, err = s.log.Append(s.ctx, c, rev)
				switch {
				case errors.Is(err, log.ErrConflict):
					conflicts[w]++
				case err != nil:
					errs[w] = err
					return
				default:
					links[w] = append(links[w], link{rev, c})
					n++
				}
			}
		})
	}
	wg.Wait()
	s.check(errors.Join(errs...))
	byExpected := map[log.Revision]log.Commit{}
	for _, ls := range links {
		for _, l := range ls {
			if other, taken := byExpected[l.expected]; taken {
				s.Fatalf("%s and %s were both decided on revision %d", other.ID, l.c.ID, l.expected)
			}
			byExpected[l.expected] = l.c
		}
	}
	got := s.read(log.Position{}, log.Filter{})
	var want []log.Commit
	var rev log.Revision
	for range writers * each {
		c := byExpected[rev]
		want, rev = append(want, c), c.Revision
	}
	s.equal(got, want)
	s.Logf("conflicts: %v", conflicts)
}
