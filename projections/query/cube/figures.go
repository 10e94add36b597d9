package cube

import (
	"slices"
	"strings"

	"github.com/muster-works/muster/projections/view"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/query/bitemporal"
)

// Figures are the counts of a view as they were at some time. Each count is kept three
// times: with all axes, in sums of its own for each county; rolled up to counties; and
// rolled up to counties without the kind of work, of which there are many. So a
// question about a county reads nothing of other counties, and most questions about
// the province add up some thousand numbers.
type Figures struct {
	scales       *scaleCache
	cells        *cells     // all that the rows name
	byCounty     *classSums // without the kind of work
	byCountyKind *classSums
	counties     []int32 // code of the county of each of places
	places       []*classSums
}

// Durations are counts by a measure, such as the days that a vacancy lasted. They are
// broken down by division alone.
type Durations Figures

// sumsFor returns the sums that tell apart what a question asks for.
func (f *Figures) sumsFor(prefix string, by []By) []*classSums {
	asks := func(is func(b By) bool) bool { return slices.ContainsFunc(by, is) }
	if !AboveCounty(prefix) || asks(func(b By) bool { return b.Axis == view.Division && b.Level > division.County }) {
		return f.placesUnder(prefix)
	}
	if asks(func(b By) bool { return b.Axis == view.Kind }) {
		return []*classSums{f.byCountyKind}
	}
	return []*classSums{f.byCounty}
}

// placesUnder returns the sums of the counties that lie under a prefix or around it.
func (f *Figures) placesUnder(prefix string) (all []*classSums) {
	county := prefix[:min(len(prefix), digits[division.County])]
	for i, s := range f.places {
		if strings.HasPrefix(f.cells.values[view.Division][f.counties[i]], county) {
			all = append(all, s)
		}
	}
	return all
}

// Each yields how often each measure counts on a date, in the divisions under a
// prefix. A measure may come several times, and n may be below zero.
func (d *Durations) Each(prefix string, known uint64, asOf civil.Date, yield func(measure, n int)) {
	g := (*Figures)(d).Group(prefix, nil)
	g.each(known, asOf, func(s *classSums, class, _ int32, n int) { yield(int(s.measure[class]), n) })
}

// each yields what is in each class on a date, if it is not 0.
func (g *Grouping) each(known uint64, asOf civil.Date, yield func(s *classSums, class, group int32, n int)) {
	var buffer []int32
	for i, s := range g.sums {
		buffer = s.At(known, asOf, buffer)
		groups := g.groupOf[i]
		for class, n := range buffer {
			if n != 0 && groups[class] >= 0 {
				yield(s, int32(class), groups[class], int(n))
			}
		}
	}
}

// Sums returns what is in each group on a date.
func (g *Grouping) Sums(known uint64, asOf civil.Date) []int {
	sums := make([]int, len(g.keys))
	g.each(known, asOf, func(_ *classSums, _, group int32, n int) { sums[group] += n })
	return sums
}

// Changes yields how the groups change on the dates from first to last, in no order.
func (g *Grouping) Changes(known uint64, first, last civil.Date, yield func(group int, on civil.Date, n int32)) {
	for i, s := range g.sums {
		groups := g.groupOf[i]
		s.Between(known, first, last, func(c *bitemporal.Change) {
			if group := groups[c.Class]; group >= 0 {
				yield(int(group), c.Date, c.N)
			}
		})
	}
}
