package timeline

import (
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// How a person is in place on a day.
const (
	Working   = "working"   // as a placement without more
	Suspended = "suspended" // has the seat, and does not work
	StandIn   = "stand_in"  // works on the seat of a suspended person
)

// A Stretch is a part of a placement with one group, one standing, and one sex and month of birth.
type Stretch struct {
	From     civil.Date
	Until    civil.Date // first day no longer; 0 is open
	Group    string
	Standing string // Working, Suspended or StandIn; in the timeline of a person nobody is known to stand in

	Sex        string // F or M
	BirthMonth civil.Month
}

// Holds reports whether a day lies in the stretch.
func (s *Stretch) Holds(on civil.Date) bool { return placing.Holds(s.From, s.Until, on) }

// stretches are those of a placement that has several, or one that is not plain. They are
// made anew each time and never changed: placements that point to the same are the same.
type stretches []Stretch

// Stretches yields the parts of the placement, one after the other. A placement without a
// day has none. Most placements have one.
func (p *Placement) Stretches(yield func(Stretch) bool) {
	switch {
	case p.Empty():
	case p.stretches == nil:
		yield(Stretch{p.From, p.Exit, p.Group, Working, p.Sex, p.BirthMonth})
	default:
		for _, s := range *p.stretches {
			if !yield(s) {
				return
			}
		}
	}
}

// On returns the stretch that holds on a day on which the placement holds.
func (p *Placement) On(day civil.Date) (s Stretch) {
	for s = range p.Stretches {
		if s.Holds(day) {
			break
		}
	}
	return s
}

// divide divides those of the placements that are not plain, as package placing says.
func (s *placementFacts) divide(all []Placement) {
	if len(s.suspensions)+len(s.changes)+len(s.identified) == 0 {
		return
	}
	suspensions, resumptions, changes := values(s.suspensions), values(s.resumptions), values(s.changes)
	identified := values(s.identified)
	placements, suspended := make([]placing.Placement, len(all)), make([][]placing.Span, len(all))
	for i := range all {
		p := &all[i]
		placements[i] = placing.Placement{Holder: p.holder(), Seat: int32(p.Seat), From: p.From, Exit: p.Exit, StandsIn: p.StandsIn}
		suspended[i] = placing.Suspended(nil, &placements[i], suspensions, resumptions)
	}
	for i := range all {
		p := &placements[i]
		var standsIn []placing.Span
		for j := range placements {
			if o := &placements[j]; p.StandsIn && o.Post == p.Post && o.Seat == p.Seat && o.Person != p.Person {
				standsIn = placing.Common(standsIn, placing.Span{From: p.From, Until: p.Exit}, suspended[j])
			}
		}
		groups := placing.Groups(nil, p, all[i].Group, changes)
		births := placing.Births(nil, p, placing.Birth{Month: all[i].BirthMonth, Sex: all[i].Sex}, identified)
		all[i].BirthMonth, all[i].Sex = births[0].Month, births[0].Sex
		if len(suspended[i])+len(standsIn) > 0 || len(groups) > 1 || groups[0].Group != all[i].Group || len(births) > 1 {
			all[i].stretches = stretchesOf(p, suspended[i], placing.Union(standsIn), groups, births)
		}
	}
}

// stretchesOf returns the stretches of a placement by the days on which the person is suspended,
// the days on which the person stands in unless suspended, the groups, and what is known of the
// birth.
func stretchesOf(p *placing.Placement, suspended, standsIn []placing.Span, groups []placing.GroupChange, births []placing.BirthPeriod) *stretches {
	if placing.Empty(p.From, p.Exit) {
		return nil
	}
	begins := []civil.Date{p.From}
	for _, s := range slices.Concat(suspended, standsIn) {
		begins = append(begins, s.From, s.Until)
	}
	for _, g := range groups {
		begins = append(begins, g.On)
	}
	for _, b := range births {
		begins = append(begins, b.From)
	}
	slices.Sort(begins)
	var all stretches
	for _, day := range slices.Compact(begins) {
		if !p.Holds(day) {
			continue
		}
		birth := birthOn(births, day)
		s := Stretch{
			From: day, Until: p.Exit, Group: groupOn(groups, day), Standing: standingOn(suspended, standsIn, day),
			Sex: birth.Sex, BirthMonth: birth.Month,
		}
		if n := len(all); n > 0 {
			last := &all[n-1]
			if s.continues(last) {
				continue
			}
			last.Until = day
		}
		all = append(all, s)
	}
	return &all
}

func groupOn(groups []placing.GroupChange, day civil.Date) (group string) {
	for _, g := range groups {
		if g.On <= day {
			group = g.Group
		}
	}
	return group
}

func birthOn(births []placing.BirthPeriod, day civil.Date) (birth placing.Birth) {
	for _, b := range births {
		if b.From <= day {
			birth = b.Birth
		}
	}
	return birth
}

// continues reports whether two stretches differ in their days alone.
func (s *Stretch) continues(o *Stretch) bool {
	return s.Group == o.Group && s.Standing == o.Standing && s.Sex == o.Sex && s.BirthMonth == o.BirthMonth
}

func standingOn(suspended, standsIn []placing.Span, day civil.Date) string {
	holds := func(s placing.Span) bool { return s.Holds(day) }
	switch {
	case slices.ContainsFunc(suspended, holds):
		return Suspended
	case slices.ContainsFunc(standsIn, holds):
		return StandIn
	}
	return Working
}

// values returns what facts say.
func values[T any](facts []fact[T]) []T {
	if len(facts) == 0 {
		return nil
	}
	return all(facts)
}
