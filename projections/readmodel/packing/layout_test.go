package packing_test

import (
	"testing"

	"github.com/muster-works/muster/events/layouttest"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/view"
)

// TestLayouts holds the packed rows to what is frozen for readmodel.SchemaVersion.
func TestLayouts(t *testing.T) {
	forms := map[string][]byte{
		"deltas": packing.AppendDeltas(nil, []packing.Delta{
			{Ord: 7, Cell: 3, Date: 738_000, Measure: 1, N: 1}, {Ord: 7, Cell: 2, Date: 738_400, N: -1}, {Ord: 7, Cell: 900, Date: 737_000, Measure: 2, N: 70}}),
		"spans": packing.AppendSpans(nil, []packing.SpanChange{
			{Post: 1, Seat: 2, Cell: 3, Since: 738_000, Until: packing.OpenEnd, Filled: true},
			{Post: 300, Seat: 100, Cell: 2, Since: 738_400, Until: 738_430},
			{Post: 300, Seat: 100, Cell: 4, Since: 738_400, Until: 738_430, Earlier: 200}, {Post: 300, Seat: 101, Cell: 4, Since: 738_400, Until: packing.OpenEnd, Earlier: 1},
			{Ends: 1}, {Ends: 700}}),
		"cells": packing.AppendCells(nil, []view.Cell{
			{view.Division: "370211102231", view.Category: "public_service", view.Kind: "k", view.Area: "rural", view.Group: "older", view.Sex: "F", view.Reason: "N1", view.Agency: "a", view.Standing: "suspended"},
			{view.Sex: "M"}}),
	}
	for name, packed := range forms {
		layouttest.Check(t, layouttest.Form{Name: name, Constant: "readmodel.SchemaVersion", Version: []int{readmodel.SchemaVersion}}, layouttest.Case{Name: name, Bytes: packed})
	}
}
