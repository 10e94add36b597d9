package estest

import (
	"context"
	"sync"

	"google.golang.org/grpc/peer"
)

// faults are the faults that were ordered and have not happened yet.
type faults struct {
	mu       sync.Mutex
	lostAcks int
	refusals int
	falters  int
	passes   int
	before   func() // runs before the next subscription begins
	calls    int    // number of calls so far, including those for the list of features
	atCall   int    // number of the call before which do runs; none if zero
	do       func()
	cutAfter int           // number of events until a reader's connection is cut, if positive
	frozen   chan struct{} // open while nothing is answered
}

// LoseAcks writes the next n appends and then cuts the connection in place of
// answering.
func (s *Server) LoseAcks(n int) { s.faults.set(func(f *faults) { f.lostAcks = n }) }

// Refuse answers the next n appends with Unavailable and does not write them, like a
// server that is too busy.
func (s *Server) Refuse(n int) { s.faults.set(func(f *faults) { f.refusals = n }) }

// Falter fails the next n calls with Unknown, like a server that is shutting down.
func (s *Server) Falter(n int) { s.faults.set(func(f *faults) { f.falters = n }) }

// PassOver lets the next n subscriptions skip the past events that their filter
// selects, and send a checkpoint at the end.
func (s *Server) PassOver(n int) { s.faults.set(func(f *faults) { f.passes = n }) }

// BeforeSubscription runs f once, before the next subscription begins.
func (s *Server) BeforeSubscription(f func()) { s.faults.set(func(x *faults) { x.before = f }) }

// CutAfter cuts the connection of the reader that receives the n-th event from now
// on, after that event.
func (s *Server) CutAfter(n int) { s.faults.set(func(f *faults) { f.cutAfter = n }) }

// Cut cuts all connections.
func (s *Server) Cut() { s.cut("") }

// Freeze stops answering calls until Thaw. Connections stay open.
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

// Calls returns the number of calls so far.
func (s *Server) Calls() int {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return s.faults.calls
}

// AtCall runs f when the n-th call from now on arrives.
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

// wait waits while the server is frozen.
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

// take decrements a counter and returns true, if the counter is not zero.
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

// sent counts an event sent to a reader, and cuts the connection if it was the last
// to be sent.
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
