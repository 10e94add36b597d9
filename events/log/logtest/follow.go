package logtest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/muster-works/muster/events/log"
)

// followHandOver: followers that start at different times and positions, before and
// during writes, get the rest of the log once and in order. The change from history
// to new commits loses nothing and repeats nothing.
func followHandOver(s *suite) {
	all := s.fill(30, families...)
	const later = 90
	starts := []int{-1, 0, 10, 28, 29}
	got := make([][]log.Commit, 2*len(starts))
	errs := make([]error, len(got))
	var wg sync.WaitGroup
	follow := func(i, start int) {
		from := log.Position{}
		if start >= 0 {
			from = all[start].Position
		}
		want := len(all) + later - start - 1
		wg.Go(func() {
			for c, err := range s.log.Follow(s.ctx, from, log.Filter{}) {
				if err != nil {
					errs[i] = err
					return
				}
				if got[i] = append(got[i], c); len(got[i]) == want {
					return
				}
			}
		})
	}
	for i, start := range starts {
		follow(i, start)
	}
	more := s.fill(later/3, families...)
	for i, start := range starts {
		follow(len(starts)+i, start)
	}
	more = append(more, s.fill(later-later/3, families...)...)
	wg.Wait()
	s.check(errors.Join(errs...))
	all = append(all, more...)
	for i := range got {
		s.equal(got[i], all[starts[i%len(starts)]+1:])
	}
}

// followResumed: a follower that repeatedly breaks off and resumes after its last
// commit loses nothing.
func followResumed(s *suite) {
	all := s.fill(10, families...)
	done := make(chan []log.Commit)
	go func() {
		var got []log.Commit
		var from log.Position
		for stride := 1; len(got) < 60; stride++ {
			n := 0
			for c, err := range s.log.Follow(s.ctx, from, log.Filter{}) {
				if err != nil {
					s.Errorf("follow: %v", err)
					done <- nil
					return
				}
				got = append(got, c)
				from = c.Position.Event(len(c.Events) - 1)
				if n++; n == stride || len(got) == 60 {
					break
				}
			}
		}
		done <- got
	}()
	all = append(all, s.fill(50, families...)...)
	s.equal(<-done, all)
}

// followFiltered: a follower of one boundary gets only its commits, while others are
// written.
func followFiltered(s *suite) {
	all := s.fill(20, "payment", "payment.fund", "training")
	f := log.Filter{Boundary: "payment"}
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	done := make(chan []log.Commit)
	marker, from := s.commit("payment", 1), all[4].Position
	go func() {
		var got []log.Commit
		for c, err := range s.log.Follow(ctx, from, f) {
			if err != nil {
				s.Errorf("follow: %v", err)
				break
			}
			if got = append(got, c); c.ID == marker.ID {
				break
			}
		}
		done <- got
	}()
	all = append(all, s.fill(20, "payment", "payment.fund", "training")...)
	_, rev, err := s.log.Head(s.ctx, f)
	s.check(err)
	all = append(all, s.append(marker, rev))
	s.equal(<-done, selected(all, from, f))
}

// cancel: every call ends at once with the error of its context, both if the context
// ended before and if it ends while the call waits.
func cancel(s *suite) {
	all := s.fill(5, families...)
	head := all[len(all)-1]
	gone, stop := context.WithCancel(s.ctx)
	stop()
	start := time.Now()
	if _, _, err := s.log.Append(gone, s.commit("review", 1), 0); !errors.Is(err, context.Canceled) {
		s.Errorf("append: %v", err)
	}
	if _, _, err := s.log.Head(gone, log.Filter{}); !errors.Is(err, context.Canceled) {
		s.Errorf("head: %v", err)
	}
	for name, seq := range map[string]func(context.Context) error{
		"read":   func(ctx context.Context) error { return drain(s.log.Read(ctx, log.Position{}, log.Filter{})) },
		"follow": func(ctx context.Context) error { return drain(s.log.Follow(ctx, head.Position, log.Filter{})) },
	} {
		if err := seq(gone); !errors.Is(err, context.Canceled) {
			s.Errorf("%s: %v", name, err)
		}
	}
	if d := time.Since(start); d > Soon {
		s.Errorf("calls with an ended context took %v", d)
	}

	waiting, stop := context.WithCancel(s.ctx)
	var stopped time.Time
	time.AfterFunc(200*time.Millisecond, func() { stopped = time.Now(); stop() })
	if err := drain(s.log.Follow(waiting, head.Position, log.Filter{})); !errors.Is(err, context.Canceled) {
		s.Errorf("follow when stopped: %v", err)
	} else if d := time.Since(stopped); d > Soon {
		s.Errorf("follow ended %v after its context", d)
	}
	short, stop := context.WithTimeout(s.ctx, 100*time.Millisecond)
	defer stop()
	if err := drain(s.log.Follow(short, log.Position{}, log.Filter{Boundary: "absent"})); !errors.Is(err, context.DeadlineExceeded) {
		s.Errorf("follow past its deadline: %v", err)
	}
	if got := s.read(log.Position{}, log.Filter{}); len(got) != len(all) {
		s.Errorf("%d commits, want %d", len(got), len(all))
	}
}

func drain(seq func(func(log.Commit, error) bool)) (last error) {
	for _, err := range seq {
		last = err
	}
	return last
}

// closing: after Close, readers under way and later calls end with an error.
func closing(s *suite) {
	all := s.fill(3, families...)
	ended := make(chan error, 1)
	go func() { ended <- drain(s.log.Follow(s.ctx, all[1].Position, log.Filter{})) }()
	time.Sleep(100 * time.Millisecond)
	s.check(s.log.Close())
	select {
	case err := <-ended:
		if !errors.Is(err, log.ErrUnavailable) {
			s.Errorf("follow when closed: %v", err)
		}
	case <-time.After(Soon):
		s.Error("follow goes on after Close")
	}
	ctx, stop := context.WithTimeout(s.ctx, Patience/2)
	defer stop()
	if _, _, err := s.log.Append(ctx, s.commit("review", 1), 0); !errors.Is(err, log.ErrUnavailable) {
		s.Errorf("append when closed: %v", err)
	}
	if _, _, err := s.log.Head(ctx, log.Filter{}); !errors.Is(err, log.ErrUnavailable) {
		s.Errorf("head when closed: %v", err)
	}
	if err := drain(s.log.Read(ctx, log.Position{}, log.Filter{})); !errors.Is(err, log.ErrUnavailable) {
		s.Errorf("read when closed: %v", err)
	}
	s.check(s.log.Close()) // Close may be called twice
}

// foreign: a position beyond the end is refused. It comes from another log, or from
// this log before it was truncated. A reader that accepted it would find nothing and
// seem to be up to date.
func foreign(s *suite) {
	all := s.fill(3, families...)
	major, minor := all[2].Position.Parts()
	if minor != 0 {
		minor += 1 << 40
	}
	beyond := log.At(major+1<<40, minor)
	// The calls run concurrently, because a driver may retry for some time before it
	// answers.
	var calls sync.WaitGroup
	defer calls.Wait()
	for name, seq := range map[string]func(func(log.Commit, error) bool){
		"read":            s.log.Read(s.ctx, beyond, log.Filter{}),
		"read filtered":   s.log.Read(s.ctx, beyond, log.Filter{Boundary: all[0].Boundary}),
		"follow":          s.log.Follow(s.ctx, beyond, log.Filter{}),
		"follow filtered": s.log.Follow(s.ctx, beyond, log.Filter{Boundary: all[0].Boundary}),
	} {
		calls.Go(func() {
			if err := drain(seq); !errors.Is(err, log.ErrForeign) {
				s.Errorf("%s from %s: %v", name, beyond, err)
			}
		})
	}
}

func verify(s *suite) {
	v, ok := s.log.(interface {
		Verify(context.Context, log.Position, string) error
	})
	if !ok {
		s.Skip("SKIPPED: this driver cannot verify a saved position")
	}
	s.check(v.Verify(s.ctx, log.Position{}, ""))
	all := s.fill(5, families...)
	for i, c := range all {
		if err := v.Verify(s.ctx, c.Position.Event(len(c.Events)-1), c.ID); err != nil {
			s.Errorf("verify %s: %v", c.Position, err)
		}
		if err := v.Verify(s.ctx, c.Position, all[(i+1)%len(all)].ID); !errors.Is(err, log.ErrForeign) {
			s.Errorf("verify %s with another id: %v", c.Position, err)
		}
	}
	major, minor := all[4].Position.Parts()
	if err := v.Verify(s.ctx, log.At(major+1<<40, minor), all[4].ID); !errors.Is(err, log.ErrForeign) {
		s.Errorf("verify beyond the head: %v", err)
	}
}
