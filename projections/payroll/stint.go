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
	no     timeline.Number
	post   *post
	month  civil.Month
	placed []timeline.Placement // that hold on a day of the month
	sheet  timeline.Sheet
	lines  []timeline.Pay
}

type post struct {
	name string
	timeline.Attributes
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
		w.posts[no] = &post{name, a}
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
	return m.Persons(ctx, numbers, s.known, w.person)
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
	posts map[timeline.Number]*post
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
		if at == nil {
			continue
		}
		s := stint{no: no, post: at, month: month, sheet: timeline.Sheet{Month: month}}
		for _, h := range placements {
			if h.Post == number && holds(h) {
				s.placed = append(s.placed, h)
			}
		}
		for _, l := range pay {
			if l.Post == number && paid(l) {
				s.lines = append(s.lines, l)
			}
		}
		for _, sheet := range sheets {
			if sheet.Post == number && sheet.Month == month {
				s.sheet = sheet
			}
		}
		w.yield(&s)
	}
}
