package fund

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"pgregory.net/rapid"
)

func event(id string, at division.Code, d events.Data) *events.Event {
	return &events.Event{ID: id, Source: "/agency/a", Type: d.Type(), Division: at, Data: d}
}

func replacing(e *events.Event, id string) *events.Event { e.Replaces = id; return e }

func allocate(id, fund string, amount events.Fen) *events.Event {
	return event(id, "370211000000", &events.FundAllocated{Fund: fund, Year: 2022, Amount: amount})
}

func instruct(id, run, fund string, amounts map[string]events.Fen) *events.Event {
	d := &events.PaymentInstructed{Run: run, Month: civil.MustMonth("2022-05"), Fund: fund}
	for _, name := range slices.Sorted(maps.Keys(amounts)) {
		d.Lines = append(d.Lines, events.PayLine{Line: name, Amount: amounts[name]})
	}
	return event(id, "370211000000", d)
}

func settle(id, run, on string, lines ...string) *events.Event {
	d := &events.PaymentSettled{Run: run, PaidOn: civil.MustDate(on)}
	for _, l := range lines {
		d.Lines = append(d.Lines, events.SettledLine{Line: l})
	}
	return event(id, "370211000000", d)
}

func back(id, run, on string, lines ...string) *events.Event {
	d := &events.PaymentReturned{Run: run}
	for _, l := range lines {
		d.Lines = append(d.Lines, events.ReturnedLine{Line: l, On: civil.MustDate(on)})
	}
	return event(id, "370211000000", d)
}

func withdraw(id string, of events.Type, what string) *events.Event {
	return event(id, "", &events.EventWithdrawn{Of: of, ID: what, Reason: "a mistake"})
}

func reversed(e *events.Event) *events.Event {
	d := events.PaymentReversed(*e.Data.(*events.PaymentReturned))
	return event(e.ID, e.Division, &d)
}

type amounts = map[string]events.Fen

// Each step is a commit. want is the balance of fund f after it: at the head, and at the
// end as it was known then.
func TestBalances(t *testing.T) {
	steps := []struct {
		what *events.Event
		want string // allocated instructed settled returned left
	}{
		{allocate("1", "f", 1000), "1000 0 0 0 1000"},
		{allocate("2", "f", 500), "1500 0 0 0 1500"},
		{instruct("3", "r", "f", amounts{"a": 100, "b": 200, "c": 300}), "1500 600 0 0 900"},
		{settle("4", "r", "2022-06-10", "a", "b"), "1500 600 300 0 900"},
		{back("5", "r", "2022-06-12", "b"), "1500 600 100 200 1100"},
		{withdraw("6", events.PaymentReturnedType, "5"), "1500 600 300 0 900"},
		{reversed(back("7", "r", "2022-06-13", "a")), "1500 600 200 100 1000"},
		{replacing(settle("8", "r", "2022-06-11", "a", "c"), "4"), "1500 600 300 100 1000"},
		{replacing(allocate("9", "f", 600), "2"), "1600 600 300 100 1100"},
		{withdraw("10", events.FundAllocatedType, "9"), "1000 600 300 100 500"},
		{instruct("11", "r", "f", amounts{"d": 50}), "1000 650 300 100 450"},
		{instruct("11", "r", "f", amounts{"d": 50}), "1000 650 300 100 450"}, // again
		{replacing(instruct("12", "r", "f", amounts{"d": 60, "e": 5}), "11"), "1000 665 300 100 435"},
		{withdraw("13", events.PaymentInstructedType, "14"), "1000 665 300 100 435"},
		{instruct("14", "r", "f", amounts{"x": 9}), "1000 665 300 100 435"}, // withdrawn before it came
		{instruct("15", "r", "f", amounts{"d": 7}), "1000 672 300 100 428"}, // a second line of that name
		{settle("16", "r", "2022-06-20", "d"), "1000 672 360 100 428"},      // settles the first
		{withdraw("17", events.PaymentInstructedType, "12"), "1000 607 307 100 493"},
		{settle("18", "s", "2022-06-20", "a"), "1000 607 307 100 493"}, // before it was instructed
		{instruct("19", "s", "f", amounts{"a": 3}), "1000 610 310 100 490"},
		{event("20", "370211000000", &events.AccountAssigned{}), "1000 610 310 100 490"},
	}
	l := NewBooks()
	show := func(known int) string {
		for _, b := range l.Balances(log.At(uint64(known), 0), civil.MustDate("2022-12-31")) {
			if b.Fund == "f" {
				return fmt.Sprint(int64(b.Allocated), int64(b.Instructed), int64(b.Settled), int64(b.Returned), int64(b.Left))
			}
		}
		return ""
	}
	for i, s := range steps {
		l.Apply(log.At(uint64(i+1), 0), []*events.Event{s.what})
		if got := show(i + 1); got != s.want {
			t.Errorf("after %s: %s, want %s", s.what.ID, got, s.want)
		}
	}
	for i, s := range steps {
		if got := show(i + 1); got != s.want {
			t.Errorf("as known after %s: %s, want %s", s.what.ID, got, s.want)
		}
	}
	for asOf, want := range map[string]string{
		"2021-12-31": "0 0 0 0 0", "2022-04-30": "1000 0 0 0 1000", "2022-05-01": "1000 610 0 0 390",
		"2022-06-11": "1000 610 400 0 390", "2022-06-12": "1000 610 400 0 390", "2022-06-13": "1000 610 300 100 490", "2022-06-20": "1000 610 310 100 490",
	} {
		b := l.Balances(log.At(99, 0), civil.MustDate(asOf))[0]
		if got := fmt.Sprint(int64(b.Allocated), int64(b.Instructed), int64(b.Settled), int64(b.Returned), int64(b.Left)); got != want {
			t.Errorf("on %s: %s, want %s", asOf, got, want)
		}
	}
}

// The division of a fund is what all its standing allocations lie in.
func TestDivision(t *testing.T) {
	for want, places := range map[division.Code][]division.Code{
		"370211000000": {"370211000000"},
		"370200000000": {"370211000000", "370202000000"},
		"370000000000": {"370211102231", "370102001002"},
		"":             {"370211000000", "410000000000", "370211000000"},
	} {
		l := NewBooks()
		for i, p := range places {
			l.Apply(log.At(uint64(i+1), 0), []*events.Event{event(fmt.Sprint(i), p, &events.FundAllocated{Fund: "f", Year: 2022, Amount: 1})})
		}
		if got := l.Balances(log.At(9, 0), civil.MustDate("2022-12-31"))[0].Division; got != want {
			t.Errorf("%v: %q, want %q", places, got, want)
		}
	}
}

// Events that do not contradict each other give the same balances in every
// order, cut into commits anyhow, with corrections before what they correct.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []*events.Event
		add := func(e *events.Event) { all = append(all, e) }
		n := func(low, high int) int { return rapid.IntRange(low, high).Draw(t, "n") }
		for r := range n(1, 3) {
			run, lines := fmt.Sprint("r", r), amounts{}
			for i := range n(1, 4) {
				lines[fmt.Sprint(i)] = events.Fen(n(1, 99))
			}
			id := func(what string) string { return what + run }
			add(allocate(id("f"), fmt.Sprint("f", n(1, 2)), events.Fen(n(0, 500))))
			add(instruct(id("i"), run, fmt.Sprint("f", n(1, 2)), lines))
			names := slices.Sorted(maps.Keys(lines))
			add(settle(id("s"), run, fmt.Sprintf("2022-06-%02d", n(1, 28)), names...))
			add(back(id("b"), run, fmt.Sprintf("2022-06-%02d", n(1, 28)), names[0]))
			switch n(0, 3) {
			case 0:
				add(withdraw(id("w"), events.PaymentReturnedType, id("b")))
			case 1:
				add(replacing(settle(id("s2"), run, "2022-06-30", names[0]), id("s")))
			case 2:
				lines[names[0]]++
				add(replacing(instruct(id("i2"), run, "f3", lines), id("i")))
			}
		}
		balances := func(r *rand.Rand) (out []string) {
			l := NewBooks()
			events := slices.Clone(all)
			r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			for i := uint64(1); len(events) > 0; i++ {
				k := 1 + r.IntN(len(events))
				l.Apply(log.At(i, 0), events[:k])
				events = events[k:]
			}
			for _, on := range []string{"2022-05-15", "2022-06-10", "2022-06-20", "2022-12-31"} {
				for _, b := range l.Balances(log.At(1<<40, 0), civil.MustDate(on)) {
					if b != (Balance{Fund: b.Fund}) {
						out = append(out, fmt.Sprint(on, b))
					}
				}
			}
			return out
		}
		one := balances(rand.New(rand.NewPCG(1, 1)))
		other := balances(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)))
		if !slices.Equal(one, other) {
			t.Fatalf("%v\n%v", one, other)
		}
	})
}

// BenchmarkApply folds a province-month: 151 runs of 2,650 lines, instructed
// and settled in parts of 500.
func BenchmarkApply(b *testing.B) {
	var commits [][]*events.Event
	for r := range 151 {
		for part := range 6 {
			lines := amounts{}
			var names []string
			for i := range 500 {
				name := fmt.Sprint(500*part + i)
				lines[name] = 80000
				names = append(names, name)
			}
			id := fmt.Sprintf("%d-%d", r, part)
			commits = append(commits, []*events.Event{instruct("i"+id, fmt.Sprint(r), "f", lines), settle("s"+id, fmt.Sprint(r), "2022-06-10", names...)})
		}
	}
	facts := 0
	var before, after runtime.MemStats
	l := NewBooks()
	runtime.GC()
	runtime.ReadMemStats(&before)
	for b.Loop() {
		l = NewBooks()
		for i, c := range commits {
			l.Apply(log.At(uint64(i+1), 0), c)
			for _, e := range c {
				facts += e.Facts()
			}
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/(151*3000), "B/line")
	runtime.KeepAlive(l)
	runtime.KeepAlive(commits)
	b.ReportMetric(float64(facts)/b.Elapsed().Seconds(), "facts/s")
	b.ReportMetric(0, "ns/op")
}
