// Package logtest is the conformance suite of the event log. It tests the promises of
// package log. A driver runs the suite in one of its tests:
//
//	logtest.Run(t, func(t *testing.T) log.Log { … })
//
// The function opens an empty log of the driver, and closes and removes it at the end
// of the test. The suite treats positions and revisions as opaque; they may be
// sparse.
//
// If the log also has the method
//
//	Verify(ctx context.Context, pos log.Position, id string) error
//
// the suite tests it too. It must return nil if the commit at pos has the given id,
// and log.ErrForeign if the commit has another id or does not exist.
//
// [Flaky] and [Forgetful] wrap a log with faults, for tests of code that uses a log.
package logtest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log"
)

// Patience is the time limit of each test of the suite. It is far more than any of
// them needs.
const Patience = 5 * time.Minute

// Soon is the time limit for a call that should return at once, on a loaded machine.
const Soon = 10 * time.Second

// Run runs the suite on the logs that open returns. Every subtest calls open at least
// once.
func Run(t *testing.T, open func(t *testing.T) log.Log) {
	for _, test := range []struct {
		name string
		run  func(*suite)
	}{
		{"Empty", empty},
		{"RoundTrip", roundTrip},
		{"RecordedTimes", recordedTimes},
		{"Refusals", refusals},
		{"Maximal", maximal},
		{"CommitIDs", commitIDs},
		{"Conflict", conflict},
		{"Retry", retry},
		{"ConcurrentRetry", concurrentRetry},
		{"ConcurrentGuards", concurrentGuards},
		{"ReadFromAnywhere", readFromAnywhere},
		{"Filter", filter},
		{"ReadDuringWrites", readDuringWrites},
		{"BreakOff", breakOff},
		{"FollowHandOver", followHandOver},
		{"FollowResumed", followResumed},
		{"FollowFiltered", followFiltered},
		{"Cancel", cancel},
		{"Close", closing},
		{"Foreign", foreign},
		{"Verify", verify},
		{"Impossible", impossible},
		{"Model", model},
		{"Linearizable", linearizable},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), Patience)
			defer cancel()
			test.run(&suite{T: t, ctx: ctx, open: open, log: open(t)})
		})
	}
}

// A suite is the state of one subtest: a new log, and methods that use it.
type suite struct {
	*testing.T
	ctx  context.Context
	open func(t *testing.T) log.Log
	log  log.Log
	made int // number of commits made by commit
}

// commit returns a new commit of n events, with bytes that a careless codec would
// change.
func (s *suite) commit(boundary string, n int) log.Commit {
	s.made++
	c := log.Commit{ID: fmt.Sprintf("c-%06d", s.made), Boundary: boundary}
	for i := range n {
		c.Events = append(c.Events, fmt.Appendf(nil,
			`{"id":"%s-%d","n":%d.0,"text":"济南 <&> \u002f \/ \" \n","list":[1,  2],"id":"twice"}`, c.ID, i, i))
	}
	return c
}

// append appends c, and fails the test if that fails. It returns c as a reader must
// see it.
func (s *suite) append(c log.Commit, expected log.Revision) log.Commit {
	s.Helper()
	pos, rev, err := s.log.Append(s.ctx, c, expected)
	if err != nil {
		s.Fatalf("append %s on %s after %d: %v", c.ID, c.Boundary, expected, err)
	}
	if pos.IsZero() || pos.Index() != 0 || rev <= expected {
		s.Fatalf("append %s after %d: position %s, revision %d", c.ID, expected, pos, rev)
	}
	c.Position, c.Revision = pos, rev
	return c
}

// fill appends n commits of one to three events to the given boundaries, in an order
// that a fixed seed determines. It returns them in log order.
func (s *suite) fill(n int, boundaries ...string) []log.Commit {
	s.Helper()
	random := rand.New(rand.NewPCG(1, uint64(n)))
	last := map[string]log.Revision{}
	var all []log.Commit
	for range n {
		b := boundaries[random.IntN(len(boundaries))]
		if _, known := last[b]; !known {
			_, rev, err := s.log.Head(s.ctx, log.Filter{Boundary: b})
			s.check(err)
			last[b] = rev
		}
		c := s.append(s.commit(b, 1+random.IntN(3)), last[b])
		last[b] = c.Revision
		if len(all) > 0 && all[len(all)-1].Position.Compare(c.Position) >= 0 {
			s.Fatalf("%s at %s does not lie after %s", c.ID, c.Position, all[len(all)-1].Position)
		}
		all = append(all, c)
	}
	return all
}

// read reads to the end of the log.
func (s *suite) read(from log.Position, f log.Filter) []log.Commit {
	s.Helper()
	var all []log.Commit
	for c, err := range s.log.Read(s.ctx, from, f) {
		if err != nil {
			s.Fatalf("read from %s, boundary %q, after %d commits: %v", from, f.Boundary, len(all), err)
		}
		all = append(all, c)
	}
	return all
}

// equal fails the test unless got equals want in order and to the byte.
func (s *suite) equal(got, want []log.Commit) {
	s.Helper()
	for i := range min(len(got), len(want)) {
		if err := same(got[i], want[i]); err != nil {
			s.Fatalf("commit %d of %d: %v", i, len(want), err)
		}
	}
	if len(got) != len(want) {
		s.Fatalf("%d commits, want %d", len(got), len(want))
	}
}

// same compares all fields except the recorded time, which Append does not return.
func same(got, want log.Commit) error {
	if got.ID != want.ID || got.Boundary != want.Boundary || got.Position != want.Position ||
		got.Revision != want.Revision || !got.Imported.Equal(want.Imported) {
		return fmt.Errorf("%q on %s at %s, revision %d, imported %v; want %q on %s at %s, revision %d, imported %v",
			got.ID, got.Boundary, got.Position, got.Revision, got.Imported,
			want.ID, want.Boundary, want.Position, want.Revision, want.Imported)
	}
	if len(got.Events) != len(want.Events) {
		return fmt.Errorf("%q: %d events, want %d", got.ID, len(got.Events), len(want.Events))
	}
	for i := range want.Events {
		if !bytes.Equal(got.Events[i], want.Events[i]) {
			return fmt.Errorf("%q: event %d is %.200q, want %.200q", got.ID, i, got.Events[i], want.Events[i])
		}
	}
	if got.Recorded.IsZero() {
		return fmt.Errorf("%q: no recorded time", got.ID)
	}
	return nil
}

func (s *suite) check(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// selected returns the commits of all that lie after from and that f selects.
func selected(all []log.Commit, from log.Position, f log.Filter) []log.Commit {
	var some []log.Commit
	for _, c := range all {
		if c.Position.Compare(from.Commit()) > 0 && f.Matches(c.Boundary) {
			some = append(some, c)
		}
	}
	return some
}
