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

// An Event is one stored event. Write takes what the store does not set.
type Event struct {
	ID       uuid.UUID
	Type     string
	Data     []byte
	Metadata []byte
	JSON     bool

	// The store sets the rest.
	Stream   string
	Number   uint64
	Position uint64 // commit and prepare position alike, as for every append
	Created  time.Time
}

// Expected revisions that are not event numbers.
const (
	anyRevision  = -2
	noStream     = -1
	streamExists = -4
)

// A store holds $all in order, and for each stream where its events are.
type store struct {
	noisy   bool
	others  int // records of other applications, in front and now and then
	appends int
	lag     time.Duration // from being accepted to being readable

	mu      sync.Mutex
	all     []Event
	visible int              // how many of all can be read
	streams map[string][]int // by event number
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
	// A database begins with a record that is no event.
	s.next = 211
	s.writeSystemEvents()
	s.writeOthers()
	return s
}

// othersEvery is how many appends lie between two crowds of records of others.
const othersEvery = 20

// crowd writes the records of other applications.
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

// An outcome is what became of an append.
type appendResult struct {
	ok       bool
	repeated bool
	last     int64 // number of the last event of the append, if ok, or of the stream
	position uint64
	age      time.Duration // since the first append, of a repeated one
	readable int           // how much of all must be readable before the answer is given
}

// append writes events if stream is at expected. With a concrete revision, an
// append that is in the stream already is answered as it was at first.
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
		// It begins again, under the numbers that follow.
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
			// The leader has accepted it, and cannot look it up yet.
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

// anywhere finds an append by its ids alone, which is all that can be done for
// one without a concrete revision.
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

// write puts events at the end of stream and of $all.
func (s *store) write(stream string, events []Event) {
	now := time.Now().UTC().Truncate(100 * time.Nanosecond)
	for _, e := range events {
		e.Stream, e.Number, e.Position, e.Created = stream, uint64(len(s.streams[stream])), s.next, now
		s.streams[stream] = append(s.streams[stream], len(s.all))
		s.all = append(s.all, e)
		// A record is as long as what it holds and then some.
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

// show makes the first n of all readable.
func (s *store) makeReadable(n int) {
	s.visible = max(s.visible, n)
	close(s.grown)
	s.grown = make(chan struct{})
}

// await returns when the first n of all can be read.
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

// noise writes what a server writes of its own accord: statistics, links into
// category streams, and streams that somebody else uses.
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

// zeros makes ids that are the same in each run.
type zeros struct{ *rand.Rand }

func (z zeros) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(z.IntN(256))
	}
	return len(b), nil
}

// snapshot returns $all as it is now, and a channel that closes when it grows.
// What was written stays as it is, so the slice may be read without a lock.
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
		if e := s.all[at]; e.Number == uint64(number) && !r.hides(e, len(index)) { // and not scavenged
			events = append(events, e)
		}
	}
	return events
}

// find returns the index in all of the first event at position or after it,
// and whether a record begins there.
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

// Write puts events at the end of stream as they are, whatever they mean to
// the log: damaged commits, events of other applications.
func (s *Server) Write(stream string, events ...Event) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.write(stream, events)
}

// Events returns the events of stream.
func (s *Server) Events(stream string) []Event { return s.store.stream(stream) }

// Accepted returns how many events of stream were accepted, readable or not.
func (s *Server) Accepted(stream string) int {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return len(s.store.streams[stream])
}

// All returns every event, in the order of $all.
func (s *Server) All() []Event {
	all, _ := s.store.snapshot()
	return slices.Clone(all)
}

// Forget takes away the last n events of $all, as a restored backup does.
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

// Lose takes away the events of stream from number on, as damage does.
func (s *Server) Lose(stream string, number uint64) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.rebuild(slices.DeleteFunc(slices.Clone(s.store.all), func(e Event) bool { return e.Stream == stream && e.Number >= number }))
}

// Scavenge takes away the events of stream that come before number, as
// retention does.
func (s *Server) Scavenge(stream string, number uint64) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.rebuild(slices.DeleteFunc(slices.Clone(s.store.all), func(e Event) bool { return e.Stream == stream && e.Number < number }))
}

// Conceal makes the last n records unreadable for a while, as on a leader that has
// been deposed and does not know it yet.
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

// rebuild puts all in place of what there is. An event number that is gone
// leads to the next one that is not.
func (s *store) rebuild(all []Event) {
	s.all, s.visible, s.streams = all, len(all), map[string][]int{}
	for i, e := range all {
		for uint64(len(s.streams[e.Stream])) < e.Number {
			s.streams[e.Stream] = append(s.streams[e.Stream], i)
		}
		s.streams[e.Stream] = append(s.streams[e.Stream], i)
	}
}
