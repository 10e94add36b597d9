package query

import "github.com/muster-works/muster/projections/headcount"

// CompactAfter sets after how many rows prefix sums and indexes are computed again.
func (a *API) CompactAfter(rows int) { a.workforce.Cubes.CompactAfter(rows) }

// RowsInMemory returns how many rows of headcount are in memory.
func (a *API) RowsInMemory() int { return a.workforce.Cubes.Rows(headcount.ViewName) }
