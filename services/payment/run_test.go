package payment

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/rules"
	"pgregory.net/rapid"
)

// A count that has reached maxCount stays there, and no count falls below zero.
func TestCountsEnd(t *testing.T) {
	l := line{}.instruct(7, 8, maxAmount+1).settle(-1)
	for range maxCount + 10 {
		l = l.settle(1)
	}
	if l = l.settle(-1); l != (line{8, 7, maxAmount, maxCount}) {
		t.Errorf("%+v", l)
	}
	if l := (line{}).instruct(1, 1, -5).settle(1).settle(-1); l != (line{1, 1, 0, 0}) {
		t.Errorf("%+v", l)
	}
}

// A line is read as it was set, whether it fits 8 bytes or is wide.
func TestLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		around := func(bits int) *rapid.Generator[uint32] {
			return rapid.OneOf(rapid.Uint32Range(0, 3), rapid.Uint32Range(1<<bits-2, 1<<bits+2))
		}
		r := new(run)
		var want []line
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			l := line{around(personBits).Draw(t, "person"), around(fundBits).Draw(t, "fund"), int64(around(amountBits).Draw(t, "amount")),
				around(countBits).Draw(t, "settled")}
			switch n := rapid.IntRange(0, len(want)).Draw(t, "line"); {
			case n < len(want) && rapid.IntRange(0, 4).Draw(t, "cut") == 0:
				r.removeLast()
				want = want[:len(want)-1]
			case n < len(want):
				r.set(uint32(n), l)
				want[n] = l
			default:
				r.set(r.add(fmt.Sprint(n)), l)
				want = append(want, l)
			}
			for n, w := range want {
				if got := r.line(uint32(n)); got != w {
					t.Fatalf("line %d is %+v, want %+v", n, got, w)
				}
			}
		}
		for range want {
			r.removeLast()
		}
		if len(r.wide) != 0 {
			t.Fatalf("%d wide lines are left", len(r.wide))
		}
	})
}

// Consecutive line numbers are one range; numbers in any order are yielded as they were added.
func TestSpans(t *testing.T) {
	var s lineRanges
	for n := range uint32(1000) {
		s.add(n)
	}
	if len(s) != 1 {
		t.Errorf("%d spans", len(s))
	}
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.SliceOf(rapid.Uint32Range(0, 5)).Draw(t, "lines")
		var s lineRanges
		for _, n := range given {
			s.add(n)
		}
		if got := slices.Collect(s.all()); !slices.Equal(got, given) {
			t.Fatalf("%v, given %v", got, given)
		}
	})
}

// Goal: the names of a run find what a map finds. Method: random adds and removals of
// consecutive ids and others, of ids that differ only in leading zeros, and of ids that are
// used twice.
func TestNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s lineNames
		var ids []string
		kinds := rapid.SampledFrom([]string{"n", "0p", "n0prx-2"}).Draw(t, "kinds")
		next := 0
		for range rapid.IntRange(0, 120).Draw(t, "steps") {
			if len(ids) > 0 && rapid.IntRange(0, 4).Draw(t, "cut") == 0 {
				s.removeLast()
				ids = ids[:len(ids)-1]
			} else {
				if next++; rapid.IntRange(0, 9).Draw(t, "jump") == 0 {
					next = rapid.IntRange(0, 1200).Draw(t, "to")
				}
				var id string
				switch kinds[rapid.IntRange(0, len(kinds)-1).Draw(t, "kind")] {
				case 'n':
					id = fmt.Sprint(next)
				case '0':
					id = fmt.Sprintf("%03d", next)
				case 'p':
					id = fmt.Sprint("p-", next)
				case 'r':
					id = fmt.Sprintf("%d-99999999999999999999", next)
				case 'x':
					id = "x"
				case '2':
					id = fmt.Sprint(next % 7)
				case '-':
					id = ""
				}
				s.add(id)
				ids = append(ids, id)
			}
			want := map[string][]uint32{}
			for n, id := range ids {
				want[id] = append(want[id], uint32(n))
			}
			for id, lines := range want {
				if got := s.fellows(s.head(id)); !slices.Equal(got, lines) {
					t.Fatalf("under %q: %v, want %v", id, got, lines)
				}
				for _, n := range lines {
					if got := s.fellows(s.first(n), true); !slices.Equal(got, lines) {
						t.Fatalf("fellows of %d: %v, want %v", n, got, lines)
					}
				}
			}
			for _, id := range []string{"", "x", "0", "00", "1", "01", "001", "p-1", "p-", fmt.Sprint(next + 1), fmt.Sprintf("%03d", next+1)} {
				if want[id] == nil && s.fellows(s.head(id)) != nil {
					t.Fatalf("%q is found", id)
				}
			}
		}
	})
}

// season yields the events of some months of pay runs, instructed and settled. There is one
// run for each county of 20 towns with 200 persons, in parts of 500 lines.
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

// Goal: the lines of a province in a year fit into memory. Method: the heap before and after
// a hundredth of them, persons included.
func TestMemory(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	s := NewState()
	lines := season(20_000, 12, func(e *events.Event) { command.Apply(s, e) })
	each := float64(heap()-before) / float64(lines)
	t.Logf("%.1f B a line, %d lines, %d persons", each, lines, s.persons.Len()-1)
	if each > 16 {
		t.Errorf("%.1f B a line", each)
	}
	runtime.KeepAlive(s)
}

// BenchmarkFold measures applying decoded events. A line counts once when it is instructed,
// and once when it is settled.
func BenchmarkFold(b *testing.B) {
	var list []*events.Event
	lines := season(20_000, 12, func(e *events.Event) { list = append(list, e) })
	b.ReportAllocs()
	for b.Loop() {
		s := NewState()
		for _, e := range list {
			command.Apply(s, e)
		}
	}
	b.ReportMetric(float64(2*lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkDecide measures deciding and applying, as a handler does it.
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
		service := New(s, placed, rules.New())
		for i, e := range list {
			record, reasons := service.Decide(e)
			if reasons != nil {
				b.Fatal(reasons)
			}
			if i%100 == 0 {
				s.Keep()
				s.Begin()
			}
			command.Apply(s, record)
		}
	}
	b.ReportMetric(float64(2*lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
