package runner_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner"
)

// long is how long something may take that takes seconds.
const long = 90 * time.Second

// beUnderstudy stands by, projects the log when it is its turn, and never ends.
// The first sees the log grow, to a third at once and then, when a line comes in,
// to its end; who comes later has it all.
func beUnderstudy(store string) error {
	ctx := context.Background()
	commits, err := source()
	if err != nil {
		return err
	}
	d, err := openStore(ctx, store)
	if err != nil {
		return err
	}
	defer d.Close()
	l := memlog.New()
	grown := make(chan error, 1)
	go func() {
		revisions := map[string]log.Revision{}
		for i, c := range commits {
			var err error
			if _, revisions[c.Boundary], err = l.Append(ctx, c, revisions[c.Boundary]); err != nil {
				grown <- err
			}
			switch third := len(commits) / 3; {
			case os.Getenv(understudy) != "first" || i < third:
			case i == third:
				if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
					grown <- err
				}
			default:
				time.Sleep(5 * time.Millisecond)
			}
		}
	}()
	if os.Getenv(understudy) != "first" {
		for {
			if head, _, err := l.Head(ctx, log.Filter{}); err != nil || head.Compare(log.At(uint64(len(commits)), 0)) >= 0 {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	opts := runner.Options{Every: time.Millisecond, MaxFacts: 100, Standby: true, Patience: time.Second}
	opts.StandingBy = func(waits bool) { fmt.Println("waits", waits) }
	go func() { grown <- runner.New(l, d, projections.Views(), opts).Run(ctx) }()
	return <-grown
}

// A part is a process that plays a projector.
type part struct {
	*exec.Cmd
	says chan string
	ear  io.Writer
}

func play(t *testing.T, store, which string) *part {
	t.Helper()
	p := &part{Cmd: exec.Command(os.Args[0], "-test.run=^$"), says: make(chan string, 100)}
	p.Env = append(os.Environ(), victim+"="+store, understudy+"="+which)
	p.Stderr = os.Stderr
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.ear, err = p.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.says <- lines.Text()
		}
		close(p.says)
	}()
	t.Cleanup(func() {
		p.Process.Kill()
		p.Wait()
	})
	return p
}

// hear waits until a process says something.
func (p *part) hear(t *testing.T, what string) {
	t.Helper()
	late := time.After(long)
	for {
		select {
		case s, ok := <-p.says:
			if !ok {
				t.Fatalf("the process ended before it said %q", what)
			}
			if s == what {
				return
			}
		case <-late:
			t.Fatalf("the process never said %q", what)
		}
	}
}

func (p *part) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// Goal: a second projector takes over without a gap or a double row when the
// first is killed, or frozen in the middle of a transaction and continued later.
// Method: two processes play one log into one read model, one writing and one
// standing by. The first is stopped (SIGSTOP) until it has a transaction open,
// as the store says; then it is killed, or left so. The second has to reach the
// end of the log. Whoever is stopped is continued and has to stand by; then the
// second is killed, and the first has its turn again. The rows must be those of
// an undisturbed build each time.
func TestStandby(t *testing.T) {
	l := wholeSource(t)
	undisturbed := build(t, l, openDir(t), runner.Options{})
	want := hashes(t, undisturbed)
	m, err := undisturbed.Meta(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d commits", seed, m.Ord)
	for name, store := range stores {
		for _, s := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP} {
			t.Run(name+"/"+s.String(), func(t *testing.T) {
				t.Parallel()
				random := rand.New(rand.NewPCG(seed, uint64(s)))
				for range 5 { // no transaction may be met before the log ends
					stage := &stage{t: t, store: store(t), ord: m.Ord, want: want, random: random}
					stage.open(l)
					if stage.play(s) {
						return
					}
				}
				t.Error("the first had nothing left to do, five times")
			})
		}
	}
}

// A stage is a read model with projectors.
type stage struct {
	t      *testing.T
	store  string
	dir    *readmodel.Dir
	ord    uint64 // of the last commit
	want   map[string]string
	random *rand.Rand
}

// open makes a generation that has seen one commit.
func (s *stage) open(l log.Log) {
	ctx := s.t.Context()
	var err error
	if s.dir, err = openStore(ctx, s.store); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { s.dir.Close() })
	if _, err := runner.Build(ctx, l, s.dir, "gen-000001", projections.Views(), log.At(1, 0), runner.Options{}); err != nil {
		s.t.Fatal(err)
	}
	if err := s.dir.Switch(ctx, "gen-000001"); err != nil {
		s.t.Fatal(err)
	}
}

// play says whether the first was stopped while it had something left to do.
func (s *stage) play(signal syscall.Signal) bool {
	t := s.t
	first := play(t, s.store, "first")
	first.hear(t, "waits false")
	second := play(t, s.store, "second")
	second.hear(t, "waits true")
	if _, err := fmt.Fprintln(first.ear); err != nil { // now that both are there
		t.Fatal(err)
	}
	reached := s.freeze(first)
	t.Logf("stopped in the transaction after commit %d of %d", reached, s.ord)
	if reached == s.ord {
		first.signal(t, syscall.SIGKILL)
		second.signal(t, syscall.SIGKILL)
		return false
	}
	if signal == syscall.SIGKILL {
		first.signal(t, signal)
	}
	second.hear(t, "waits false")
	s.reach(0)
	if signal == syscall.SIGKILL {
		return true
	}
	epoch := s.pulse().Epoch
	first.signal(t, syscall.SIGCONT)
	first.hear(t, "waits true")
	second.signal(t, syscall.SIGKILL)
	first.hear(t, "waits false")
	s.reach(epoch)
	return true
}

// freeze stops a process when it has a transaction open, or nothing left to do,
// and returns the last commit that is written.
func (s *stage) freeze(p *part) uint64 {
	for range 1000 {
		p.signal(s.t, syscall.SIGSTOP)
		held := s.held()
		if ord := s.pulse().Ord; held || ord == s.ord {
			return ord
		}
		p.signal(s.t, syscall.SIGCONT)
		time.Sleep(time.Duration(s.random.IntN(4000)) * time.Microsecond)
	}
	s.t.Fatal("the process was never met in a transaction")
	return 0
}

// held says whether somebody has a transaction open in the generation.
func (s *stage) held() bool {
	ctx := s.t.Context()
	if strings.HasPrefix(s.store, "postgres://") {
		c, err := pgx.Connect(ctx, s.store)
		if err != nil {
			s.t.Fatal(err)
		}
		defer c.Close(ctx)
		_, err = c.Exec(ctx, `SELECT 1 FROM "gen-000001".progress FOR UPDATE NOWAIT`)
		return err != nil && strings.Contains(err.Error(), "55P03")
	}
	db, err := sql.Open("sqlite", "file:"+s.store+"/gen-000001.db?_txlock=immediate")
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err == nil {
		err = tx.Rollback()
	}
	return err != nil && strings.Contains(err.Error(), "SQLITE_BUSY")
}

func (s *stage) pulse() readmodel.Pulse {
	s.t.Helper()
	p, err := reader(s.t, s.dir).Pulse(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// reach waits until the read model shows the end of the log and was taken over
// after an epoch, and checks the rows.
func (s *stage) reach(after uint64) {
	s.t.Helper()
	for end := time.Now().Add(long); ; time.Sleep(20 * time.Millisecond) {
		p := s.pulse()
		if p.Ord == s.ord && p.Epoch > after {
			break
		}
		if time.Now().After(end) {
			s.t.Fatalf("%s is at commit %d of %d, epoch %d after %d", p.Generation, p.Ord, s.ord, p.Epoch, after)
		}
	}
	if got := hashes(s.t, reader(s.t, s.dir)); !maps.Equal(got, s.want) {
		s.t.Errorf("the rows differ:\n got %v\nwant %v", got, s.want)
	}
}
