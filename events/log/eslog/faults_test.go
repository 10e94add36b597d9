package eslog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog/estest"
)

const (
	// soon is the limit for a call that should return at once, on a loaded machine.
	// It is less than the client's own timeout.
	soon = 8 * time.Second
	// patience is the limit for everything else.
	patience = time.Minute
)

func commit(id string, n int) log.Commit {
	c := log.Commit{ID: id, Boundary: "placement"}
	for i := range n {
		c.Events = append(c.Events, fmt.Appendf(nil, `{"id":"%s-%d","type":"hire.placed"}`, id, i))
	}
	return c
}

func mustAppend(t *testing.T, l *Log, c log.Commit, expected log.Revision) log.Commit {
	t.Helper()
	var err error
	if c.Position, c.Revision, err = l.Append(t.Context(), c, expected); err != nil {
		t.Fatalf("append %s: %v", c.ID, err)
	}
	return c
}

// fill appends n commits of one to three events.
func fill(t *testing.T, l *Log, n int) []log.Commit {
	t.Helper()
	var all []log.Commit
	var rev log.Revision
	for i := range n {
		c := mustAppend(t, l, commit(fmt.Sprintf("c-%d", i), 1+i%3), rev)
		all, rev = append(all, c), c.Revision
	}
	return all
}

// collect reads to the end or to an error.
func collect(l *Log, ctx context.Context, from log.Position) ([]log.Commit, error) {
	var all []log.Commit
	for c, err := range l.Read(ctx, from, log.Filter{}) {
		if err != nil {
			return all, err
		}
		all = append(all, c)
	}
	return all, nil
}

// Goal: a commit whose answer was lost is in the log once, and a retry by the driver
// or by the caller returns its position. This also holds if other commits followed,
// and if the server does not recognise the retry.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]estest.Options{"Recent": {}, "Old": {Old: true}, "Forgetful": {Forgetful: true}, "ForgetfulOld": {Forgetful: true, Old: true}} {
		t.Run(name, func(t *testing.T) {
			s := start(t, options)
			l, other := openLog(t, s), openLog(t, s)
			a := mustAppend(t, l, commit("a", 2), 0)

			s.LoseAcks(1)
			b := mustAppend(t, l, commit("b", 3), a.Revision)

			s.LoseAcks(maxAttempts)
			c := commit("c", 2)
			if _, _, err := l.Append(t.Context(), c, b.Revision); !errors.Is(err, log.ErrUnavailable) {
				t.Fatalf("append whose answers were all lost: %v", err)
			}
			d := mustAppend(t, other, commit("d", 1), b.Revision+2)
			c = mustAppend(t, l, c, b.Revision)

			got, err := collect(l, t.Context(), log.Position{})
			if err != nil || len(got) != 4 {
				t.Fatalf("%d commits, %v; want 4", len(got), err)
			}
			for i, want := range []log.Commit{a, b, c, d} {
				if got[i].ID != want.ID || got[i].Position != want.Position || got[i].Revision != want.Revision {
					t.Errorf("commit %d is %s at %v, revision %d; appended was %s at %v, revision %d", i,
						got[i].ID, got[i].Position, got[i].Revision, want.ID, want.Position, want.Revision)
				}
			}
			// Another commit at the same revision is still a conflict.
			if _, _, err := l.Append(t.Context(), commit("e", 2), b.Revision); !errors.Is(err, log.ErrConflict) {
				t.Errorf("another commit: %v, want a conflict", err)
			}
			// So is a commit that begins with the same events.
			if _, _, err := l.Append(t.Context(), commit("c", 3), b.Revision); !errors.Is(err, log.ErrConflict) {
				t.Errorf("a commit that grew: %v, want a conflict", err)
			}
		})
	}
}

// Goal: a server that is too busy writes nothing, and the driver hides a single
// refusal.
func TestBusy(t *testing.T) {
	t.Parallel()
	s := start(t, estest.Options{})
	l := openLog(t, s)
	s.Refuse(1)
	a := mustAppend(t, l, commit("a", 1), 0)
	s.Refuse(maxAttempts)
	if _, _, err := l.Append(t.Context(), commit("b", 1), a.Revision); !errors.Is(err, log.ErrUnavailable) {
		t.Errorf("append on a busy server: %v", err)
	}
	if n := len(s.Events("muster-placement")); n != 1 {
		t.Errorf("%d events stored, want 1", n)
	}
}

// Goal: a server that answers nonsense while it is shutting down is not taken for
// another log.
func TestFalteringServer(t *testing.T) {
	t.Parallel()
	s := start(t, estest.Options{})
	l := openLog(t, s)
	all := fill(t, l, 3)
	for _, n := range []int{1, 2, 3, 4, 7} {
		s.Falter(n)
		for c, err := range l.Follow(t.Context(), all[1].Position, log.Filter{}) {
			if err != nil || c.ID != all[2].ID {
				t.Errorf("%d failures: %s, %v", n, c.ID, err)
			}
			break
		}
		s.Falter(n)
		if _, err := collect(l, t.Context(), all[1].Position); err != nil && !errors.Is(err, log.ErrUnavailable) {
			t.Errorf("%d failures: %v", n, err)
		}
	}
}

// Goal: while the server is stopped, calls fail soon. When it is back, the same Log
// works again, and a follower that waited has every commit. Connections and
// goroutines do not accumulate.
func TestServerGoesAndComes(t *testing.T) {
	s := start(t, estest.Options{})
	before := clients()
	l := openLog(t, s)
	const rounds = 5
	followed := make(chan error)
	go func() {
		n := 0
		for c, err := range l.Follow(t.Context(), log.Position{}, log.Filter{}) {
			if err == nil && c.ID != fmt.Sprint(n) {
				err = fmt.Errorf("commit %q where %d comes", c.ID, n)
			}
			if n++; err != nil || n == rounds {
				followed <- err
				return
			}
		}
	}()
	var rev log.Revision
	for n := range rounds {
		s.Stop()
		var callers sync.WaitGroup
		for range 8 {
			callers.Go(func() {
				begin := time.Now()
				if _, _, err := l.Head(t.Context(), log.Filter{}); !errors.Is(err, log.ErrUnavailable) {
					t.Errorf("head without a server: %v", err)
				}
				if d := time.Since(begin); d > soon {
					t.Errorf("head without a server took %v", d)
				}
			})
		}
		callers.Wait()
		if err := s.Resume(); err != nil {
			t.Fatal(err)
		}
		rev = mustAppend(t, l, commit(fmt.Sprint(n), 2), rev).Revision
	}
	if err := <-followed; err != nil {
		t.Errorf("follow: %v", err)
	}
	settle(t, "clients", before+maxIdle, clients)
	settle(t, "connections", maxIdle, s.Connections)
	l.Close()
	settle(t, "clients after Close", before, clients)
	settle(t, "connections after Close", 0, s.Connections)
}

// Goal: a busy server's refusals over working connections close the idle clients, and
// calls of others continue.
func TestBusyAmongOthers(t *testing.T) {
	s := start(t, estest.Options{})
	before := clients()
	l := openLog(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const rounds, others = 10, 4
	var followers sync.WaitGroup
	for range others {
		followers.Go(func() {
			n := 0
			for c, err := range l.Follow(ctx, log.Position{}, log.Filter{}) {
				if err != nil || c.ID != fmt.Sprint(n) {
					t.Errorf("%s, %v where commit %d comes", c.ID, err, n)
					return
				}
				if n++; n == rounds {
					return
				}
			}
		})
	}
	var rev log.Revision
	for n := range rounds {
		s.Refuse(1)
		rev = mustAppend(t, l, commit(fmt.Sprint(n), 2), rev).Revision
	}
	settle(t, "clients", before+others+maxIdle, clients)
	settle(t, "connections", others+maxIdle, s.Connections)
	followers.Wait()
	l.Close()
	settle(t, "clients after Close", before, clients)
	settle(t, "connections after Close", 0, s.Connections)
}

// clients returns the number of clients of the library that have not ended, and of
// calls inside them. It counts those of the whole process, so a test that asks it
// does not run in parallel with others.
func clients() int {
	for size := 1 << 20; ; size *= 2 {
		stacks := make([]byte, size)
		if n := runtime.Stack(stacks, true); n < size {
			return strings.Count(string(stacks[:n]), "created by github.com/EventStore/EventStore-Client-Go/v4/esdb.") +
				strings.Count(string(stacks[:n]), "esdb.(*grpcClient).getConnectionHandle(") +
				strings.Count(string(stacks[:n]), "esdb.(*grpcClient).handleError(")
		}
	}
}

// settle waits until count returns at most limit.
func settle(t *testing.T, what string, limit int, count func() int) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		n := count()
		if n <= limit {
			return
		}
		if time.Now().After(end) {
			t.Errorf("%d %s, want at most %d", n, what, limit)
			return
		}
	}
}

// Goal: no call outlives its context on a server that accepts calls and never
// answers.
func TestStandstill(t *testing.T) {
	t.Parallel()
	s := start(t, estest.Options{})
	l := openLog(t, s)
	fill(t, l, 3)
	s.Freeze()
	for name, do := range map[string]func(context.Context) error{
		"append": func(ctx context.Context) error { _, _, err := l.Append(ctx, commit("x", 1), 6); return err },
		"head":   func(ctx context.Context) error { _, _, err := l.Head(ctx, log.Filter{}); return err },
		"read":   func(ctx context.Context) error { _, err := collect(l, ctx, log.Position{}); return err },
		"follow": func(ctx context.Context) (last error) {
			for _, last = range l.Follow(ctx, log.Position{}, log.Filter{}) {
			}
			return last
		},
		"open": func(ctx context.Context) error { _, err := Open(ctx, s.URL()); return err },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			begin := time.Now()
			if err := do(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v, want the context's error", err)
			}
			if d := time.Since(begin); d > soon {
				t.Errorf("took %v", d)
			}
		})
	}
	s.Thaw()
	if got, err := collect(l, t.Context(), log.Position{}); err != nil || len(got) < 3 {
		t.Errorf("%d commits after the thaw, %v", len(got), err)
	}
}

// Goal: the same for a host that accepts connections and sends nothing.
func TestSilence(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if _, err := Open(ctx, "esdb://"+listener.Addr().String()+"?tls=false&gossipTimeout=30"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("open: %v", err)
	}
	if d := time.Since(begin); d > soon {
		t.Errorf("open took %v", d)
	}
}

// Goal: wherever connections are cut, a follower gets each commit once and in order,
// and so does a reader that resumes after its last commit.
func TestCutAnywhere(t *testing.T) {
	t.Parallel()
	s := start(t, estest.Options{})
	l := openLog(t, s)
	all := fill(t, l, 30)
	rapid.Check(t, func(t *rapid.T) {
		cuts := rapid.SliceOfN(rapid.IntRange(1, 25), 0, 4).Draw(t, "cuts")
		first := rapid.IntRange(-1, len(all)-2).Draw(t, "first")
		follow := rapid.Bool().Draw(t, "follow")
		from := log.Position{}
		if first >= 0 {
			from = all[first].Position
		}
		next := first + 1
		take := func(c log.Commit) {
			if c.ID != all[next].ID || len(c.Events) != len(all[next].Events) {
				t.Fatalf("commit %s of %d events where %s comes", c.ID, len(c.Events), all[next].ID)
			}
			from = c.Position
			next++
			if len(cuts) > 0 && next%3 == 0 {
				s.CutAfter(cuts[0])
				cuts = cuts[1:]
			}
		}
		if len(cuts) > 0 {
			s.CutAfter(cuts[0])
			cuts = cuts[1:]
		}
		for next < len(all) {
			seq := l.Read(context.Background(), from, log.Filter{})
			if follow {
				seq = l.Follow(context.Background(), from, log.Filter{})
			}
			for c, err := range seq {
				if err != nil {
					if follow || !errors.Is(err, log.ErrUnavailable) {
						t.Fatal(err)
					}
					break
				}
				if take(c); next == len(all) {
					break
				}
			}
		}
		s.CutAfter(0)
	})
}

// Goal: Close during all kinds of calls ends them, without a panic in the library.
func TestCloseInFlight(t *testing.T) {
	t.Parallel()
	s := start(t, estest.Options{})
	openLog(t, s) // keeps the listener of the server in use
	for range 10 {
		l, err := Open(t.Context(), s.URL())
		if err != nil {
			t.Fatal(err)
		}
		var callers sync.WaitGroup
		for i := range 6 {
			callers.Go(func() {
				for n := 0; ; n++ {
					var err error
					switch i % 3 {
					case 0:
						_, _, err = l.Head(t.Context(), log.Filter{})
					case 1:
						_, _, err = l.Append(t.Context(), commit(fmt.Sprintf("%d-%d", i, n), 3), 0)
					case 2:
						_, err = collect(l, t.Context(), log.Position{})
					}
					if errors.Is(err, log.ErrUnavailable) {
						return
					}
					if err != nil && !errors.Is(err, log.ErrConflict) {
						t.Error(err)
						return
					}
				}
			})
		}
		time.Sleep(20 * time.Millisecond)
		s.Cut()
		time.Sleep(5 * time.Millisecond)
		l.Close()
		callers.Wait()
	}
}

// Goal: the driver leaves a node that is not the leader for the leader.
func TestFollowerNode(t *testing.T) {
	t.Parallel()
	leader := start(t, estest.Options{})
	all := fill(t, openLog(t, leader), 3)
	l := openLog(t, start(t, estest.Options{Leader: leader}))
	if got, err := collect(l, t.Context(), log.Position{}); err != nil || len(got) != len(all) {
		t.Errorf("%d commits by way of the follower, %v; want %d", len(got), err, len(all))
	}
	mustAppend(t, l, commit("x", 1), all[2].Revision)
}
