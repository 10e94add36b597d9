package command

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
)

// countingDecider counts the events that its decider was asked about.
type countingDecider struct {
	Decider
	asked atomic.Int64
}

func (c *countingDecider) Decide(e *events.Event) (*events.Event, events.Reasons) {
	c.asked.Add(1)
	return c.Decider.Decide(e)
}

// gatedLog is a log that holds up its first append until the test sends its fate: nil
// to append the commit, or the error of the append.
type gatedLog struct {
	log.Log
	begun chan struct{}
	fate  chan error
	first atomic.Bool
}

func (g *gatedLog) Append(ctx context.Context, c log.Commit, expected log.Revision) (log.Position, log.Revision, error) {
	if g.first.CompareAndSwap(false, true) {
		close(g.begun)
		if err := <-g.fate; err != nil {
			return log.Position{}, 0, err
		}
	}
	return g.Log.Append(ctx, c, expected)
}

// Goal: the round after a full commit is decided while the log takes that commit, on the
// state that includes it. If the append fails, both rounds are decided again on what is
// in the log instead. Method: a log holds up the first append until the second round is
// decided. Then it takes the commit, or another handler was first, or the append fails.
func TestGroupCommit(t *testing.T) {
	const perCommit, n = 8, 28
	batch := func() (list []*events.Event) {
		for i := range n {
			e := take(fmt.Sprint(i), fmt.Sprint("c", i), i)
			e.Subject = strings.Repeat("s", log.MaxBytes/perCommit-400)
			list = append(list, e)
		}
		list[10] = list[1]                              // taken in the first round
		list[11].Data = take("", "c2", 0).Data          // contradicts the first round
		list[12] = withdraw("12", "3")                  // of the first round
		list[13].Data = take("", "c3", 0).Data          // is free because of it
		list[n-1].Data = take("", "other", 0).Data      // is free, unless another handler was first
		list[n-1].Subject, list[n-2].Subject = "s", "s" // the last round is no full commit
		return list
	}
	for _, c := range []struct {
		name  string
		fate  error
		other bool // handler was first
		want  map[int]string
	}{
		{"taken", nil, false, map[int]string{10: "duplicate", 11: "rejected taken"}},
		{"moved", nil, true, map[int]string{10: "duplicate", 11: "rejected taken", n - 1: "rejected taken"}},
		{"failed", log.ErrInvalid, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := &gatedLog{Log: memlog.New(), begun: make(chan struct{}), fate: make(chan error)}
			s := newSeats()
			decider := &countingDecider{Decider: s}
			d := run(t, NewHandler(events.Training, decider, NewFold(l, "training", s)))
			type answer struct {
				receipts []events.Receipt
				err      error
			}
			answered := make(chan answer, 1)
			go func() {
				r, err := d.Submit(t.Context(), batch(), time.Time{})
				answered <- answer{r, err}
			}()
			<-l.begun
			// The first round asks about one event more than the commit holds.
			for deadline := time.Now().Add(10 * time.Second); decider.asked.Load() < perCommit+3; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					l.fate <- log.ErrInvalid
					t.Fatal("nothing is decided while the log takes the first commit")
				}
			}
			if c.other {
				submit(t, start(t, l.Log), take("other", "other", 1))
			}
			l.fate <- c.fate
			a := <-answered
			if c.fate != nil {
				if a.err == nil {
					t.Fatal("the append failed and nobody said so")
				}
				// Nothing of the failed rounds is left: the same events are accepted now.
				if got := submit(t, d, batch()...); summary(got[0]) != "accepted" || summary(got[n-1]) != "accepted" || summary(got[11]) != "rejected taken" {
					t.Errorf("after the failure: %+v", got)
				}
				return
			}
			if a.err != nil {
				t.Fatal(a.err)
			}
			receipts := map[string]events.Receipt{}
			for i, r := range a.receipts {
				want := c.want[i]
				if want == "" {
					want = "accepted"
				}
				if summary(r) != want {
					t.Errorf("%d: %s, want %s", i, summary(r), want)
				}
				receipts[r.ID] = r
			}
			if a.receipts[10].Position != a.receipts[1].Position {
				t.Errorf("the duplicate is at %s, the first at %s", a.receipts[10].Position, a.receipts[1].Position)
			}
			commits := 0
			for commit, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
				if err != nil {
					t.Fatal(err)
				}
				commits++
				for i, raw := range commit.Events {
					e, err := events.Decode(raw)
					if err != nil {
						t.Fatal(err)
					}
					if r := receipts[e.ID]; e.ID != "other" && r.Position != commit.Position.Event(i) {
						t.Errorf("%s is at %s, its receipt says %s", e.ID, commit.Position.Event(i), r.Position)
					}
				}
			}
			if commits < 3 {
				t.Errorf("%d commits", commits)
			}
		})
	}
}
