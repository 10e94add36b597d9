package query

import (
	"slices"
	"strings"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// figures are those of a view as they were at some time, three times: as they
// are, in a ledger for each county; rolled up to counties, in one for all; and
// rolled up further, without the kind of work, of which there are many. So a
// question about a county touches nothing else, and most about the province add
// up some thousand numbers.
//
// Vacancies filled are rolled up to counties and the days that they took, and
// each is a class of its own in the ledger of its county.
type figures struct {
	cells    *cells // all that the rows name
	counties *ledger
	kinds    *ledger // the same with kinds
	county   []int32 // code of the county of each of places
	places   []*ledger
}

// classes say what the classes of a ledger are, by number. What is not kept is
// nil.
type classes struct {
	n       int
	of      [dimensions][]int32 // codes
	measure []int32
}

// An extent is what a question is about: what lies under a division prefix,
// broken down by axes.
type extent struct {
	prefix string
	by     []axis
}

// ledgers returns those that tell apart what is asked for.
func (f *figures) ledgers(x *extent) []*ledger {
	asks := func(is func(a axis) bool) bool { return slices.ContainsFunc(x.by, is) }
	const county = division.County
	if len(x.prefix) >= digits[county] || asks(func(a axis) bool { return a.dimension == byDivision && a.level > county }) {
		var all []*ledger
		for i, l := range f.places {
			if strings.HasPrefix(f.cells.values[byDivision][f.county[i]], x.prefix[:min(len(x.prefix), digits[county])]) {
				all = append(all, l)
			}
		}
		return all
	}
	if asks(func(a axis) bool { return a.dimension == byKind }) {
		return []*ledger{f.kinds}
	}
	return []*ledger{f.counties}
}

// each yields what is in each class on a date, where it is not 0.
func (g *grouping) each(known uint64, asOf civil.Date, yield func(l *ledger, class, group int32, n int)) {
	var room []int32
	for i, l := range g.ledgers {
		room = l.sums(known, asOf, room)
		groups := g.of[i]
		for class, n := range room {
			if n != 0 && groups[class] >= 0 {
				yield(l, int32(class), groups[class], int(n))
			}
		}
	}
}

// sums adds up by group what is in it on a date.
func (g *grouping) sums(known uint64, asOf civil.Date) []int {
	sums := make([]int, len(g.keys))
	g.each(known, asOf, func(_ *ledger, _, group int32, n int) { sums[group] += n })
	return sums
}

// changes yields the entries of dates from first to last with their groups.
func (g *grouping) changes(known uint64, first, last civil.Date, yield func(group int32, e *entry)) {
	for i, l := range g.ledgers {
		groups := g.of[i]
		l.between(known, first, last, func(e *entry) {
			if group := groups[e.class]; group >= 0 {
				yield(group, e)
			}
		})
	}
}
