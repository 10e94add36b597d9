package packing_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
	"pgregory.net/rapid"
)

// Goal: what is packed is read again as it was.
// Method: random deltas, changes and cells go through Append and Read.
func TestPack(t *testing.T) {
	date := rapid.Map(rapid.Int32Range(-1000, 800_000), func(n int32) civil.Date { return civil.Date(n) })
	deltas := rapid.SliceOf(rapid.Custom(func(t *rapid.T) packing.Delta {
		return packing.Delta{Ord: 7, Cell: rapid.Int64().Draw(t, "cell"), Date: date.Draw(t, "date"), Measure: rapid.Int().Draw(t, "measure"), N: rapid.Int().Draw(t, "n")}
	}))
	changes := rapid.SliceOf(rapid.Custom(func(t *rapid.T) packing.SpanChange {
		if rapid.Bool().Draw(t, "ends") {
			return packing.SpanChange{Ends: rapid.Int64Range(1, 1<<40).Draw(t, "number")}
		}
		c := packing.SpanChange{
			Post: timeline.Number(rapid.Uint32().Draw(t, "post")), Seat: rapid.IntRange(0, 1<<40).Draw(t, "seat"), Cell: rapid.Int64().Draw(t, "cell"),
			Since: date.Draw(t, "since"), Until: packing.OpenEnd, Filled: rapid.Bool().Draw(t, "filled"),
		}
		if rapid.Bool().Draw(t, "moved") {
			c.Earlier = rapid.IntRange(1, 10_000).Draw(t, "earlier")
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
		d, s, c := deltas.Draw(t, "deltas"), changes.Draw(t, "changes"), cells.Draw(t, "cells")
		if got, err := packing.ReadDeltas(packing.AppendDeltas(nil, d), 7, nil); err != nil || !slices.Equal(got, d) {
			t.Errorf("deltas: %v, %v", got, err)
		}
		if got, err := packing.ReadSpans(packing.AppendSpans(nil, s), nil); err != nil || !slices.Equal(got, s) {
			t.Errorf("spans: %v, %v", got, err)
		}
		if got, err := packing.ReadCells(packing.AppendCells(nil, c), nil); err != nil || !slices.Equal(got, c) {
			t.Errorf("cells: %v, %v", got, err)
		}
	})
}

// Goal: damaged bytes, as a file may hold, do no harm.
// Method: each Read function takes any bytes; it must end, with or without
// ErrDamaged, and with no other error.
func FuzzReadRows(f *testing.F) {
	f.Add(packing.AppendDeltas(nil, []packing.Delta{{Cell: 3, Date: 738_000, N: 1}, {Cell: 4, Date: 738_001, Measure: 9, N: -1}}))
	f.Add(packing.AppendSpans(nil, []packing.SpanChange{{Post: 1, Seat: 2, Cell: 3, Since: 738_000, Until: packing.OpenEnd}, {Ends: 1}}))
	f.Add(packing.AppendCells(nil, []view.Cell{{view.Division: "370211102231", view.Category: "public_service", view.Sex: "F"}}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, deltas := packing.ReadDeltas(b, 1, nil)
		_, spans := packing.ReadSpans(b, nil)
		_, cells := packing.ReadCells(b, nil)
		for _, err := range []error{deltas, spans, cells} {
			if err != nil && !errors.Is(err, timeline.ErrDamaged) {
				t.Error(err)
			}
		}
	})
}
