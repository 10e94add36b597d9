package payment

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"pgregory.net/rapid"
)

// A count that has reached its end stays, and none falls below zero.
func TestCountsStayInTheirBits(t *testing.T) {
	l := line{}.instruct(7, 8, maxAmount).settle(-1).giveBack(-1)
	for range maxCount + 10 {
		l = l.settle(1)
	}
	if l.settled() != maxCount || l.returned() != 0 || l.amount() != maxAmount {
		t.Errorf("settled %d, returned %d, amount %d", l.settled(), l.returned(), l.amount())
	}
	if l = l.settle(-1); l.settled() != maxCount {
		t.Error("a count came back from its end")
	}
	for range maxCount + 10 {
		l = l.giveBack(1)
	}
	if l.settled() != maxCount || l.returned() != maxCount || l.amount() != maxAmount || l.part != 7 || l.person != 8 {
		t.Errorf("%+v", l)
	}
	if l := (line{}).instruct(1, 1, -5).settle(1); l.amount() != 0 || l.settled() != 1 {
		t.Errorf("%+v", l)
	}
}

// Lines that follow each other make one span; any order comes back as given.
func TestSpans(t *testing.T) {
	var s spans
	for n := range uint32(1000) {
		s.add(n)
	}
	if len(s) != 1 {
		t.Errorf("%d spans", len(s))
	}
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.SliceOf(rapid.Uint32Range(0, 5)).Draw(t, "lines")
		var s spans
		for _, n := range given {
			s.add(n)
		}
		if got := slices.Collect(s.all()); !slices.Equal(got, given) {
			t.Fatalf("%v, given %v", got, given)
		}
	})
}

// The index against a map, ids that collide in it included, over adds and cuts.
func TestIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := new(run)
		var ids []uint64
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			if len(ids) > 0 && rapid.IntRange(0, 3).Draw(t, "cut") == 0 {
				r.cut()
				ids = ids[:len(ids)-1]
			} else {
				// Few low bits, so that probes run into each other and wrap.
				id := rapid.Uint64Range(0, 3).Draw(t, "high")<<32 | rapid.Uint64Range(5, 7).Draw(t, "low")
				r.add(id)
				ids = append(ids, id)
			}
			want := map[uint64][]uint32{}
			for n, id := range ids {
				want[id] = append(want[id], uint32(n))
			}
			for high := range uint64(4) {
				for low := range uint64(9) {
					id := high<<32 | low
					if got := slices.Collect(r.under(id)); !slices.Equal(got, want[id]) {
						t.Fatalf("under %x: %v, want %v", id, got, want[id])
					}
				}
			}
		}
	})
}

// season yields the events of months of pay runs: towns of 200 persons, a run
// a county of 20 towns, in parts of 500 lines, instructed and settled.
func season(persons, months int, yield func(*events.Event)) (lines int) {
	const county, part = 4000, 500
	yield(allocate("fund", "f", 1e15))
	who := make([]events.Person, persons)
	for i := range who {
		who[i] = uuid.UUID{byte(i), byte(i >> 8), byte(i >> 16), 1}
	}
	for m := range months {
		for first := 0; first < persons; first += county {
			run := fmt.Sprintf("%06d-%02d", first/county, m)
			var settlements []*events.Event
			for from := first; from < min(first+county, persons); from += part {
				pay := &events.PaymentInstructed{Run: run, Month: civil.MustMonth("2022-01") + civil.Month(m), Fund: "f"}
				paid := &events.PaymentSettled{Run: run, PaidOn: civil.MustDate("2022-02-10")}
				for i := from; i < min(from+part, first+county, persons); i++ {
					id := fmt.Sprintf("%06d", i-first)
					pay.Lines = append(pay.Lines, events.PayLine{Line: id, Person: who[i], Post: "a", Amount: 80000})
					paid.Lines = append(paid.Lines, events.SettledLine{Line: id})
					lines++
				}
				id := fmt.Sprintf("%s-%d", run, from)
				yield(event("i"+id, pay))
				settlements = append(settlements, event("s"+id, paid))
			}
			for _, s := range settlements {
				yield(s)
			}
		}
	}
	return lines
}

// Goal: a province-year of lines fits. Method: the heap before and after a
// hundredth of one, persons included.
func TestMemory(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	s := NewState()
	lines := season(20_000, 12, s.Apply)
	each := float64(heap()-before) / float64(lines)
	t.Logf("%.1f B a line, %d lines, %d persons", each, lines, len(s.persons)-1)
	if each > 45 {
		t.Errorf("%.1f B a line", each)
	}
	runtime.KeepAlive(s)
}

// BenchmarkFold applies decoded events; a line is counted once when it is
// instructed and once when it is settled.
func BenchmarkFold(b *testing.B) {
	var list []*events.Event
	lines := season(20_000, 12, func(e *events.Event) { list = append(list, e) })
	b.ReportAllocs()
	for b.Loop() {
		s := NewState()
		for _, e := range list {
			s.Apply(e)
		}
	}
	b.ReportMetric(float64(2*lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkDecide decides and applies, as a desk does it.
func BenchmarkDecide(b *testing.B) {
	placed := village()
	var list []*events.Event
	lines := season(20_000, 12, func(e *events.Event) {
		if d, ok := e.Data.(*events.PaymentInstructed); ok {
			for i := range d.Lines {
				d.Lines[i].Person, d.Lines[i].Month = person(2+i%8), civil.MustMonth("2022-05")
			}
		}
		list = append(list, e)
	})
	b.ReportAllocs()
	for b.Loop() {
		s := NewState()
		service := New(s, placed)
		for i, e := range list {
			record, reasons := service.Decide(e)
			if reasons != nil {
				b.Fatal(reasons)
			}
			if i%100 == 0 {
				s.Keep()
				s.Begin()
			}
			s.Apply(record)
		}
	}
	b.ReportMetric(float64(2*lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
