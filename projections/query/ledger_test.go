package query

import (
	"slices"
	"testing"

	"github.com/muster-works/muster/events/civil"
	"pgregory.net/rapid"
)

// Whatever entries come in, however many at a time, and whenever balances are
// struck: the sums of a ledger up to any date and ordinal are those of one pass
// over all entries, and stay so for who holds it from before.
func TestLedgerIsOnePass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		least := rapid.IntRange(1, 40).Draw(t, "least")
		// Dates follow the log, or do not at all.
		lag := rapid.SampledFrom([]int{0, 3, 30, 400}).Draw(t, "lag")
		number := func(from, to int, what string) int { return rapid.IntRange(from, to).Draw(t, what) }
		const first = civil.Date(738000)
		var l ledger
		var all []entry
		var editions []ledger
		ord := 1
		for range number(1, 12, "rounds") {
			for range number(0, 60, "entries") {
				ord += number(0, 2, "step")
				class := number(0, min(l.classes.n, 9), "class")
				l.classes.n = max(l.classes.n, class+1)
				e := entry{ord: uint32(ord), class: int32(class), date: first + civil.Date(max(0, ord+number(-lag, lag, "late"))), n: int32(number(-3, 3, "n"))}
				all = append(all, e)
				l.tail = append(l.tail, e)
			}
			l.strike(least)
			editions = append(editions, l)
		}
		for range 20 {
			known, asOf := uint64(number(0, ord+1, "known")), first+civil.Date(number(-1, ord+lag+1, "as_of"))
			from := asOf - civil.Date(number(0, 50, "days"))
			for _, l := range editions {
				had := all[:l.struck+len(l.tail)]
				want, changes := make([]int32, l.classes.n), make([]int32, l.classes.n)
				for _, e := range had {
					if uint64(e.ord) <= known && e.date <= asOf {
						want[e.class] += e.n
						if e.date >= from {
							changes[e.class] += e.n
						}
					}
				}
				if got := l.sums(known, asOf, make([]int32, 3)); !slices.Equal(got, want) {
					t.Fatalf("known at %d as of %v, %d blocks: %v, want %v", known, asOf, len(l.blocks), got, want)
				}
				got := make([]int32, l.classes.n)
				l.between(known, from, asOf, func(e *entry) { got[e.class] += e.n })
				if !slices.Equal(got, changes) {
					t.Fatalf("known at %d from %v to %v: %v, want %v", known, from, asOf, got, changes)
				}
			}
		}
	})
}
