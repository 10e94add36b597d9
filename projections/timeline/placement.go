package timeline

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/civil"
)

// A Number stands for a person or a post within one generation of the read
// model. Numbers are given in log order and mean nothing outside of it.
type Number uint32

// A Placement is one person on one seat, from From until Exit.
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
	Hired      Ref
	Exited     Ref
}

// Holds says whether the person is in place on a day.
func (p Placement) Holds(on civil.Date) bool { return p.From <= on && (p.Exit == 0 || on < p.Exit) }

// Empty says whether the placement ended on the day it began: it never counts.
func (p Placement) Empty() bool { return p.Exit != 0 && p.Exit <= p.From }

// A fact is what one event said.
type fact[T any] struct {
	ref  Ref
	what T
}

// standing returns the facts that no void leaves out.
func standing[T any](facts []fact[T], v voids) []fact[T] {
	return slices.DeleteFunc(facts, func(f fact[T]) bool { _, out := v[f.ref]; return out })
}

// spells are the facts that placements are made of. Which person and post they
// are of is one of the two fields, as in Placement; the other is 0.
type spells struct {
	hires    []fact[Placement]
	exits    []fact[exit]
	renewals []fact[renewal]
}

type exit struct {
	holder
	on         civil.Date
	kind, code string
}

type renewal struct {
	holder
	until civil.Date
}

func (r *reader) hire(h holder) Placement {
	return Placement{
		Person: h.person, Post: h.post, Seat: r.int(), From: r.date(), Term: r.date(),
		Group: r.code(groups), Sex: r.code(sexes), BirthMonth: r.month(),
	}
}

func (r *reader) exit(h holder) exit {
	return exit{h, r.date(), r.code(kinds), r.text()}
}

// read reads one fact of a placement; it returns false for other facts.
func (s *spells) read(r *reader, tag Tag, ref Ref, h holder, out bool) bool {
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
		if n := (renewal{h, r.date()}); !out {
			s.renewals = append(s.renewals, fact[renewal]{ref, n})
		}
	default:
		return false
	}
	return true
}

func (s *spells) leaveOut(v voids) {
	s.hires = standing(s.hires, v)
	s.exits = standing(s.exits, v)
	s.renewals = standing(s.renewals, v)
}

// placements pairs hires with exits. The result depends on what the events say
// and never on their order in the log:
//
//   - Hires of one person on one seat from one day are one placement, however
//     many events say so.
//   - An exit ends every placement of its person on its post that began before
//     its day and has not ended. If there is none, it ends those that began on
//     that very day, which then never counted. Exits of one day are one exit.
//   - A renewal moves the term of the last placement that began before it.
//
// They lie in the memory of room, if there is enough.
func (s *spells) placements(room []Placement) []Placement {
	if len(s.hires) == 0 {
		return nil
	}
	all := room[:0]
	for _, h := range s.hires {
		all = append(all, h.what)
	}
	slices.SortFunc(all, compareHires)
	all = slices.CompactFunc(all, func(a, b Placement) bool {
		return a.holder() == b.holder() && a.From == b.From && a.Seat == b.Seat
	})
	slices.SortFunc(s.exits, compareExits)
	for i, x := range s.exits {
		if i > 0 && s.exits[i-1].what.holder == x.what.holder && s.exits[i-1].what.on == x.what.on {
			continue
		}
		own := of(all, x.what.holder)
		if !end(own, x, func(from civil.Date) bool { return from < x.what.on }) {
			end(own, x, func(from civil.Date) bool { return from == x.what.on })
		}
	}
	for _, n := range s.renewals {
		own := of(all, n.what.holder)
		for i := len(own) - 1; i >= 0; i-- {
			if own[i].From < n.what.until {
				own[i].Term = max(own[i].Term, n.what.until)
				break
			}
		}
	}
	slices.SortFunc(all, func(a, b Placement) int { return a.Compare(&b) })
	return all
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
	return p.holder().compare(o.holder())
}

// of returns the placements of one holder; all is sorted by holder.
func of(all []Placement, h holder) []Placement {
	i, _ := slices.BinarySearchFunc(all, h, func(p Placement, h holder) int { return p.holder().compare(h) })
	n := 0
	for i+n < len(all) && all[i+n].holder() == h {
		n++
	}
	return all[i : i+n]
}

func end(own []Placement, x fact[exit], began func(from civil.Date) bool) (ended bool) {
	for i := range own {
		if p := &own[i]; p.Exit == 0 && began(p.From) {
			p.Exit, p.ExitKind, p.ExitCode, p.Exited = x.what.on, x.what.kind, x.what.code, x.ref
			ended = true
		}
	}
	return ended
}

// A holder is a person on a post: whom an exit or a renewal is about.
type holder struct{ post, person Number }

func (h holder) compare(o holder) int {
	if h.post != o.post {
		return cmp.Compare(h.post, o.post)
	}
	return cmp.Compare(h.person, o.person)
}

func (p *Placement) holder() holder { return holder{p.Post, p.Person} }

// The comparisons are written out: most are over at the first or second step,
// and a rebuild makes them by the million.
func compareHires(a, b Placement) int {
	if c := a.holder().compare(b.holder()); c != 0 {
		return c
	}
	if a.From != b.From {
		return cmp.Compare(a.From, b.From)
	}
	if a.Seat != b.Seat {
		return cmp.Compare(a.Seat, b.Seat)
	}
	return cmp.Or(
		cmp.Compare(a.Group, b.Group), cmp.Compare(a.Sex, b.Sex),
		cmp.Compare(a.BirthMonth, b.BirthMonth), cmp.Compare(a.Term, b.Term),
		cmp.Compare(a.Hired, b.Hired),
	)
}

func compareExits(a, b fact[exit]) int {
	if c := a.what.holder.compare(b.what.holder); c != 0 {
		return c
	}
	if a.what.on != b.what.on {
		return cmp.Compare(a.what.on, b.what.on)
	}
	return cmp.Or(
		cmp.Compare(a.what.kind, b.what.kind), cmp.Compare(a.what.code, b.what.code),
		cmp.Compare(a.ref, b.ref),
	)
}
