package payroll

import (
	"context"
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// A stint is one month of one person on one post: in place for a part of it at
// least, or paid for it.
type stint struct {
	no    timeline.Number // of the person
	on    timeline.Number // post
	post  *post
	month civil.Month
	days  days
	paid  []payment
}

type post struct {
	name string
	terms
}

// A span says which stints are looked for.
type span struct {
	division    string
	known       uint64
	first, last civil.Month
}

// stints calls yield with the stints of a span, person by person in the order
// of their numbers. A stint is good until yield returns.
func stints(ctx context.Context, m Model, s span, yield func(*stint)) error {
	w := walker{span: s, posts: map[timeline.Number]*post{}, yield: yield}
	var numbers []timeline.Number
	err := m.PostsUnder(ctx, s.division, s.known, func(no timeline.Number, name string, p *timeline.Post) {
		a, ok := p.Attributes()
		if !ok && s.division != "" || !a.Division.Under(s.division) {
			return
		}
		w.posts[no] = &post{name, termsOf(a)}
		for _, placed := range p.Placements() {
			numbers = append(numbers, placed.Person)
		}
	})
	if err != nil {
		return err
	}
	folios, err := countyFolios(ctx, m, s.division)
	if err != nil {
		return err
	}
	for _, f := range folios {
		numbers = append(numbers, readmodel.FolioPersons(f)...)
	}
	if s.first == s.last {
		return persons(ctx, m, numbers, s.first, s.known, w.person)
	}
	return m.Persons(ctx, numbers, s.known, w.person)
}

// persons calls yield with the persons with given numbers, as known at an
// ordinal, by number: with what concerns a month.
func persons(ctx context.Context, m Model, numbers []timeline.Number, month civil.Month, known uint64, yield func(timeline.Number, *timeline.Person)) error {
	wanted := slices.Compact(slices.Sorted(slices.Values(numbers)))
	for len(wanted) > 0 {
		folio, _ := wanted[0].Folio()
		n := 1
		var want [timeline.FolioSize]bool
		for ; n <= len(wanted); n++ {
			f, slot := wanted[n-1].Folio()
			if f != folio {
				break
			}
			want[slot] = true
		}
		leaves, err := m.FolioLeaves(ctx, folio, 0)
		if err != nil {
			return err
		}
		all, err := timeline.ReadMonth(leaves, month, func(slot byte) bool { return want[slot] })
		if err != nil {
			return err
		}
		for _, no := range wanted[:n-1] {
			_, slot := no.Folio()
			p, err := all[slot].At(known)
			if err != nil {
				return err
			}
			if p != nil {
				yield(no, p)
			}
		}
		wanted = wanted[n-1:]
	}
	return nil
}

// countyFolios returns the folios of those who came in the counties under a
// prefix or through an authority above them.
func countyFolios(ctx context.Context, m Model, prefix string) ([]uint32, error) {
	if len(prefix) < 6 {
		return m.Folios(ctx, prefix)
	}
	county := prefix[:6]
	var all []uint32
	for _, name := range []string{county, county[:4] + "00", county[:2] + "0000"} {
		folios, err := m.Folios(ctx, name)
		if err != nil {
			return nil, err
		}
		all = append(all, folios...)
	}
	return all, nil
}

// A walker takes the timelines of persons apart into stints.
type walker struct {
	span
	posts map[timeline.Number]*post // nil is all
	yield func(*stint)
}

func (w *walker) person(no timeline.Number, p *timeline.Person) {
	placements, pay, sheets := p.Placements(), p.Pay(), p.Attendance()
	for month := w.first; month <= w.last; month++ {
		w.month(no, month, placements, pay, sheets)
	}
}

func (w *walker) month(no timeline.Number, month civil.Month, placements []timeline.Placement, pay []timeline.Pay, sheets []timeline.Sheet) {
	first, end := month.First(), (month + 1).First()
	var on []timeline.Number // posts
	holds := func(h timeline.Placement) bool {
		return !h.Empty() && h.From < end && (h.Exit == 0 || h.Exit > first)
	}
	paid := func(l timeline.Pay) bool { return l.Month == month && l.Instructed != 0 }
	for _, h := range placements {
		if holds(h) {
			on = append(on, h.Post)
		}
	}
	for _, l := range pay {
		if paid(l) {
			on = append(on, l.Post)
		}
	}
	slices.Sort(on)
	for _, number := range slices.Compact(on) {
		at := w.posts[number]
		if at == nil && w.posts != nil {
			continue
		}
		s := stint{no: no, on: number, post: at, month: month}
		var held []timeline.Placement
		for _, h := range placements {
			if h.Post == number && holds(h) {
				held = append(held, h)
			}
		}
		var lines []timeline.Pay
		for _, l := range pay {
			if l.Post == number && paid(l) {
				lines = append(lines, l)
			}
		}
		for i := range sheets {
			if sheets[i].Post == number && sheets[i].Month == month {
				s.days = worked(held, &sheets[i])
			}
		}
		s.paid = payments(lines)
		w.yield(&s)
	}
}
