package placing

import "github.com/muster-works/muster/events/civil"

// A Span is the days from one until before another. If Until is 0, the span has no end.
//
// Functions on several spans take and return them in ascending order, without days in
// common, and without spans that have no day.
type Span struct{ From, Until civil.Date }

// Holds reports whether a day lies in the span.
func (s Span) Holds(on civil.Date) bool { return Holds(s.From, s.Until, on) }

// Within returns the part of the span that lies in another.
func (s Span) Within(o Span) Span { return Span{max(s.From, o.From), EarlierEnd(s.Until, o.Until)} }

// Common appends the days that lie both in a and in one of the spans b.
func Common(to []Span, a Span, b []Span) []Span {
	for _, s := range b {
		if c := a.Within(s); !Empty(c.From, c.Until) {
			to = append(to, c)
		}
	}
	return to
}

// Without appends the days of a that lie in none of the spans b.
func Without(to []Span, a Span, b []Span) []Span {
	for _, s := range b {
		if !Overlap(a.From, a.Until, s.From, s.Until) {
			continue
		}
		if a.From < s.From {
			to = append(to, Span{a.From, s.From})
		}
		if s.Until == 0 {
			return to
		}
		a.From = s.Until
	}
	if Empty(a.From, a.Until) {
		return to
	}
	return append(to, a)
}

// Union returns the days that lie in any of the spans, which may come in any order and
// have days in common. It uses the memory of spans.
func Union(spans []Span) []Span {
	all := spans[:0]
	for _, s := range sorted(spans) {
		last := len(all) - 1
		switch {
		case Empty(s.From, s.Until):
		case last >= 0 && (all[last].Until == 0 || s.From <= all[last].Until):
			if s.Until == 0 || all[last].Until != 0 && s.Until > all[last].Until {
				all[last].Until = s.Until
			}
		default:
			all = append(all, s)
		}
	}
	return all
}
