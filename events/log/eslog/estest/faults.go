package estest

import (
	"context"
	"sync"

	"google.golang.org/grpc/peer"
)

// faults are those that were ordered and have not happened yet.
type faults struct {
	mu       sync.Mutex
	lostAcks int
	refusals int
	falters  int
	passes   int
	before   func() // runs before the next subscription begins
	calls    int    // that were made so far, those for the feature list included
	atCall   int    // the call that do is for; none when zero
	do       func()
	cutAfter int           // events until a reader's connection is cut, when positive
	frozen   chan struct{} // open while nothing is answered
}

// LoseAcks lets the next n appends be written and then cuts the connection
// instead of answering.
func (s *Server) LoseAcks(n int) { s.faults.set(func(f *faults) { f.lostAcks = n }) }

// Refuse answers the next n appends with Unavailable, unwritten, as a server
// does that is too busy.
func (s *Server) Refuse(n int) { s.faults.set(func(f *faults) { f.refusals = n }) }

// Falter fails the next n calls with Unknown, as a server does that is shutting
// down.
func (s *Server) Falter(n int) { s.faults.set(func(f *faults) { f.falters = n }) }

// PassOver lets the next n subscriptions send nothing of what their filter selects
// of the past, and a checkpoint of its end.
func (s *Server) PassOver(n int) { s.faults.set(func(f *faults) { f.passes = n }) }

// BeforeSubscription runs f once, before the next subscription begins.
func (s *Server) BeforeSubscription(f func()) { s.faults.set(func(x *faults) { x.before = f }) }

// CutAfter cuts the connection of the reader that receives the n-th event from
// now on, just after it was sent.
func (s *Server) CutAfter(n int) { s.faults.set(func(f *faults) { f.cutAfter = n }) }

// Cut cuts all connections.
func (s *Server) Cut() { s.cut("") }

// Freeze holds every call until Thaw; connections stay.
func (s *Server) Freeze() {
	s.faults.set(func(f *faults) {
		if f.frozen == nil {
			f.frozen = make(chan struct{})
		}
	})
}

// Thaw ends Freeze.
func (s *Server) Thaw() { s.faults.thaw() }

func (f *faults) set(change func(*faults)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *faults) thaw() {
	f.set(func(f *faults) {
		if f.frozen != nil {
			close(f.frozen)
			f.frozen = nil
		}
	})
}

// Calls returns how many calls were made so far.
func (s *Server) Calls() int {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return s.faults.calls
}

// AtCall runs f when the n-th call from now on comes in.
func (s *Server) AtCall(n int, f func()) {
	s.faults.set(func(x *faults) { x.atCall, x.do = x.calls+n, f })
}

// called counts a call.
func (f *faults) called() {
	f.mu.Lock()
	f.calls++
	do := f.do
	if f.calls != f.atCall {
		do = nil
	}
	f.mu.Unlock()
	if do != nil {
		do()
	}
}

func (f *faults) beforeSubscription() {
	f.mu.Lock()
	do := f.before
	f.before = nil
	f.mu.Unlock()
	if do != nil {
		do()
	}
}

// wait returns at once unless the server is frozen.
func (f *faults) wait(ctx context.Context) error {
	f.mu.Lock()
	frozen := f.frozen
	f.mu.Unlock()
	if frozen == nil {
		return nil
	}
	select {
	case <-frozen:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take uses up one of counter, if any is left.
func (f *faults) take(counter func(*faults) *int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := counter(f)
	if *n <= 0 {
		return false
	}
	*n--
	return true
}

// sent counts an event sent to a reader, and cuts its connection when that was
// the last it should get.
func (s *Server) sent(ctx context.Context) {
	s.faults.mu.Lock()
	cut := s.faults.cutAfter == 1
	if s.faults.cutAfter > 0 {
		s.faults.cutAfter--
	}
	s.faults.mu.Unlock()
	if cut {
		s.cut(remote(ctx))
	}
}

func remote(ctx context.Context) string {
	if p, ok := peer.FromContext(ctx); ok {
		return p.Addr.String()
	}
	return ""
}
