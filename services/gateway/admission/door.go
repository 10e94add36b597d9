package admission

import (
	"context"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/gateway/problem"
	"github.com/muster-works/muster/services/internal/access"
)

// maxBodies is how many requests of one agency may be under way at a time, bodies that
// are still being sent included, if its quota does not say another number. It bounds the
// memory that the bodies of one agency take: each is read into at most 1 MiB.
const maxBodies = 1024

// A Door bounds what each agency takes of a gateway, so that no agency can keep the
// others out:
//
//   - Bodies. [Door.Open] counts the requests of an agency that are under way. A request
//     whose body does not come costs the others nothing.
//   - Places. [Door.Take] takes a place for a request whose events are there. An agency
//     may hold as many places as are free besides, so that one agency alone holds half of
//     all, and one that holds none finds a place.
//   - Rates. [Door.Admit] and [Door.Pace] hold an agency to the events and bytes a minute
//     of its quota in the access file.
//
// Each refusal is a [problem.Problem] with the status 429 that names the agency, or the
// deployment, whose limit it was. A Door is safe for concurrent use.
type Door struct {
	now    func() time.Time
	places int

	mu       sync.Mutex
	held     int // places
	agencies map[string]*usage
	freed    chan struct{} // closed when a place is given back
}

// A usage is what one agency takes of a Door.
type usage struct {
	bodies, places int
	events, bytes  allowance
}

// NewDoor returns a Door with a number of places. now is the clock of the rates.
func NewDoor(places int, now func() time.Time) *Door {
	return &Door{now: now, places: places, agencies: map[string]*usage{}, freed: make(chan struct{})}
}

// Open counts a request of an agency from its head on. [Door.Close] must follow if Open
// returns nil.
func (d *Door) Open(c Caller) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	limit := maxBodies
	if c.Quota.Bodies > 0 {
		limit = int(c.Quota.Bodies)
	}
	u := d.usage(c)
	if u.bodies >= limit {
		return busy(events.Say("%s has %d requests under way, as many as it may have at a time; send this one again when one of them is answered",
			"%s已有%d个请求正在处理，达到其同时处理的上限；请在其中之一答复后重新发送", c.Agency, limit))
	}
	u.bodies++
	return nil
}

// Close ends what Open began.
func (d *Door) Close(c Caller) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.usage(c).bodies--
	d.forget(c)
}

// Take takes a place for a request whose events are there. [Door.Free] must follow if
// Take returns nil. Without an access file there is one agency, which may hold all places.
func (d *Door) Take(c Caller) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	u, free := d.usage(c), d.places-d.held
	switch {
	case free <= 0:
		d.forget(c)
		return busy(events.Say("the deployment has as many requests under way as it takes from all agencies; send it again in a second",
			"系统同时处理的请求已达全部单位的上限，请一秒后重新发送"))
	case c.AuthType != Loopback && u.places >= free && u.places > 0:
		return busy(events.Say("%s has %d requests being decided, its share; send this one again in a second",
			"%s已有%d个请求正在办理，达到其份额；请一秒后重新发送", c.Agency, u.places))
	}
	u.places++
	d.held++
	return nil
}

// Wait is [Door.Take], and waits for a place as long as patience. It fails with the
// error of Take, or with that of the context.
func (d *Door) Wait(ctx context.Context, c Caller, patience time.Duration) error {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		d.mu.Lock()
		freed := d.freed
		d.mu.Unlock()
		err := d.Take(c)
		if err == nil {
			return nil
		}
		select {
		case <-freed:
		case <-timeout.C:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Free gives back a place.
func (d *Door) Free(c Caller) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.usage(c).places--
	d.held--
	d.forget(c)
	close(d.freed)
	d.freed = make(chan struct{})
}

// Admit charges an agency for a body. The agency may have been charged too much already;
// then Admit refuses the body, says when it may come again, and charges nothing.
func (d *Door) Admit(c Caller, count, size int) error {
	wait, limit := d.charge(c, count, size)
	if wait <= 0 {
		return nil
	}
	return busy(limit).RetryAfter(wait)
}

// Pace is Admit for a part of a stream: it waits until the part may come. A stream that
// was refused in the middle would have to be sent again from its beginning, and would be
// charged again.
func (d *Door) Pace(ctx context.Context, c Caller, count, size int) error {
	for {
		wait, _ := d.charge(c, count, size)
		if wait <= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// charge charges an agency, or returns for how long it has to wait and for which limit.
func (d *Door) charge(c Caller, count, size int) (wait time.Duration, limit events.Sentence) {
	if c.Quota.EventsPerMinute == 0 && c.Quota.BytesPerMinute == 0 {
		return 0, limit
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	u, now := d.usage(c), d.now()
	if wait := u.events.wait(c.Quota.EventsPerMinute, now); wait > 0 {
		return wait, events.Say("%s may send %d events a minute; send this again after the time that Retry-After says",
			"%s每分钟最多可报送%d个事件；请按Retry-After所示时间稍后重发", c.Agency, int64(c.Quota.EventsPerMinute))
	}
	if wait := u.bytes.wait(c.Quota.BytesPerMinute, now); wait > 0 {
		return wait, events.Say("%s may send %d bytes a minute; send this again after the time that Retry-After says",
			"%s每分钟最多可报送%d字节；请按Retry-After所示时间稍后重发", c.Agency, int64(c.Quota.BytesPerMinute))
	}
	u.events.spend(count)
	u.bytes.spend(size)
	return 0, limit
}

// usage returns what an agency takes. The caller holds the lock.
func (d *Door) usage(c Caller) *usage {
	u := d.agencies[c.Agency]
	if u == nil {
		u = new(usage)
		d.agencies[c.Agency] = u
	}
	return u
}

// forget drops the usage of an agency that takes nothing and owes nothing.
func (d *Door) forget(c Caller) {
	if u := d.agencies[c.Agency]; u.bodies == 0 && u.places == 0 && u.events.at.IsZero() && u.bytes.at.IsZero() {
		delete(d.agencies, c.Agency)
	}
}

// An allowance is a token bucket that holds the allowance of one minute. A body is let in
// while something is left, and charged in full, so that a body larger than the allowance
// of a minute can be sent: the agency owes the rest.
type allowance struct {
	left float64
	at   time.Time // when left was true
}

// wait fills the bucket up to now and returns how long it takes until something is left.
func (a *allowance) wait(limit access.Limit, now time.Time) time.Duration {
	if limit == 0 {
		return 0
	}
	perMinute := float64(limit)
	if a.at.IsZero() {
		a.left = perMinute
	} else {
		a.left = math.Min(perMinute, a.left+perMinute*now.Sub(a.at).Minutes())
	}
	a.at = now
	if a.left >= 1 {
		return 0
	}
	return time.Duration(math.Ceil((1 - a.left) / perMinute * float64(time.Minute)))
}

func (a *allowance) spend(n int) { a.left -= float64(n) }

// busy returns the problem of a limit that is reached.
func busy(limit events.Sentence) *problem.Problem {
	return problem.New(http.StatusTooManyRequests, problem.Busy, limit)
}
