//go:build unix

package deployment

import "syscall"

// connectionsAllowed returns how many HTTP connections the process may have: half of the
// files that it may open, at most maxConnections. The other half is for the log, the
// views and NATS, which must not fail because somebody connects.
func connectionsAllowed() int {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil || uint64(files.Cur) > 2*maxConnections {
		return maxConnections
	}
	return max(int(files.Cur)/2, 1)
}
