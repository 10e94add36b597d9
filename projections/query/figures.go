package query

import (
	"slices"
	"strings"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// figures are those of a view as they were at some time, twice: as they are, in
// a ledger for each county, and rolled up to counties and without the kind of
// work, in one for all. So a question about a county touches nothing else, and
// most about the province add up some thousand numbers.
//
// Vacancies filled are rolled up to counties and the days that they took, and
// each is a class of its own in the ledger of its county.
type figures struct {
	cells   *cells // all that the rows name
	roll    *ledger
	county  []int32 // code of the county of each ledger
	ledgers []*ledger
}

// classes say what the classes of a ledger are, by number. What is not kept is
// nil.
type classes struct {
	n       int
	of      [dimensions][]int32 // codes
	measure []int32
}

// An extent is what a question is about: what lies under a division prefix, as
// it was known at a commit, broken down by axes.
type extent struct {
	prefix string
	known  uint64
	by     []axis
}

// rollable says whether the roll-up tells apart what is asked for.
func (x *extent) rollable() bool {
	return len(x.prefix) < digits[division.County] && !slices.ContainsFunc(x.by, func(a axis) bool {
		return a.dimension == byKind || a.dimension == byDivision && a.level > division.County
	})
}

// ledgers returns those that hold what a question is about, and what tells
// whether a class of one of them belongs to it.
func (f *figures) within(x *extent) (ledgers []*ledger, in func(c *classes, class int32) bool) {
	in = func(c *classes, class int32) bool {
		return strings.HasPrefix(f.cells.values[byDivision][c.of[byDivision][class]], x.prefix)
	}
	if x.rollable() {
		return []*ledger{f.roll}, in
	}
	county := x.prefix[:min(len(x.prefix), digits[division.County])]
	for i, l := range f.ledgers {
		if strings.HasPrefix(f.cells.values[byDivision][f.county[i]], county) {
			ledgers = append(ledgers, l)
		}
	}
	if county == x.prefix {
		in = func(*classes, int32) bool { return true }
	}
	return ledgers, in
}

// sums yields the sum on a date of every class where it is not 0.
func (f *figures) sums(x *extent, asOf civil.Date, yield func(c *classes, class int32, n int)) {
	ledgers, in := f.within(x)
	var room []int32
	for _, l := range ledgers {
		room = l.sums(x.known, asOf, room)
		for class, n := range room {
			if n != 0 && in(&l.classes, int32(class)) {
				yield(&l.classes, int32(class), int(n))
			}
		}
	}
}

// changes yields the entries of dates from first to last.
func (f *figures) changes(x *extent, first, last civil.Date, yield func(c *classes, e *entry)) {
	ledgers, in := f.within(x)
	for _, l := range ledgers {
		l.between(x.known, first, last, func(e *entry) {
			if in(&l.classes, e.class) {
				yield(&l.classes, e)
			}
		})
	}
}
