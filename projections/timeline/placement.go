package timeline

import (
	"cmp"
	"slices"
	"time"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// A Placement is one person on one seat, from From until Exit. Group is that of the hire, and Sex
// and BirthMonth are those of the first day; see Stretches for those of each day.
type Placement struct {
	Person     Number // in the timeline of a post
	Post       Number // in the timeline of a person
	Seat       int
	From       civil.Date // on-duty day
	Exit       civil.Date // first day no longer in place; 0 is still in place
	Term       civil.Date // end of the agreed term, renewals included
	Group      string
	Sex        string
	BirthMonth civil.Month
	ExitKind   string
	ExitCode   string
	Estimated  string // month or year, if the day of the exit is any day of it; empty if the day is known
	StandsIn   bool   // the hire stands in for a suspended person
	Hired      Ref
	Exited     Ref
	stretches  *stretches // nil if the placement has one stretch, in which the person works in Group and is of Sex
}

// Holds reports whether the person is in place on a day.
func (p Placement) Holds(on civil.Date) bool { return placing.Holds(p.From, p.Exit, on) }

// Empty reports whether the placement ended on the day it began: it never counts.
func (p Placement) Empty() bool { return placing.Empty(p.From, p.Exit) }

// ExitWithin returns the days on one of which the placement ended, if it has: the day of the
// exit alone, or all days of its month or of its year if the day is estimated.
func (p *Placement) ExitWithin() (from, until civil.Date) {
	switch p.Estimated {
	case "month":
		return p.Exit.Month().First(), (p.Exit.Month() + 1).First()
	case "year":
		year, _, _ := p.Exit.Split()
		return civil.On(year, time.January, 1), civil.On(year+1, time.January, 1)
	}
	return p.Exit, p.Exit + 1
}

// placementFacts are the facts that placements are made of. Which person and post they
// are of is one of the two fields, as in Placement; the other is 0.
type placementFacts struct {
	hires       []fact[Placement]
	exits       []fact[exit]
	renewals    []fact[placing.Renewal]
	changes     []fact[placing.GroupChange]
	suspensions []fact[placing.Suspension]
	resumptions []fact[placing.Resumption]
	identified  []fact[placing.Identification]
	pairing
}

// emptied returns facts of nothing that use the memory of s.
func (s *placementFacts) emptied() placementFacts {
	return placementFacts{s.hires[:0], s.exits[:0], s.renewals[:0], s.changes[:0], s.suspensions[:0], s.resumptions[:0], s.identified[:0], s.pairing}
}

// A pairing is memory for one pairing of hires and exits. It holds nothing between
// two of them.
type pairing struct {
	paired []placing.Placement // hires, by index in placementFacts
	ended  []placing.Exit      // exits, by index in placementFacts
}

type exit struct {
	placing.Holder
	on         civil.Date
	kind, code string
	estimated  string
}

func (r *reader) hire(h placing.Holder) Placement {
	seat := r.uint() // times two, plus one if the hire stands in
	return Placement{
		Person: Number(h.Person), Post: Number(h.Post), Seat: int(seat >> 1), From: r.date(), Term: r.date(),
		Group: r.code(groups), Sex: r.code(sexes), BirthMonth: r.month(), StandsIn: seat&1 == 1,
	}
}

func (r *reader) exit(h placing.Holder) exit {
	return exit{h, r.date(), r.code(kinds), r.text(), r.code(estimates)}
}

// read reads one fact of a placement, unless it is to be left out; it returns false for other facts.
func (s *placementFacts) read(r *reader, tag Tag, ref Ref, h placing.Holder, out bool) bool {
	switch tag {
	case TagHired:
		if h := r.hire(h); !out {
			h.Hired = ref
			s.hires = append(s.hires, fact[Placement]{ref, h})
		}
	case TagExited:
		if x := r.exit(h); !out {
			s.exits = append(s.exits, fact[exit]{ref, x})
		}
	case TagRenewed:
		if n := (placing.Renewal{Holder: h, Until: r.date()}); !out {
			s.renewals = append(s.renewals, fact[placing.Renewal]{ref, n})
		}
	case TagGroupChanged:
		if c := (placing.GroupChange{Holder: h, On: r.date(), Group: r.code(groups)}); !out {
			s.changes = append(s.changes, fact[placing.GroupChange]{ref, c})
		}
	case TagSuspended:
		if n := (placing.Suspension{Holder: h, From: r.date(), Until: r.date()}); !out {
			s.suspensions = append(s.suspensions, fact[placing.Suspension]{ref, n})
		}
	case TagResumed:
		if n := (placing.Resumption{Holder: h, On: r.date()}); !out {
			s.resumptions = append(s.resumptions, fact[placing.Resumption]{ref, n})
		}
	case TagIdentified:
		n := placing.Identification{Person: h.Person, On: r.date(), Restates: r.byte() == 1}
		if n.Sex, n.Month = r.code(sexes), r.month(); !out {
			s.identified = append(s.identified, fact[placing.Identification]{ref, n})
		}
	default:
		return false
	}
	return true
}

func (s *placementFacts) dropRetracted(v retractions) {
	s.hires = withoutRetracted(s.hires, v)
	s.exits = withoutRetracted(s.exits, v)
	s.renewals = withoutRetracted(s.renewals, v)
	s.changes = withoutRetracted(s.changes, v)
	s.suspensions = withoutRetracted(s.suspensions, v)
	s.resumptions = withoutRetracted(s.resumptions, v)
	s.identified = withoutRetracted(s.identified, v)
}

// placements pairs the hires with the exits, as package placing says. The result
// depends on what the events say and never on their order in the log: of hires that
// are one placement the first by content names the group, the sex and the month of
// birth, and of exits that are one the first by content names the kind and the code.
//
// The placements lie in the memory of room, when there is enough of it.
func (s *placementFacts) placements(room []Placement) []Placement {
	if len(s.hires) == 0 {
		return nil
	}
	paired := s.pair()
	slices.SortFunc(paired, comparePaired)
	all := slices.Grow(room[:0], len(paired))
	var lead *placing.Placement // of the last placement
	var first *Placement        // what its first hire by content says
	for i := range paired {
		p := &paired[i]
		h := &s.hires[p.Hire].what
		switch {
		case !p.Repeated:
			lead, all = p, append(all, Placement{})
		case compareContent(h, first) >= 0:
			continue
		}
		first = h
		s.place(&all[len(all)-1], h, lead)
	}
	s.divide(all)
	return all
}

// pair pairs the hires with the exits, and renews the terms.
func (s *placementFacts) pair() []placing.Placement {
	slices.SortFunc(s.exits, compareExits)
	s.paired, s.ended = s.paired[:0], s.ended[:0]
	for i := range s.hires {
		h := &s.hires[i].what
		s.paired = append(s.paired, placing.Placement{Holder: h.holder(), Seat: int32(h.Seat), From: h.From, Term: h.Term, Hire: uint32(i), StandsIn: h.StandsIn})
	}
	for i := range s.exits {
		x := &s.exits[i].what
		s.ended = append(s.ended, placing.Exit{Holder: x.Holder, On: x.on, No: uint32(i)})
	}
	placing.Pair(s.paired, s.ended)
	for i := range s.renewals {
		placing.Renew(s.paired, s.renewals[i].what)
	}
	return s.paired
}

// place makes a placement of what a hire says, with the term and the exit of lead.
func (s *placementFacts) place(to, hire *Placement, lead *placing.Placement) {
	*to = *hire
	to.Term, to.StandsIn = lead.Term, lead.StandsIn
	if lead.Exit != 0 {
		x := &s.exits[lead.EndedBy]
		to.Exit, to.ExitKind, to.ExitCode, to.Estimated, to.Exited = lead.Exit, x.what.kind, x.what.code, x.what.estimated, x.ref
	}
}

// Compare orders the placements on one post, or of one person, as both return them:
// by on-duty day, seat and holder. No two of them are alike in these.
func (p *Placement) Compare(o *Placement) int {
	switch {
	case p.From != o.From:
		return cmp.Compare(p.From, o.From)
	case p.Seat != o.Seat:
		return cmp.Compare(p.Seat, o.Seat)
	}
	return p.holder().Compare(o.holder())
}

func (p *Placement) holder() placing.Holder {
	return placing.Holder{Post: uint32(p.Post), Person: uint32(p.Person)}
}

// The comparisons are written out: most are over at the first or second step,
// and a rebuild makes them by the million.

// comparePaired is Compare. Hires that are one placement stay together.
func comparePaired(a, b placing.Placement) int {
	switch {
	case a.From != b.From:
		return cmp.Compare(a.From, b.From)
	case a.Seat != b.Seat:
		return cmp.Compare(a.Seat, b.Seat)
	case a.Holder != b.Holder:
		return a.Holder.Compare(b.Holder)
	}
	return cmp.Compare(a.Hire, b.Hire)
}

// compareContent orders hires that are one placement.
func compareContent(a, b *Placement) int {
	return cmp.Or(
		cmp.Compare(a.Group, b.Group), cmp.Compare(a.Sex, b.Sex),
		cmp.Compare(a.BirthMonth, b.BirthMonth), cmp.Compare(a.Term, b.Term),
		cmp.Compare(a.Hired, b.Hired),
	)
}

func compareExits(a, b fact[exit]) int {
	if a.what.Holder != b.what.Holder {
		return a.what.Holder.Compare(b.what.Holder)
	}
	if a.what.on != b.what.on {
		return cmp.Compare(a.what.on, b.what.on)
	}
	return cmp.Or(
		cmp.Compare(a.what.kind, b.what.kind), cmp.Compare(a.what.code, b.what.code),
		cmp.Compare(a.what.estimated, b.what.estimated), cmp.Compare(a.ref, b.ref),
	)
}
