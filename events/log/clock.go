package log

import "time"

// A Clock turns the log's timestamps into recorded times: the timestamp of a
// commit, raised to the highest one before it in log order. A leader's clock
// may step back after a failover; recorded time does not.
//
// Feed it every commit of the log in order. A reader that resumes starts from
// the recorded time it saved with its position. The zero Clock is ready.
type Clock struct{ last time.Time }

// Resume makes a Clock that continues after a commit recorded at last.
func Resume(last time.Time) Clock { return Clock{last: last} }

// Recorded returns the recorded time of c and remembers it.
func (k *Clock) Recorded(c Commit) time.Time {
	if c.Recorded.After(k.last) {
		k.last = c.Recorded
	}
	return k.last
}
