package runner_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner"
	"github.com/nats-io/nats.go"
)

// long is how long something may take that takes seconds.
const long = 90 * time.Second

// beUnderstudy stands by, projects the log at an address when it is its turn, and
// never ends.
func beUnderstudy(store string) error {
	ctx := context.Background()
	d, err := openStore(ctx, store)
	if err != nil {
		return err
	}
	defer d.Close()
	nc, err := nats.Connect(os.Getenv(understudy))
	if err != nil {
		return err
	}
	defer nc.Close()
	l, err := natslog.Open(ctx, nc, natslog.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	opts := runner.Options{Every: time.Millisecond, MaxFacts: 100, Standby: true, Patience: 2 * time.Second}
	opts.StandingBy = func(waits bool) { fmt.Println("waits", waits) }
	return runner.New(l, d, projections.Views(), opts).Run(ctx)
}

// A part is a process that plays a projector.
type part struct {
	*exec.Cmd
	says chan string
}

func play(t *testing.T, store, server string) *part {
	t.Helper()
	p := &part{Cmd: exec.Command(os.Args[0], "-test.run=^$"), says: make(chan string, 100)}
	p.Env = append(os.Environ(), victim+"="+store, understudy+"="+server)
	p.Stderr = os.Stderr
	out, err := p.StdoutPipe()
	if err != nil {
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
// Method: two processes play a log that grows into one read model, one writing
// and one standing by. The first is stopped (SIGSTOP) until it has a transaction
// open, as the store says; then it is killed, or left so. The second has to reach
// the end of the log. Whoever is stopped is continued and has to stand by; then
// the second is killed, and the first has its turn again. The rows must be those
// of an undisturbed build each time.
func TestStandby(t *testing.T) {
	t.Parallel()
	commits, err := source()
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d commits", seed, len(commits))
	for name, store := range stores {
		for _, s := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP} {
			t.Run(name+"/"+s.String(), func(t *testing.T) {
				t.Parallel()
				random := rand.New(rand.NewPCG(seed, uint64(s)))
				for range 5 { // no transaction may be met before the log ends
					stage := &stage{t: t, store: store(t), commits: commits, random: random}
					stage.open()
					if stage.play(s) {
						return
					}
				}
				t.Error("the first had nothing left to do, five times")
			})
		}
	}
}

// A stage is a log and a read model with projectors.
type stage struct {
	t       *testing.T
	store   string
	dir     *readmodel.Dir
	url     string // of the log's server
	log     log.Log
	commits []log.Commit // that the log comes to have
	random  *rand.Rand
}

// open makes a log with a third of the commits, and a generation that has seen
// one of them.
func (s *stage) open() {
	t := s.t
	dir := t.TempDir()
	server, err := embedded.Start(embedded.Options{Dir: dir, Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Shutdown() })
	nc, err := server.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if err := natslog.Provision(t.Context(), nc, natslog.Options{}); err != nil {
		t.Fatal(err)
	}
	if s.log, err = natslog.Open(t.Context(), nc, natslog.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.log.Close() })
	password, err := os.ReadFile(filepath.Join(dir, embedded.PasswordFile))
	if err != nil {
		t.Fatal(err)
	}
	user := url.UserPassword(embedded.InternalUser, strings.TrimSpace(string(password)))
	s.url = strings.Replace(server.ClientURL(), "://", "://"+user.String()+"@", 1)
	if err := s.grow(0, len(s.commits)/3, 0); err != nil {
		t.Fatal(err)
	}
	if s.dir, err = openStore(t.Context(), s.store); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.dir.Close() })
	if _, err := runner.Build(t.Context(), s.log, s.dir, "gen-000001", projections.Views(), log.At(1, 0), runner.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := s.dir.Switch(t.Context(), "gen-000001"); err != nil {
		t.Fatal(err)
	}
}

// grow appends the commits from one to another, with a pause after each.
func (s *stage) grow(from, to int, pause time.Duration) error {
	for _, c := range s.commits[from:to] {
		_, revision, err := s.log.Head(s.t.Context(), log.Filter{Boundary: c.Boundary})
		if err == nil {
			_, _, err = s.log.Append(s.t.Context(), c, revision)
		}
		if err != nil {
			return err
		}
		time.Sleep(pause)
	}
	return nil
}

// play says whether the first was stopped while it had something left to do.
func (s *stage) play(signal syscall.Signal) bool {
	t := s.t
	first := play(t, s.store, s.url)
	first.hear(t, "waits false")
	second := play(t, s.store, s.url)
	second.hear(t, "waits true")
	grown := make(chan error, 1)
	go func() { grown <- s.grow(len(s.commits)/3, len(s.commits), 5*time.Millisecond) }()
	time.Sleep(time.Duration(s.random.IntN(800)) * time.Millisecond)
	reached := s.freeze(first)
	t.Logf("stopped in the transaction after commit %d of %d", reached, len(s.commits))
	if reached == s.end() {
		first.signal(t, syscall.SIGKILL)
		second.signal(t, syscall.SIGKILL)
		return false
	}
	if signal == syscall.SIGKILL {
		first.signal(t, signal)
	}
	if err := <-grown; err != nil {
		t.Fatal(err)
	}
	second.hear(t, "waits false")
	before := s.reach(readmodel.Pulse{})
	if signal == syscall.SIGKILL {
		return true
	}
	first.signal(t, syscall.SIGCONT)
	first.hear(t, "waits true")
	second.signal(t, syscall.SIGKILL)
	first.hear(t, "waits false")
	s.reach(before)
	return true
}

// freeze stops a process when it has a transaction open, or nothing left to do,
// and returns the last commit that is written.
func (s *stage) freeze(p *part) uint64 {
	for range 1000 {
		p.signal(s.t, syscall.SIGSTOP)
		held := s.held()
		if ord := s.pulse().Ord; held || ord == s.end() {
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

// end is the ordinal of the last commit that there will be.
func (s *stage) end() uint64 { return uint64(len(s.commits)) }

// reach waits until the generation that was in use before, or any one where none
// was, shows the end of the log and was taken over since, and checks the rows.
func (s *stage) reach(before readmodel.Pulse) readmodel.Pulse {
	t := s.t
	t.Helper()
	p := s.pulse()
	for end := time.Now().Add(long); p.Ord != s.end() || p.Generation == before.Generation && p.Epoch <= before.Epoch; p = s.pulse() {
		if time.Now().After(end) {
			t.Fatalf("%+v, after %+v; the log ends at commit %d", p, before, s.end())
		}
		time.Sleep(20 * time.Millisecond)
	}
	if before.Generation != "" && p.Generation != before.Generation {
		t.Errorf("%s was built for no reason", p.Generation)
	}
	want := hashes(t, build(t, s.log, openDir(t), runner.Options{}))
	if got := hashes(t, reader(t, s.dir)); !maps.Equal(got, want) {
		t.Errorf("the rows differ:\n got %v\nwant %v", got, want)
	}
	return p
}
