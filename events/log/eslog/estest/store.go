package estest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// An Event is one stored event.
type Event struct {
	ID       uuid.UUID
	Type     string
	Data     []byte
	Metadata []byte
	JSON     bool

	// The store sets the following fields.
	Stream   string
	Number   uint64
	Position uint64 // commit and prepare position, which are equal for every append
	Created  time.Time
}

// Expected revisions that are not event numbers.
const (
	anyRevision  = -2
	noStream     = -1
	streamExists = -4
)

// A store holds $all in order, and the places of the events of each stream.
type store struct {
	noisy   bool
	others  int // number of records of other applications in each batch of them
	appends int
	lag     time.Duration // time from accepted to readable

	mu      sync.Mutex
	all     []Event
	visible int              // number of events in all that can be read
	streams map[string][]int // index in all, by stream and event number
	// tombstones are the streams that were deleted for good.
	tombstones map[string]bool
	next       uint64 // position of the next record
	random     *rand.Rand
	grown      chan struct{} // closed when more of all can be read
}

func newStore(o Options) *store {
	s := &store{noisy: !o.Quiet, others: o.Others, lag: o.ReadLag, streams: map[string][]int{}, tombstones: map[string]bool{}, random: rand.New(rand.NewPCG(7, 11)), grown: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	// A database begins with a record that is not an event.
	s.next = 211
	s.writeSystemEvents()
	s.writeOthers()
	return s
}

// othersEvery is the number of appends between two batches of records of other
// applications.
const othersEvery = 20

// writeOthers writes the records of other applications.
func (s *store) writeOthers() {
	if s.others == 0 {
		return
	}
	events := make([]Event, s.others)
	for i := range events {
		events[i] = Event{ID: uuid.New(), Type: "counted", Data: []byte(`{"n":1}`), JSON: true}
	}
	s.write("inventory-17", events)
}

// An appendResult is the result of an append.
type appendResult struct {
	ok       bool
	repeated bool
	last     int64 // number of the last event of the append if ok, otherwise of the stream
	position uint64
	age      time.Duration // for a repeated append, the time since the first one
	readable int           // number of events of all that must be readable before the answer
}

// append writes events if the stream is at the expected revision. If the revision is
// concrete and the events are already there, it returns the result of the first
// append.
func (s *store) append(stream string, expected int64, events []Event) appendResult {
	s.mu.Lock()
	defer s.mu.Unlock()
	index := s.streams[stream]
	current := int64(len(index)) - 1
	switch {
	case expected == anyRevision, expected == streamExists && current >= 0:
		if o, ok := s.findByIDs(stream, events); ok {
			return o
		}
	case expected == streamExists, expected > current:
		return appendResult{last: current}
	case expected == noStream && s.retention(stream).deleted():
		// A softly deleted stream begins again with the numbers that follow.
		s.setMetadata(stream, fmt.Sprintf(`{"$tb":%d}`, current+1))
	case expected < current:
		for i, e := range events {
			at := expected + 1 + int64(i)
			if at > current || s.all[index[at]].ID != e.ID {
				return appendResult{last: current}
			}
		}
		if len(events) == 0 {
			return appendResult{last: current}
		}
		last := expected + int64(len(events))
		if index[last] >= s.visible {
			// The leader has accepted the first append, but cannot look it up yet.
			return appendResult{last: current}
		}
		return appendResult{ok: true, repeated: true, last: last, position: s.all[index[last]].Position, age: time.Since(s.all[index[last]].Created), readable: index[last] + 1}
	}
	s.write(stream, events)
	s.writeSystemEvents()
	if s.appends++; s.appends%othersEvery == 1 {
		s.writeOthers()
	}
	index = s.streams[stream]
	if len(index) == 0 {
		return appendResult{ok: true, last: -1}
	}
	last := index[len(index)-1]
	return appendResult{ok: true, last: int64(len(index)) - 1, position: s.all[last].Position, readable: last + 1}
}

// findByIDs finds an append by its event ids alone, as the server does for an append
// without a concrete revision.
func (s *store) findByIDs(stream string, events []Event) (appendResult, bool) {
	if len(events) == 0 {
		return appendResult{}, false
	}
	index := s.streams[stream]
	for at := range index {
		if s.all[index[at]].ID != events[0].ID {
			continue
		}
		for i, e := range events {
			if at+i >= len(index) || s.all[index[at+i]].ID != e.ID {
				return appendResult{last: int64(len(index)) - 1}, true
			}
		}
		last := at + len(events) - 1
		return appendResult{ok: true, repeated: true, last: int64(last), position: s.all[index[last]].Position}, true
	}
	return appendResult{}, false
}

// write appends events to stream and to $all.
func (s *store) write(stream string, events []Event) {
	now := time.Now().UTC().Truncate(100 * time.Nanosecond)
	for _, e := range events {
		e.Stream, e.Number, e.Position, e.Created = stream, uint64(len(s.streams[stream])), s.next, now
		s.streams[stream] = append(s.streams[stream], len(s.all))
		s.all = append(s.all, e)
		// The size of a record determines the next position.
		s.next += uint64(len(e.Data)+len(e.Metadata)+2*len(e.Type)) + 71 + 2*uint64(s.random.IntN(50))
	}
	if s.lag == 0 {
		s.makeReadable(len(s.all))
		return
	}
	n := len(s.all)
	time.AfterFunc(s.lag, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.makeReadable(min(n, len(s.all)))
	})
}

// makeReadable makes the first n events of all readable.
func (s *store) makeReadable(n int) {
	s.visible = max(s.visible, n)
	close(s.grown)
	s.grown = make(chan struct{})
}

// awaitReadable waits until the first n events of all can be read.
func (s *store) awaitReadable(ctx context.Context, n int) error {
	for {
		s.mu.Lock()
		visible, grown := s.visible, s.grown
		s.mu.Unlock()
		if visible >= n {
			return nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// writeSystemEvents writes what a server writes by itself: statistics, links into
// category streams, and streams of other users.
func (s *store) writeSystemEvents() {
	if !s.noisy {
		return
	}
	for range s.random.IntN(3) {
		name := []string{"$stats-127.0.0.1:2113", "$ce-muster", "inventory-17", "$$muster-placement"}[s.random.IntN(4)]
		id := uuid.Must(uuid.NewRandomFromReader(zeros{s.random}))
		s.write(name, []Event{{ID: id, Type: "$system", Data: []byte(fmt.Sprintf(`{"n":%d}`, s.random.IntN(1000))), JSON: true}})
	}
}

// zeros makes ids that are equal in each run.
type zeros struct{ *rand.Rand }

func (z zeros) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(z.IntN(256))
	}
	return len(b), nil
}

// snapshot returns the present $all, and a channel that is closed when it grows.
// Written events do not change, so the slice can be read without a lock.
func (s *store) snapshot() ([]Event, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[:s.visible:s.visible], s.grown
}

// stream returns the events of one stream.
func (s *store) stream(name string) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var events []Event
	index := s.streams[name]
	r := s.retention(name)
	for number, at := range index {
		if at >= s.visible {
			break
		}
		if e := s.all[at]; e.Number == uint64(number) && !r.hides(e, len(index)) { // not scavenged
			events = append(events, e)
		}
	}
	return events
}

// find returns the index in all of the first event at or after position, and whether
// a record begins at position.
func find(all []Event, position uint64) (int, bool) {
	return slices.BinarySearchFunc(all, position, func(e Event, p uint64) int {
		switch {
		case e.Position < p:
			return -1
		case e.Position > p:
			return 1
		}
		return 0
	})
}

// Write appends events to stream unchanged, whether they are valid for the log or
// not.
func (s *Server) Write(stream string, events ...Event) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.write(stream, events)
}

// Events returns the events of stream.
func (s *Server) Events(stream string) []Event { return s.store.stream(stream) }

// Accepted returns the number of accepted events of stream, readable or not.
func (s *Server) Accepted(stream string) int {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return len(s.store.streams[stream])
}

// All returns all events in the order of $all.
func (s *Server) All() []Event {
	all, _ := s.store.snapshot()
	return slices.Clone(all)
}

// Forget removes the last n events of $all, like a restored backup.
func (s *Server) Forget(n int) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	all := s.store.all
	keep := max(0, len(all)-n)
	s.store.rebuild(slices.Clone(all[:keep]))
	s.store.next = 211
	if keep > 0 {
		s.store.next = all[keep-1].Position + 97
	}
}

// Lose removes the events of stream from number on, like damage.
func (s *Server) Lose(stream string, number uint64) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.rebuild(slices.DeleteFunc(slices.Clone(s.store.all), func(e Event) bool { return e.Stream == stream && e.Number >= number }))
}

// Scavenge removes the events of stream before number, like retention.
func (s *Server) Scavenge(stream string, number uint64) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.rebuild(slices.DeleteFunc(slices.Clone(s.store.all), func(e Event) bool { return e.Stream == stream && e.Number < number }))
}

// Conceal makes the last n records unreadable for some time, like a leader that was
// deposed and does not know it yet.
func (s *Server) Conceal(n int, while time.Duration) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	all := len(s.store.all)
	s.store.visible = max(0, all-n)
	time.AfterFunc(while, func() {
		s.store.mu.Lock()
		defer s.store.mu.Unlock()
		s.store.makeReadable(min(all, len(s.store.all)))
	})
}

// rebuild replaces the events by all. The number of a removed event refers to the
// next event that exists.
func (s *store) rebuild(all []Event) {
	s.all, s.visible, s.streams = all, len(all), map[string][]int{}
	for i, e := range all {
		for uint64(len(s.streams[e.Stream])) < e.Number {
			s.streams[e.Stream] = append(s.streams[e.Stream], i)
		}
		s.streams[e.Stream] = append(s.streams[e.Stream], i)
	}
}
