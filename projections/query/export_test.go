package query

// StrikeAfter sets after how many rows balances are struck, and indexes made.
func (a *API) StrikeAfter(n int) { a.least = n }
