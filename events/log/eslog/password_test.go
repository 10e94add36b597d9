package eslog

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog/estest"
)

// Goal: a deployment works without timeouts on a server that takes 125 ms to check
// the password of each call, which allows sixteen calls a second.
// Method: for some time, eight boundaries are read every second, 170 callers append
// at once to a boundary each, and one follower reads. If all of them called the
// server at once, they would wait for longer than the client's ten seconds.
func TestDearPassword(t *testing.T) {
	t.Parallel()
	const callers = 170
	s := start(t, estest.Options{User: "muster", Password: "changeit", PasswordCost: 125 * time.Millisecond})
	for n := range callers {
		c := commit("first", 1)
		c.Boundary = fmt.Sprintf("busy-%d", n)
		s.Write("muster-"+c.Boundary, stored(t, c)...)
	}
	l := openLog(t, s)
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	var followed atomic.Int64
	var all, looking sync.WaitGroup
	all.Go(func() {
		for _, err := range l.Follow(ctx, log.Position{}, log.Filter{}) {
			if err != nil {
				t.Errorf("follow: %v", err)
			}
			if followed.Add(1) == 2*callers {
				return
			}
		}
	})
	var enough atomic.Bool
	for n := range 8 {
		looking.Go(func() {
			for !enough.Load() {
				for _, err := range l.Read(ctx, log.Position{}, log.Filter{Boundary: fmt.Sprintf("quiet-%d", n)}) {
					if err != nil {
						t.Errorf("look: %v", err)
					}
				}
				time.Sleep(time.Second)
			}
		})
	}
	for n := range callers {
		all.Go(func() {
			c := commit(fmt.Sprint(n), 1)
			c.Boundary = fmt.Sprintf("busy-%d", n)
			if _, _, err := l.Append(ctx, c, 1); err != nil {
				t.Errorf("append: %v", err)
			}
		})
	}
	all.Wait()
	enough.Store(true)
	looking.Wait()
	if n := s.GaveUp(); n > 0 {
		t.Errorf("%d calls timed out while they waited for their password to be checked", n)
	}
}

// Goal: reading a boundary to its end takes one call, whether there is a new commit
// or not.
func TestCallsOfALook(t *testing.T) {
	s := start(t, estest.Options{})
	l := openLog(t, s)
	all := fill(t, l, 5)
	f := log.Filter{Boundary: "placement"}
	for _, from := range []int{4, 2} {
		before, n := s.Calls(), 0
		for _, err := range l.Read(t.Context(), all[from].Position, f) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if calls := s.Calls() - before; calls != 1 || n != 4-from {
			t.Errorf("from commit %d: %d commits by %d calls; want %d by 1", from, n, calls, 4-from)
		}
	}
}

// Goal: an append succeeds if it is sent twice and the second one is answered two
// seconds late with a timeout.
func TestLateRepeat(t *testing.T) {
	t.Parallel()
	s := start(t, estest.Options{LateRepeats: 2 * time.Second})
	l := openLog(t, s)
	a := mustAppend(t, l, commit("a", 2), 0)
	begin := time.Now()
	if again := mustAppend(t, l, commit("a", 2), 0); again.Position != a.Position {
		t.Errorf("at %v, and when sent again at %v", a.Position, again.Position)
	}
	if d := time.Since(begin); d < time.Second {
		t.Errorf("answered after %v; the server was to be late", d)
	}
}
