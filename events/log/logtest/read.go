package logtest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/muster-works/muster/events/log"
)

var families = []string{"placement", "training", "attendance", "payment"}

// readFromAnywhere: a read from any event of any commit, with any filter, returns the
// rest of the log.
func readFromAnywhere(s *suite) {
	all := s.fill(40, families...)
	starts := []log.Position{{}}
	for _, c := range all {
		starts = append(starts, c.Position, c.Position.Event(len(c.Events)-1))
	}
	for _, from := range starts {
		s.equal(s.read(from, log.Filter{}), selected(all, from, log.Filter{}))
	}
	for _, from := range starts {
		f := log.Filter{Boundary: families[from.Index()%len(families)]}
		s.equal(s.read(from, f), selected(all, from, f))
	}
	// These are enough commits for a driver that reads many commits in another way
	// than few, and for the limit between the two ways.
	all = append(all, s.fill(160, families...)...)
	for _, from := range []int{0, 1, 60, 99, 100, 140, 180, 195, 199} {
		f := log.Filter{Boundary: families[from%len(families)]}
		s.equal(s.read(all[from].Position, log.Filter{}), all[from+1:])
		s.equal(s.read(all[from].Position, f), selected(all, all[from].Position, f))
	}
	s.equal(s.read(log.Position{}, log.Filter{}), all)
}

// filter: a boundary is identified by its whole name. A name that begins with it, or
// extends it after a dot, is another boundary.
func filter(s *suite) {
	names := []string{"a", "a.b", "a.b.c", "a-b", "a_b", "ab", "b", "0"}
	all := s.fill(40, names...)
	for _, name := range append(names, "absent", "a.b.d") {
		f := log.Filter{Boundary: name}
		want := selected(all, log.Position{}, f)
		s.equal(s.read(log.Position{}, f), want)
		s.equal(s.read(all[len(all)-1].Position, f), nil)
		pos, rev, err := s.log.Head(s.ctx, f)
		s.check(err)
		if len(want) == 0 {
			if !pos.IsZero() || rev != 0 {
				s.Errorf("head of %s, which has no commit: %s, %d", name, pos, rev)
			}
		} else if last := want[len(want)-1]; pos != last.Position || rev != last.Revision {
			s.Errorf("head of %s: %s, %d; want %s, %d", name, pos, rev, last.Position, last.Revision)
		}
	}
}

// readDuringWrites: every read during writes returns a prefix of the final log
// without gaps, and contains all commits that were acknowledged before it began.
func readDuringWrites(s *suite) {
	const each = 40
	var acked [4]atomic.Int64
	errs := make([]error, len(families))
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for w, family := range families {
		writers.Go(func() {
			var rev log.Revision
			for n := range each {
				c := log.Commit{ID: fmt.Sprintf("%s-%d", family, n), Boundary: family, Events: many(1+n%3, []byte(`{"a":1}`))}
				if _, rev, errs[w] = s.log.Append(s.ctx, c, rev); errs[w] != nil {
					return
				}
				acked[w].Add(1)
			}
		})
	}
	var reads [][]log.Commit
	readers.Go(func() {
		for last := false; !last && !s.Failed(); {
			select {
			case <-done:
				last = true
			default:
			}
			var before [4]int64
			for w := range acked {
				before[w] = acked[w].Load()
			}
			var got []log.Commit
			seen := map[string]int64{}
			for c, err := range s.log.Read(s.ctx, log.Position{}, log.Filter{}) {
				if err != nil {
					s.Errorf("read: %v", err)
					return
				}
				if want := fmt.Sprintf("%s-%d", c.Boundary, seen[c.Boundary]); c.ID != want || len(c.Events) != 1+int(seen[c.Boundary])%3 {
					s.Errorf("read %s of %d events where %s comes", c.ID, len(c.Events), want)
					return
				}
				seen[c.Boundary]++
				got = append(got, c)
			}
			for w, family := range families {
				if seen[family] < before[w] {
					s.Errorf("%s: %d commits read, but %d were acknowledged before", family, seen[family], before[w])
				}
			}
			reads = append(reads, got)
		}
	})
	writers.Wait()
	close(done)
	readers.Wait()
	s.check(errors.Join(errs...))
	final := s.read(log.Position{}, log.Filter{})
	if len(final) != len(families)*each {
		s.Fatalf("%d commits in the end, want %d", len(final), len(families)*each)
	}
	for _, got := range reads {
		if len(got) > len(final) {
			s.Fatalf("a read of %d commits from a log of %d", len(got), len(final))
		}
		s.equal(got, final[:len(got)])
	}
	s.Logf("%d reads during the writes", len(reads))
}

// breakOff: a caller that breaks off gets no error, and does not disturb the next
// reader.
func breakOff(s *suite) {
	all := s.fill(30, families...)
	for range 10 {
		n := 0
		for _, err := range s.log.Read(s.ctx, log.Position{}, log.Filter{}) {
			s.check(err)
			if n++; n == 3 {
				break
			}
		}
		for _, err := range s.log.Follow(s.ctx, all[3].Position, log.Filter{}) {
			s.check(err)
			break
		}
	}
	// The same sequence can be used again, and starts at the beginning.
	seq := s.log.Read(s.ctx, all[9].Position, log.Filter{})
	for range 2 {
		var got []log.Commit
		for c, err := range seq {
			s.check(err)
			got = append(got, c)
		}
		s.equal(got, all[10:])
	}
}
