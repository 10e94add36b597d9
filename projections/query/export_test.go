package query

import "github.com/muster-works/muster/projections/headcount"

// StrikeAfter sets after how many rows balances are struck, and indexes made.
func (a *API) StrikeAfter(n int) { a.least = n }

// Held is how many rows of headcount are in memory.
func (a *API) Held() int {
	a.mu.Lock()
	c := a.cube
	a.mu.Unlock()
	if c == nil {
		return 0
	}
	b := c.book(headcount.ViewName)
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counties.struck + len(b.counties.tail)
}
