package placingtest

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// A Placement is one person on one seat of a post.
type Placement struct {
	Person events.Person
	Post   string
	Seat   int
	From   civil.Date
	Exit   civil.Date // first day on which the person is no longer in place; 0 is none
	Term   civil.Date // the latest end of the term that a hire or a renewal names
	Stands bool       // a hire stands in for a suspended person
	Hires  []*events.Event
	Ended  *events.Event // the exit.recorded that ends the placement, or nil
}

// On reports whether the person is in place on a day.
func (p *Placement) On(day civil.Date) bool {
	return p.From <= day && (p.Exit == 0 || day < p.Exit)
}

// Placements returns the placements in the order of on-duty day, post, seat and
// person. It also returns the exits that end no placement. No event of b may be
// replaced or withdrawn.
func (b Book) Placements() (placements []*Placement, idle []*events.Event) {
	placements = b.hires()
	for _, exit := range b.exits() {
		if !end(placements, exit) {
			idle = append(idle, exit)
		}
	}
	for _, e := range b {
		if d, ok := e.Data.(*events.HireRenewed); ok {
			renew(placements, d)
		}
	}
	slices.SortFunc(placements, func(a, b *Placement) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Post, b.Post), cmp.Compare(a.Seat, b.Seat),
			slices.Compare(a.Person[:], b.Person[:]))
	})
	return placements, idle
}

// hires returns one placement for each person, seat and day of the hires.
func (b Book) hires() (placements []*Placement) {
	for _, e := range b {
		d, ok := e.Data.(*events.HirePlaced)
		if !ok {
			continue
		}
		i := slices.IndexFunc(placements, func(p *Placement) bool {
			return p.Person == d.Person && p.Post == d.Post && p.Seat == d.Seat && p.From == d.From
		})
		if i < 0 {
			i = len(placements)
			placements = append(placements, &Placement{Person: d.Person, Post: d.Post, Seat: d.Seat, From: d.From})
		}
		p := placements[i]
		p.Term, p.Hires = max(p.Term, d.Until), append(p.Hires, e)
		p.Stands = p.Stands || d.StandingInFor != events.Person{}
	}
	return placements
}

// exits returns the exits in the order of their days. Of several exits of a person
// from a post on one day, it returns the first by kind and code.
func (b Book) exits() (exits []*events.Event) {
	for _, e := range b {
		if e.Type == events.ExitRecordedType {
			exits = append(exits, e)
		}
	}
	slices.SortFunc(exits, func(a, b *events.Event) int {
		x, y := a.Data.(*events.ExitRecorded), b.Data.(*events.ExitRecorded)
		return cmp.Or(cmp.Compare(x.On, y.On), cmp.Compare(x.Post, y.Post), slices.Compare(x.Person[:], y.Person[:]),
			cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Code, y.Code))
	})
	return slices.CompactFunc(exits, func(a, b *events.Event) bool {
		x, y := a.Data.(*events.ExitRecorded), b.Data.(*events.ExitRecorded)
		return x.On == y.On && x.Post == y.Post && x.Person == y.Person
	})
}

// end ends the placements that an exit ends, and reports whether there were any.
func end(placements []*Placement, exit *events.Event) bool {
	d := exit.Data.(*events.ExitRecorded)
	var before, that []*Placement
	for _, p := range placements {
		switch open := p.Person == d.Person && p.Post == d.Post && p.Exit == 0; {
		case open && p.From < d.On:
			before = append(before, p)
		case open && p.From == d.On:
			that = append(that, p)
		}
	}
	if len(before) == 0 {
		before = that
	}
	for _, p := range before {
		p.Exit, p.Ended = d.On, exit
	}
	return len(before) > 0
}

// renew moves the term of the last placement that began before the new end. Of
// placements that began on one day, the last is the one on the highest seat.
func renew(placements []*Placement, d *events.HireRenewed) {
	var last *Placement
	for _, p := range placements {
		if p.Person == d.Person && p.Post == d.Post && p.From < d.Until &&
			(last == nil || p.From > last.From || p.From == last.From && p.Seat > last.Seat) {
			last = p
		}
	}
	if last != nil {
		last.Term = max(last.Term, d.Until)
	}
}

// FreeSeat returns the seat for a hire from a given day on that names no seat. It
// chooses among the seats that the post has on that day: those with the fewest
// placements that have a day from then on, and of these the lowest. The result is 0
// if the post has no seat. No event of b may be replaced or withdrawn.
func (b Book) FreeSeat(post string, from civil.Date) (seat int, free bool) {
	placements, _ := b.Placements()
	least := -1
	for n := 1; n <= b.Seats(post, from); n++ {
		taken := 0
		for _, p := range placements {
			if p.Post == post && p.Seat == n && (p.Exit == 0 || p.Exit > max(p.From, from)) {
				taken++
			}
		}
		if least < 0 || taken < least {
			seat, least = n, taken
		}
	}
	return seat, least == 0
}
