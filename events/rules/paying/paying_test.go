package paying_test

import (
	"slices"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/paying"
	"pgregory.net/rapid"
)

const ordered events.Fen = 60000

func on(day int) civil.Date { return civil.MustDate("2022-06-01") + civil.Date(day-1) }

func settled(day int, amount events.Fen) paying.Statement {
	return paying.Statement{Kind: paying.Settled, On: on(day), Amount: amount}
}

func returned(day int, amount events.Fen) paying.Statement {
	return paying.Statement{Kind: paying.Returned, On: on(day), Amount: amount}
}

func rejected(day int) paying.Statement { return paying.Statement{Kind: paying.Rejected, On: on(day)} }

func TestLines(t *testing.T) {
	for _, c := range []struct {
		name string
		said []paying.Statement
		day  int
		want paying.Sums
	}{
		{"nothing was said", nil, 30, paying.Sums{}},
		{"paid", []paying.Statement{settled(10, 0)}, 10, paying.Sums{Settled: ordered}},
		{"not paid yet", []paying.Statement{settled(10, 0)}, 9, paying.Sums{}},
		{"paid in two parts", []paying.Statement{settled(10, 20000), settled(12, 40000)}, 11, paying.Sums{Settled: 20000}},
		{"a part and the rest", []paying.Statement{settled(10, 20000), settled(12, 0)}, 12, paying.Sums{Settled: ordered}},
		{"said to be paid twice", []paying.Statement{settled(10, 0), settled(12, 0)}, 12, paying.Sums{Settled: ordered}},
		{"a part came back", []paying.Statement{settled(10, 0), returned(20, 15000)}, 20, paying.Sums{Settled: 45000, Returned: 15000}},
		{"all came back", []paying.Statement{settled(10, 0), returned(20, 0)}, 20, paying.Sums{Returned: ordered}},
		{"a part came back, then the rest", []paying.Statement{settled(10, 0), returned(20, 15000), returned(21, 0)}, 21, paying.Sums{Returned: ordered}},
		{"what was paid in part came back", []paying.Statement{settled(10, 20000), returned(20, 0)}, 20, paying.Sums{Returned: 20000}},
		{"came back, and nobody said that it was paid", []paying.Statement{returned(20, 0)}, 20, paying.Sums{Returned: ordered}},
		{"came back before it was paid", []paying.Statement{settled(10, 0), returned(5, 0)}, 7, paying.Sums{Returned: ordered}},
		{"refused", []paying.Statement{rejected(11)}, 11, paying.Sums{Rejected: ordered}},
		{"refused twice", []paying.Statement{rejected(11), rejected(12)}, 12, paying.Sums{Rejected: ordered}},
		{"refused after a part was paid", []paying.Statement{settled(10, 20000), rejected(11)}, 11, paying.Sums{Settled: 20000, Rejected: 40000}},
		{"refused by an amount, and ordered again", []paying.Statement{{Kind: paying.Rejected, On: on(11), Amount: 25000}, settled(14, 35000)}, 14,
			paying.Sums{Settled: 35000, Rejected: 25000}},
		{"refused before it was ordered", []paying.Statement{rejected(-3)}, 0, paying.Sums{}},
		{"refused though it was paid", []paying.Statement{settled(10, 0), rejected(11)}, 11, paying.Sums{Settled: ordered}},
	} {
		if got := paying.On(paying.Movements(on(1), ordered, slices.Clone(c.said)), on(c.day)); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// Goal: the order in which events say something does not matter, and no money appears or
// vanishes. Method: random statements in two orders.
func TestStatements(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		said := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) paying.Statement {
			return paying.Statement{
				Kind: paying.Kind(rapid.IntRange(0, 2).Draw(t, "kind")), On: on(rapid.IntRange(1, 9).Draw(t, "day")),
				Amount: events.Fen(rapid.SampledFrom([]int{0, 0, 10000, 20000, 60000}).Draw(t, "amount")),
			}
		}), 0, 6).Draw(t, "said")
		one := paying.Movements(on(1), ordered, slices.Clone(said))
		other := paying.Movements(on(1), ordered, rapid.Permutation(said).Draw(t, "order"))
		if !slices.Equal(one, other) {
			t.Fatalf("%+v, in another order %+v", one, other)
		}
		for day := 1; day < 10; day++ {
			s := paying.On(one, on(day))
			if s.Settled < 0 || s.Returned < 0 || s.Rejected < 0 {
				t.Fatalf("on day %d %+v", day, s)
			}
		}
	})
}
