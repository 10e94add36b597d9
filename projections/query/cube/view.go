package cube

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/view"

	"github.com/muster-works/muster/projections/query/bitemporal"
	"github.com/muster-works/muster/projections/readmodel"
)

// viewSums keeps the figures of one view up to date.
type viewSums struct {
	name         string
	measured     bool // of a view of durations
	compactAfter int

	mu           sync.Mutex
	last         uint64 // ordinal up to which rows were read
	figures      Figures
	byCounty     rollUp
	byCountyKind rollUp
	classOf      []int32 // by cell number − 1: class in the sums of its county, and one more; 0 is not known
	placeOf      []int32 // by code of a county: index in figures.places, and one more; 0 is not known
}

func newViewSums(name string, measured bool, compactAfter int, scales *scaleCache) *viewSums {
	return &viewSums{
		name: name, measured: measured, compactAfter: compactAfter,
		figures: Figures{scales: scales, byCounty: new(classSums), byCountyKind: new(classSums)},
	}
}

// rows returns how many rows were read.
func (v *viewSums) rows() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.figures.byCounty.Len()
}

// refresh reads the rows that are new, and returns the figures. What was read before
// an error stays.
func (v *viewSums) refresh(ctx context.Context, model *readmodel.Reader, dictionary *dictionary) (*Figures, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now, err := dictionary.refresh(ctx, model)
	if err != nil {
		return nil, err
	}
	a := v.appendTo(now)
	// Rows whose cells came after the dictionary was read, and all rows behind them.
	var rest []packing.Delta
	err = model.Deltas(ctx, v.name, v.last, func(ord uint64, rows []packing.Delta) {
		if len(rest) > 0 || slices.ContainsFunc(rows, func(d packing.Delta) bool { return d.Cell > int64(a.cells.n) }) {
			rest = append(rest, rows...)
		} else {
			a.rows(rows)
		}
	})
	if err == nil && len(rest) > 0 {
		if a.cells, err = dictionary.refresh(ctx, model); err == nil {
			a.rows(rest)
		}
	}
	a.compact()
	v.figures.cells = a.cells
	if err == nil && a.unsound {
		err = fmt.Errorf("%w: a row of %s names a cell that is not there", readmodel.ErrUnusable, v.name)
	}
	snapshot := v.figures
	return &snapshot, err
}

// A viewAppender appends rows to the figures of a view. The sums that it appends to
// are copies, since snapshots hold the sums of before.
type viewAppender struct {
	*viewSums
	cells   *cells
	copied  []bool // by index in figures.places
	unsound bool   // a row names a cell that is not there
}

func (v *viewSums) appendTo(c *cells) *viewAppender {
	f := &v.figures
	byCounty, byCountyKind := *f.byCounty, *f.byCountyKind
	f.byCounty, f.byCountyKind, f.places = &byCounty, &byCountyKind, slices.Clone(f.places)
	return &viewAppender{viewSums: v, cells: c, copied: make([]bool, len(f.places))}
}

// rows appends the rows of whole commits.
func (a *viewAppender) rows(rows []packing.Delta) {
	for i := range rows {
		d := &rows[i]
		if a.unsound = a.unsound || d.Cell < 1 || d.Cell > int64(a.cells.n); a.unsound {
			return
		}
		a.last = d.Ord
		change := bitemporal.Change{Ord: uint32(d.Ord), Date: d.Date, N: int32(d.N)}
		if cell := int32(d.Cell - 1); a.measured {
			a.duration(cell, int32(d.Measure), change)
		} else {
			a.count(cell, change)
		}
	}
}

// count appends a row of a view of counts to the sums of the county and to both
// roll-ups.
func (a *viewAppender) count(cell int32, change bitemporal.Change) {
	f, codes := &a.figures, a.cells.codesOf(cell)
	county := a.cells.county[codes[view.Division]]
	place := a.place(county)
	change.Class = a.class(place, cell, codes)
	place.Append(change)

	rolled := signature{codes: codes}
	rolled.codes[view.Division] = county
	change.Class = a.byCountyKind.class(f.byCountyKind, cell, rolled)
	f.byCountyKind.Append(change)

	rolled.codes[view.Kind] = 0
	change.Class = a.byCounty.class(f.byCounty, cell, rolled)
	f.byCounty.Append(change)
}

// duration appends a row of a view of durations. In the sums of the county each row is
// a class of its own: nearly every row has another cell or another measure.
func (a *viewAppender) duration(cell, measure int32, change bitemporal.Change) {
	f, code := &a.figures, a.cells.codes[view.Division][cell]
	county := a.cells.county[code]
	place := a.place(county)
	change.Class = place.addDuration(code, measure)
	place.Append(change)

	rolled := signature{measure: measure}
	rolled.codes[view.Division] = county
	change.Class = a.byCounty.find(f.byCounty, rolled)
	f.byCounty.Append(change)
}

// slot returns the place of an index in a list, which grows to it.
func slot(list *[]int32, i int32) *int32 {
	if n := int(i) + 1; n > len(*list) {
		*list = append(*list, make([]int32, n-len(*list))...)
	}
	return &(*list)[i]
}

// place returns the sums of a county, to append to.
func (a *viewAppender) place(county int32) *classSums {
	f, number := &a.figures, slot(&a.placeOf, county)
	if *number == 0 {
		f.counties, f.places, a.copied = append(f.counties, county), append(f.places, new(classSums)), append(a.copied, true)
		*number = int32(len(f.places))
	}
	i := *number - 1
	if !a.copied[i] {
		copied := *f.places[i]
		f.places[i], a.copied[i] = &copied, true
	}
	return f.places[i]
}

// class returns the class of a cell in the sums of its county.
func (a *viewAppender) class(s *classSums, cell int32, codes [view.AxisCount]int32) int32 {
	class := slot(&a.classOf, cell)
	if *class == 0 {
		*class = s.addCount(codes) + 1
	}
	return *class - 1
}

// compact computes prefix sums where they are due. Durations of a county have as many
// classes as rows, so that prefix sums would not help.
func (a *viewAppender) compact() {
	a.figures.byCounty.Compact(a.compactAfter)
	a.figures.byCountyKind.Compact(a.compactAfter)
	for i, copied := range a.copied {
		if copied && !a.measured {
			a.figures.places[i].Compact(a.compactAfter)
		}
	}
}
