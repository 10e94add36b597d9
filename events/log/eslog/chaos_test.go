package eslog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog/estest"
	"github.com/muster-works/muster/events/log/logtest"
)

// Goal: whatever happens to the server and its connections, each acknowledged commit
// is in the log once at its acknowledged position, and followers see all commits once
// and in order.
// Method: writers that retry as the contract says, a follower, and random faults.
// With MUSTER_LONG it runs for a minute.
func TestChaos(t *testing.T) {
	t.Parallel()
	span := 500 * time.Millisecond
	if os.Getenv("MUSTER_LONG") != "" {
		span = time.Minute
	}
	for name, options := range map[string]estest.Options{"Recent": {}, "Old": {Old: true}, "Forgetful": {Forgetful: true}} {
		t.Run(name, func(t *testing.T) { chaos(t, start(t, options), span) })
	}
}

func chaos(t *testing.T, s *estest.Server, span time.Duration) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	boundaries := []string{"placement", "training", "payment"}

	ctx, cancel := context.WithTimeout(t.Context(), span+logtest.Patience)
	defer cancel()
	stop := time.Now().Add(span)
	acked := make([][]log.Commit, len(boundaries))
	failures := make([]int, len(boundaries))
	var writers sync.WaitGroup
	for w, boundary := range boundaries {
		l := openLog(t, s)
		writers.Go(func() {
			var rev log.Revision
			for n := 0; time.Now().Before(stop); n++ {
				c := commit(fmt.Sprintf("%s-%d", boundary, n), 1+n%4)
				c.Boundary = boundary
				for {
					var err error
					if c.Position, c.Revision, err = l.Append(ctx, c, rev); err == nil {
						break
					}
					if !errors.Is(err, log.ErrUnavailable) {
						t.Errorf("append %s: %v", c.ID, err)
						return
					}
					failures[w]++
					time.Sleep(time.Millisecond)
				}
				rev = c.Revision
				acked[w] = append(acked[w], c)
			}
		})
	}
	followed := make(chan []log.Commit, 1)
	followCtx, endFollow := context.WithCancel(ctx)
	defer endFollow()
	var mu sync.Mutex
	var got []log.Commit
	follower := openLog(t, s)
	go func() {
		for c, err := range follower.Follow(followCtx, log.Position{}, log.Filter{}) {
			if err != nil && followCtx.Err() == nil {
				t.Errorf("follow: %v", err)
			}
			if err == nil {
				mu.Lock()
				got = append(got, c)
				mu.Unlock()
			}
		}
		followed <- got
	}()

	for time.Now().Before(stop) {
		switch random.IntN(9) {
		case 0, 1:
			s.LoseAcks(1 + random.IntN(3))
		case 2:
			s.Refuse(1 + random.IntN(3))
		case 3, 4:
			s.Cut()
		case 5, 6:
			s.CutAfter(1 + random.IntN(20))
		case 7:
			s.Stop()
			time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
			if err := s.Resume(); err != nil {
				t.Fatal(err)
			}
		case 8:
			s.Falter(1 + random.IntN(5))
		}
		time.Sleep(time.Duration(random.IntN(30)) * time.Millisecond)
	}
	writers.Wait()
	s.LoseAcks(0)
	s.Refuse(0)
	s.CutAfter(0)
	s.Falter(0)

	var final []log.Commit
	for final == nil {
		all, err := collect(follower, ctx, log.Position{})
		if err == nil {
			final = all
		} else if !errors.Is(err, log.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	byID := map[string]log.Commit{}
	for _, c := range final {
		if _, twice := byID[c.ID]; twice {
			t.Errorf("%s is in the log twice", c.ID)
		}
		byID[c.ID] = c
	}
	total := 0
	for w := range boundaries {
		total += len(acked[w])
		for _, c := range acked[w] {
			if in := byID[c.ID]; in.Position != c.Position || in.Revision != c.Revision || len(in.Events) != len(c.Events) {
				t.Errorf("%s was acknowledged at %v, revision %d; the log has it at %v, revision %d", c.ID, c.Position, c.Revision, in.Position, in.Revision)
			}
		}
	}
	if total != len(final) {
		t.Errorf("%d commits in the log, %d acknowledged", len(final), total)
	}
	settle(t, "commits behind", 0, func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(final) - len(got)
	})
	endFollow()
	for i, c := range <-followed {
		if i >= len(final) || c.ID != final[i].ID || c.Position != final[i].Position {
			t.Fatalf("commit %d followed is %s at %v, and not the log's", i, c.ID, c.Position)
		}
	}
	t.Logf("%d commits, failed appends %v", total, failures)
}
