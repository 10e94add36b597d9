package readmodel_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
	"pgregory.net/rapid"
)

// What is packed is read again, whatever it is.
func TestPack(t *testing.T) {
	date := rapid.Map(rapid.Int32Range(-1000, 800_000), func(n int32) civil.Date { return civil.Date(n) })
	differences := rapid.SliceOf(rapid.Custom(func(t *rapid.T) readmodel.Difference {
		return readmodel.Difference{Ord: 7, Cell: rapid.Int64().Draw(t, "cell"), Date: date.Draw(t, "date"), Measure: rapid.Int().Draw(t, "measure"), N: rapid.Int().Draw(t, "n")}
	}))
	changes := rapid.SliceOf(rapid.Custom(func(t *rapid.T) readmodel.SpanChange {
		if rapid.Bool().Draw(t, "ends") {
			return readmodel.SpanChange{Ends: rapid.Int64Range(1, 1<<40).Draw(t, "number")}
		}
		c := readmodel.SpanChange{
			Post: timeline.Number(rapid.Uint32().Draw(t, "post")), Seat: rapid.IntRange(0, 1<<40).Draw(t, "seat"), Cell: rapid.Int64().Draw(t, "cell"),
			Since: date.Draw(t, "since"), Until: readmodel.OpenEnd, Filled: rapid.Bool().Draw(t, "filled"),
		}
		if rapid.Bool().Draw(t, "closed") {
			c.Until = c.Since + civil.Date(rapid.IntRange(1, 10_000).Draw(t, "days"))
		}
		return c
	}))
	cells := rapid.SliceOf(rapid.Custom(func(t *rapid.T) view.Cell {
		var c view.Cell
		for axis := range c {
			c[axis] = rapid.String().Draw(t, view.Axis(axis).String())
		}
		return c
	}))
	rapid.Check(t, func(t *rapid.T) {
		d, s, c := differences.Draw(t, "differences"), changes.Draw(t, "changes"), cells.Draw(t, "cells")
		if got, err := readmodel.ReadDifferences(readmodel.AppendDifferences(nil, d), 7, nil); err != nil || !slices.Equal(got, d) {
			t.Errorf("differences: %v, %v", got, err)
		}
		if got, err := readmodel.ReadSpans(readmodel.AppendSpans(nil, s), nil); err != nil || !slices.Equal(got, s) {
			t.Errorf("spans: %v, %v", got, err)
		}
		if got, err := readmodel.ReadCells(readmodel.AppendCells(nil, c), nil); err != nil || !slices.Equal(got, c) {
			t.Errorf("cells: %v, %v", got, err)
		}
	})
}

// Packed rows come from a file that may be damaged: reading them ends, with rows
// or with ErrDamaged.
func FuzzReadRows(f *testing.F) {
	f.Add(readmodel.AppendDifferences(nil, []readmodel.Difference{{Cell: 3, Date: 738_000, N: 1}, {Cell: 4, Date: 738_001, Measure: 9, N: -1}}))
	f.Add(readmodel.AppendSpans(nil, []readmodel.SpanChange{{Post: 1, Seat: 2, Cell: 3, Since: 738_000, Until: readmodel.OpenEnd}, {Ends: 1}}))
	f.Add(readmodel.AppendCells(nil, []view.Cell{{view.Division: "370211102231", view.Category: "public_service", view.Sex: "F"}}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, differences := readmodel.ReadDifferences(b, 1, nil)
		_, spans := readmodel.ReadSpans(b, nil)
		_, cells := readmodel.ReadCells(b, nil)
		for _, err := range []error{differences, spans, cells} {
			if err != nil && !errors.Is(err, timeline.ErrDamaged) {
				t.Error(err)
			}
		}
	})
}
