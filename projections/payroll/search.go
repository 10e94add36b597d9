package payroll

import (
	"cmp"
	"context"
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// A monthRange says which person-months are looked for: on the posts under a division
// prefix, from a month to a month, as known at an ordinal.
type monthRange struct {
	division    string
	known       uint64
	first, last civil.Month
}

// personMonths yields the person-months of a range, person by person in the order of
// their numbers. A person-month is good until yield returns.
func personMonths(ctx context.Context, m Model, of monthRange, yield func(*personMonth)) error {
	posts, persons, err := postsUnder(ctx, m, of)
	if err != nil {
		return err
	}
	folios, err := countyFolios(ctx, m, of.division)
	if err != nil {
		return err
	}
	for _, f := range folios {
		persons = append(persons, readmodel.FolioPersons(f)...)
	}
	s := splitter{first: of.first, last: of.last, division: of.division, posts: posts, yield: yield}
	if of.first == of.last {
		return personsOfMonth(ctx, m, persons, of.first, of.known, s.split)
	}
	return m.Persons(ctx, persons, of.known, s.split)
}

// postsUnder returns the posts that lie under the division in one of the months, and the
// persons who ever were placed on them. A post that is not known to be developed lies in no
// division: only the empty prefix finds it.
func postsUnder(ctx context.Context, m Model, of monthRange) (posts map[timeline.Number]*post, persons []timeline.Number, err error) {
	posts = map[timeline.Number]*post{}
	var damaged error
	err = m.PostsUnder(ctx, of.division, of.known, func(no timeline.Number, name string, p *timeline.Post) {
		periods := p.Periods()
		if of.division != "" && !periods.Lie(of.division, of.first.First(), (of.last+1).First()) {
			return
		}
		history, err := historyOf(p)
		damaged = cmp.Or(damaged, err)
		posts[no] = &post{name, scheduleOf(periods), history}
		for _, placed := range p.Placements() {
			persons = append(persons, placed.Person)
		}
	})
	return posts, persons, cmp.Or(err, damaged)
}

// historyOf returns what was known of the terms of a post since earlier commits, nil if it was the same
// all the time.
func historyOf(p *timeline.Post) ([]knownTerms, error) {
	if !p.Redeveloped() {
		return nil, nil
	}
	developments, err := p.Developments()
	return knownTermsOf(developments), err
}

// knownTermsOf returns the terms of developments.
func knownTermsOf(developments []timeline.Development) (all []knownTerms) {
	for _, d := range developments {
		all = append(all, knownTerms{d.Since, len(d.Periods) > 0, scheduleOf(d.Periods)})
	}
	return all
}

// personsOfMonth yields persons, as known at an ordinal, by number. It reads only what
// concerns a month, which is a tenth of the facts of a year.
func personsOfMonth(ctx context.Context, m Model, numbers []timeline.Number, month civil.Month, known uint64, yield func(timeline.Number, *timeline.Person)) error {
	wanted := slices.Compact(slices.Sorted(slices.Values(numbers)))
	for len(wanted) > 0 {
		folio, _ := wanted[0].Folio()
		n := slices.IndexFunc(wanted, func(no timeline.Number) bool { f, _ := no.Folio(); return f != folio })
		if n < 0 {
			n = len(wanted)
		}
		if err := folioOfMonth(ctx, m, folio, wanted[:n], month, known, yield); err != nil {
			return err
		}
		wanted = wanted[n:]
	}
	return nil
}

// folioOfMonth yields persons of one folio.
func folioOfMonth(ctx context.Context, m Model, folio uint32, numbers []timeline.Number, month civil.Month, known uint64, yield func(timeline.Number, *timeline.Person)) error {
	var want [timeline.FolioSize]bool
	for _, no := range numbers {
		_, slot := no.Folio()
		want[slot] = true
	}
	leaves, err := m.FolioLeaves(ctx, folio, 0)
	if err != nil {
		return err
	}
	histories, err := timeline.ReadMonth(leaves, month, func(slot byte) bool { return want[slot] })
	if err != nil {
		return err
	}
	for _, no := range numbers {
		_, slot := no.Folio()
		p, err := histories[slot].At(known)
		if err != nil {
			return err
		}
		if p != nil {
			yield(no, p)
		}
	}
	return nil
}

// countyFolios returns the folios of the persons who came into the log in the counties
// under a prefix, or through an authority above those counties.
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
