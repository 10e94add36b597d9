package tally

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
)

func TestTally(t *testing.T) {
	tally := New()
	refused := func(c events.Code) events.Receipt {
		return events.Receipt{Status: events.Rejected, Reasons: events.Refusal(c, "", events.Say("", ""))}
	}
	tally.Count("b", []events.Receipt{{Status: events.Accepted}, {Status: events.Duplicate}, refused("missing"), refused("missing"), refused("invalid")})
	tally.Count("a", []events.Receipt{{Status: events.Accepted}})
	tally.Count("b", []events.Receipt{{Status: events.Accepted}})
	tally.Count("c", nil)
	from, until := time.Unix(0, 0), time.Unix(60, 0)
	got := tally.Take(from, until)
	if len(got) != 2 || got[0].Agency != "a" || got[0].Accepted != 1 || got[1].Agency != "b" {
		t.Fatalf("tally %+v", got)
	}
	if b := got[1]; b.Accepted != 2 || b.Duplicate != 1 || !maps.Equal(b.Rejected, map[string]int{"missing": 2, "invalid": 1}) || b.From != from || b.Until != until {
		t.Errorf("tally of b %+v", b)
	}
	if again := tally.Take(from, until); len(again) != 0 {
		t.Errorf("counted twice: %+v", again)
	}
}

// recording keeps what was recorded, and fails as told: before it records, or
// after it.
type recording struct {
	fail, lose atomic.Bool
	ids        map[string]bool
	sums       []*events.SubmissionsTallied
	calls      int
}

func (r *recording) Submit(_ context.Context, f events.Family, batch []*events.Event, _ time.Time) ([]events.Receipt, error) {
	if r.calls++; r.fail.Load() {
		return nil, fmt.Errorf("%w: no service", log.ErrUnavailable)
	}
	for _, e := range batch {
		if f == events.Gateway && !r.ids[e.ID] {
			r.ids[e.ID] = true
			r.sums = append(r.sums, e.Data.(*events.SubmissionsTallied))
		}
	}
	if r.lose.Load() {
		return nil, fmt.Errorf("%w: the answer is lost", log.ErrUnavailable)
	}
	return make([]events.Receipt, len(batch)), nil
}

// There is one event for each agency and interval, and none if nothing came. What
// could not be recorded is recorded at the end of the next interval, and what was
// recorded without an answer is not recorded twice.
func TestRecorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &recording{ids: map[string]bool{}}
		tally := New()
		recorder := NewRecorder(tally, a, func([]byte) string { return "digest" }, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); recorder.Run(ctx, time.Minute) }()
		tally.Count("a", []events.Receipt{{Status: events.Accepted}})
		tally.Count("a", []events.Receipt{{Status: events.Accepted}})
		time.Sleep(3*time.Minute + time.Second)
		synctest.Wait()
		if len(a.sums) != 1 || a.sums[0].Accepted != 2 || a.sums[0].Until.Sub(a.sums[0].From) != time.Minute {
			t.Fatalf("recorded %+v", a.sums)
		}
		a.fail.Store(true)
		tally.Count("a", []events.Receipt{{Status: events.Duplicate}})
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		a.fail.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(a.sums) != 2 || a.sums[1].Duplicate != 1 || a.sums[1].Until.Sub(a.sums[1].From) != time.Minute || a.calls != 4 {
			t.Fatalf("recorded %+v in %d calls", a.sums, a.calls)
		}
		a.lose.Store(true)
		tally.Count("a", []events.Receipt{{Status: events.Accepted}})
		time.Sleep(time.Minute)
		synctest.Wait()
		tally.Count("a", []events.Receipt{{Status: events.Duplicate}})
		time.Sleep(time.Minute)
		synctest.Wait()
		a.lose.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(a.sums) != 4 || a.sums[2].Accepted != 1 || a.sums[3].Accepted != 0 || a.sums[3].Duplicate != 1 || a.sums[3].From != a.sums[2].Until || a.sums[3].Until.Sub(a.sums[3].From) != 2*time.Minute {
			t.Fatalf("recorded %+v", a.sums)
		}
		tally.Count("a", []events.Receipt{{Status: events.Accepted}})
		cancel()
		<-done
		if len(a.sums) != 5 {
			t.Errorf("the last interval is not recorded")
		}
	})
}
