package readmodel_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-works/muster/events/layouttest"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// schemaVersion returns the version of the tables as a generation states it.
func schemaVersion(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(readmodel.MetaRows(nil)["schema"])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// described writes a table as people read it, without what it says about itself.
func described(table readmodel.Table) string {
	var b strings.Builder
	for _, c := range table.Columns {
		fmt.Fprintf(&b, "%s %d %v, ", c.Name, c.Kind, c.Null)
	}
	fmt.Fprintf(&b, "key %v", table.Key)
	for _, i := range table.Indexes {
		fmt.Fprintf(&b, ", index %s %v unique %v where %q", i.Name, i.Columns, i.Unique, i.Where)
	}
	return b.String()
}

// TestLayouts holds the packed rows and the tables of a generation to what is
// frozen for schemaVersion.
func TestLayouts(t *testing.T) {
	differences := readmodel.AppendDifferences(nil, []readmodel.Difference{
		{Ord: 7, Cell: 3, Date: 738_000, Measure: 1, N: 1}, {Ord: 7, Cell: 2, Date: 738_400, N: -1}, {Ord: 7, Cell: 900, Date: 737_000, Measure: 2, N: 70}})
	spans := readmodel.AppendSpans(nil, []readmodel.SpanChange{
		{Post: 1, Seat: 2, Cell: 3, Since: 738_000, Until: readmodel.OpenEnd, Filled: true},
		{Post: 300, Seat: 100, Cell: 2, Since: 738_400, Until: 738_430},
		{Ends: 1}, {Ends: 700}})
	cells := readmodel.AppendCells(nil, []view.Cell{
		{Division: "370211102231", Category: "public_service", Kind: "k", Area: "rural", Group: "older", Sex: "F", Reason: "N1", Agency: "a"}, {Sex: "M"}})
	forms := map[string][]layouttest.Case{
		"differences": {{Name: "differences", Bytes: differences}},
		"spans":       {{Name: "spans", Bytes: spans}},
		"cells":       {{Name: "cells", Bytes: cells}},
	}
	for _, table := range readmodel.Tables([]view.View{{Name: "a_view"}, {Name: "a_view_of_spans", Spans: func(*timeline.Post, func(view.Span)) {}}}) {
		forms["tables"] = append(forms["tables"], layouttest.Case{Name: table.Name, Text: described(table)})
	}
	for name, cases := range forms {
		layouttest.Check(t, layouttest.Form{Name: name, Constant: "readmodel.schemaVersion", Version: []int{schemaVersion(t)}}, cases...)
	}
}
