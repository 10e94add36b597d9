package placement_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
)

// A history is a log of a programme in which people followed each other on the seats. Its
// events are made while they are read, so that it takes no memory. There is one seat for
// every three people, on posts of three seats. Three in four people have left, and one in
// four had the term renewed.
type history struct {
	log.Log
	persons int
}

const perCommit = 500

func (h history) Read(_ context.Context, from log.Position, _ log.Filter) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		if !from.IsZero() {
			return
		}
		c := log.Commit{}
		flush := func() bool {
			c.Revision++
			c.Position = log.At(uint64(c.Revision), 0)
			ok := yield(c, nil)
			c.Events = c.Events[:0]
			return ok
		}
		for e := range h.events() {
			raw, err := Stamp(e).Append(nil)
			if err != nil {
				yield(c, err)
				return
			}
			if c.Events = append(c.Events, raw); len(c.Events) == perCommit && !flush() {
				return
			}
		}
		if len(c.Events) > 0 {
			flush()
		}
	}
}

func (h history) events() iter.Seq[*events.Event] {
	return func(yield func(*events.Event) bool) {
		for p := range h.persons / 9 {
			e := Developed(fmt.Sprint("d-", p), fmt.Sprintf("%s-%06d", Village, p), 3, "2020-01-01")
			d := e.Data.(*events.PostDeveloped)
			d.Fund = fmt.Sprint("fund-", p%150)
			if !yield(e) {
				return
			}
		}
		for i := range h.persons {
			// The first third of the people come first on the seats.
			seat, turn := i%(h.persons/9*3), i/(h.persons/9*3)
			if turn > 2 {
				return
			}
			post := fmt.Sprintf("%s-%06d", Village, seat/3)
			from := civil.MustDate("2020-02-01") + civil.Date(300*turn)
			who := events.Who{Person: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, i))}
			hire := Hired(fmt.Sprint("h-", i), post, 0, seat%3+1, from.String())
			hire.Data.(*events.HirePlaced).Who = who
			if !yield(hire) {
				return
			}
			if i%4 == 0 {
				e := Event(fmt.Sprint("n-", i), &events.HireRenewed{Who: who, Post: post, Until: from + 400})
				if !yield(e) {
					return
				}
			}
			if turn < 2 || i%4 == 1 {
				e := Event(fmt.Sprint("x-", i), &events.ExitRecorded{Who: who, Post: post, On: from + 250, Kind: "natural", Code: "N5"})
				if !yield(e) {
					return
				}
			}
		}
	}
}

func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Goal: 1.2 million people take at most 300 MB, and a start takes seconds. Method: a history
// is folded without the idempotency index and with it. The time to make the history is
// subtracted. MUSTER_LONG=1 folds all of them.
func TestMemory(t *testing.T) {
	const whole, limit = 1_200_000, 300_000_000
	h := history{persons: 18_000}
	if os.Getenv("MUSTER_LONG") != "" {
		h.persons = whole
	}
	before := heap()
	s := placement.New()
	for e := range h.events() {
		command.Apply(s, e)
	}
	alone := float64(heap()-before) / float64(h.persons)
	runtime.KeepAlive(s)
	s = nil

	begin, n := time.Now(), 0
	for c, err := range h.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		n += len(c.Events)
	}
	making := time.Since(begin)

	before, begin = heap(), time.Now()
	s = placement.New()
	f := command.NewFold(h, "placement", s)
	if err := f.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	took := max(time.Since(begin)-making, time.Millisecond)
	both := float64(heap()-before) / float64(h.persons)
	runtime.KeepAlive(f)
	if !s.PlacedOn(uuid.NewSHA1(uuid.Nil, []byte("1")), fmt.Sprintf("%s-%06d", Village, 0), civil.MustDate("2020-03-01")) {
		t.Error("somebody is missing")
	}
	t.Logf("%d people, %d events: %.0f B a person, %.0f B with the idempotency index; decoded and folded in %.1f s, %.0f events/s",
		h.persons, n, alone, both, took.Seconds(), float64(n)/took.Seconds())
	if alone*whole > limit {
		t.Errorf("%.0f B a person are more than %d MB for %d people", alone, limit/1_000_000, whole)
	}
}
