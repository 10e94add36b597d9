package log

import "time"

// A Clock computes recorded times from the timestamps of the log. The recorded time
// of a commit is the highest timestamp of the commit and all before it in log order.
// Recorded time thus never decreases, although the clock of a new leader may be
// behind that of the old one.
//
// A Clock must see every commit of the log in order. A reader that resumes passes the
// recorded time that it saved with its position to [Resume]. The zero Clock is ready.
// A Clock is not safe for concurrent use.
type Clock struct{ last time.Time }

// Resume returns a Clock that continues after a commit whose recorded time is last.
func Resume(last time.Time) Clock { return Clock{last: last} }

// Recorded returns the recorded time of c and remembers it.
func (k *Clock) Recorded(c Commit) time.Time {
	if c.Recorded.After(k.last) {
		k.last = c.Recorded
	}
	return k.last
}
