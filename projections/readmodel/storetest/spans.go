package storetest

import (
	"context"
	"math"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/view"
)

// TB is what the functions here need of a test. Tests of package rapid have it too.
type TB interface {
	Helper()
	Fatal(...any)
}

// A Span is a span of a view, with the commits between which it held.
type Span struct {
	packing.SpanChange
	Of       view.Cell
	From, To uint64 // ordinals: since From, until To
}

// Holds reports whether the span holds on a business date as known at an ordinal.
func (s *Span) Holds(asOf civil.Date, known uint64) bool {
	return s.From <= known && known < s.To && s.Since <= asOf && asOf < s.Until
}

// Spans returns all spans of a view, whether they hold or not, in the order of
// their numbers.
func Spans(t TB, r *readmodel.Reader, name string) (all []Span) {
	t.Helper()
	cells := Cells(t, r)
	err := r.Spans(context.Background(), name, 0, func(ord uint64, changes []packing.SpanChange) {
		for _, c := range changes {
			if c.Ends != 0 {
				all[c.Ends-1].To = ord
			} else {
				all = append(all, Span{c, cells[c.Cell], ord, math.MaxUint64})
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Cells returns all cells by number.
func Cells(t TB, r *readmodel.Reader) map[int64]view.Cell {
	t.Helper()
	all := map[int64]view.Cell{}
	err := r.Cells(context.Background(), 0, func(_ uint64, cells []view.Cell) {
		for _, c := range cells {
			all[int64(len(all)+1)] = c
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Deltas returns all rows of a view in log order.
func Deltas(t TB, r *readmodel.Reader, name string) (all []packing.Delta) {
	t.Helper()
	err := r.Deltas(context.Background(), name, 0, func(_ uint64, rows []packing.Delta) { all = append(all, rows...) })
	if err != nil {
		t.Fatal(err)
	}
	return all
}
