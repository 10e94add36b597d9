package placement

import (
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// A History is what the books say of the placements of a person before a day.
type History struct {
	Placements   int    // placements that began before the day and had a day
	Months       int    // months in place before the day; thirty days beside whole months are a month
	LastExitCode string // code of the last exit on or before the day; empty if there is none
}

// HistoryBefore returns the history of a person before a day, as if the event that e
// replaces or withdraws had never been recorded.
//
// The result does not depend on the order of the events. If there are several exits on the
// day of the last one, the smallest of their codes is given.
func (s *State) HistoryBefore(e *events.Event, p events.Person, day civil.Date) (h History) {
	var few [8]placing.Placement
	n, c := s.known(p), change{superseded: s.supersededFact(e)}
	months, days := 0, 0
	last := civil.Date(0) // day of the last exit
	placements := slices.DeleteFunc(s.paired(few[:0], n, c), func(t placing.Placement) bool {
		return t.Repeated || t.From >= day || placing.Empty(t.From, t.Exit)
	})
	for _, t := range placements {
		end := placing.EarlierEnd(t.Exit, day)
		m, d := t.From.MonthsUntil(end)
		months, days = months+m, days+d
		h.Placements++
		if t.Exit <= day {
			last = max(last, t.Exit)
		}
	}
	h.Months = months + days/30
	for _, t := range placements {
		if last == 0 || t.Exit != last {
			continue
		}
		if code := s.exitCodeOf(n, c, t); h.LastExitCode == "" || code < h.LastExitCode {
			h.LastExitCode = code
		}
	}
	return h
}

// exitCodeOf returns the smallest code of the exits of person n that end a placement, as they
// would stand after a change.
func (s *State) exitCodeOf(n uint32, c change, ended placing.Placement) (code string) {
	for _, f := range s.standing(s.persons.At(n).facts, c, ofPerson(n)) {
		if f.kind != exited || f.day != ended.Exit || f.holder() != ended.Holder {
			continue
		}
		if text := *s.codes.At(uint32(f.seats)); code == "" || text < code {
			code = text
		}
	}
	return code
}

// exitCode returns the number of an exit code, and gives it one if it has none. Packs have a
// dozen codes. What record mode brings beyond the width of a fact has the number 0, which is
// that of no code.
func (s *State) exitCode(code string) uint16 {
	for n := range s.codes.Len() {
		if *s.codes.At(uint32(n)) == code {
			return uint16(n)
		}
	}
	if s.codes.Len() >= 1<<16 {
		return 0
	}
	n := s.codes.Add(code)
	s.onRollback(func() { s.codes.Cut(int(n)) })
	return uint16(n)
}
