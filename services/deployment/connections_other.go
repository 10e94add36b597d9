//go:build !unix

package deployment

// connectionsAllowed returns how many HTTP connections the process may have.
func connectionsAllowed() int { return maxConnections }
