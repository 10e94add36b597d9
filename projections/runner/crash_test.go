package runner_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/internal/synthetic"
	"github.com/muster-works/muster/projections/pgtest"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/postgres"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/runner"
)

// The environment variable that makes the test binary a projector to be killed:
// with the store that it writes to. With the other one it stands by.
const (
	victim     = "MUSTER_TEST_VICTIM_STORE"
	understudy = "MUSTER_TEST_UNDERSTUDY"
)

func TestMain(m *testing.M) {
	if store := os.Getenv(victim); store != "" {
		be := beVictim
		if os.Getenv(understudy) != "" {
			be = beUnderstudy
		}
		if err := be(store); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		// Most tests of this package wait for servers, so more of them run at once than there are processors.
		_ = parallel.Value.Set("8")
	}
	os.Exit(m.Run())
}

// building makes the victim build a generation in bulk.
const building = "MUSTER_TEST_VICTIM_BUILDS"

// openStore opens what --store would name.
func openStore(ctx context.Context, store string) (*readmodel.Dir, error) {
	if strings.HasPrefix(store, "postgres://") {
		return postgres.OpenDir(ctx, store)
	}
	return sqlite.OpenDir(store)
}

// stores are where the tests with several processes keep their read models.
var stores = map[string]func(*testing.T) string{
	"SQLite":     func(t *testing.T) string { return t.TempDir() },
	"PostgreSQL": func(t *testing.T) string { return pgtest.Database(t) },
}

// source returns the log that every victim sees, commit by commit.
func source() (commits []log.Commit, err error) {
	l := memlog.New()
	if _, err := synthetic.Fill(context.Background(), l, synthetic.Size{Posts: 300, Months: 4, Counties: 3, Seed: 7}); err != nil {
		return nil, err
	}
	for c, err := range l.Read(context.Background(), log.Position{}, log.Filter{}) {
		if err != nil {
			return nil, err
		}
		// Smaller commits, so that there are more places to be killed at.
		for n := 0; len(c.Events) > 0; n++ {
			part := c
			part.ID = fmt.Sprint(c.ID, ".", n)
			part.Events = c.Events[:min(len(c.Events), 20)]
			c.Events = c.Events[len(part.Events):]
			commits = append(commits, part)
		}
	}
	return commits, nil
}

// beVictim projects the log while it grows, until its end.
func beVictim(store string) error {
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
	if os.Getenv(building) != "" {
		return beBuilder(ctx, d, commits)
	}
	seen := uint64(1)
	if r, err := d.Reader(ctx); err == nil {
		m, err := r.Meta(ctx)
		if err != nil {
			return err
		}
		seen = max(seen, m.Ord)
	}
	l := memlog.New()
	revisions := map[string]log.Revision{}
	add := func(c log.Commit) error {
		var err error
		_, revisions[c.Boundary], err = l.Append(ctx, c, revisions[c.Boundary])
		return err
	}
	for _, c := range commits[:seen] {
		if err := add(c); err != nil {
			return err
		}
	}
	r := start(l, d, runner.Options{Every: time.Millisecond, MaxFacts: 100})
	for _, c := range commits[seen:] {
		if err := add(c); err != nil {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
	head, _, err := l.Head(ctx, log.Filter{})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := r.Wait(ctx, head); err != nil {
		return err
	}
	r.cancel()
	if err := <-r.done; !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// beBuilder builds a generation of the whole log, slowly and with a checkpoint at
// every turn, and prints where it is.
func beBuilder(ctx context.Context, d *readmodel.Dir, commits []log.Commit) error {
	l := memlog.New()
	revisions := map[string]log.Revision{}
	for _, c := range commits {
		var err error
		if _, revisions[c.Boundary], err = l.Append(ctx, c, revisions[c.Boundary]); err != nil {
			return err
		}
	}
	opts := runner.Options{MaxFacts: 60, Gather: 1, Progress: func(p runner.Progress) {
		fmt.Println(p.Commits)
		time.Sleep(2 * time.Millisecond)
	}}
	name, _, err := runner.Rebuild(ctx, l, d, projections.Views(), log.Position{}, opts)
	if err != nil {
		return err
	}
	return d.Switch(ctx, name)
}

// Goal: kill -9 in the middle of a rebuild costs what came after its last
// checkpoint. Method: a child process builds a generation and is killed a few
// times; the last child may finish. Each begins behind the one before, and the
// rows are those of an undisturbed build.
func TestKilledWhileBuilding(t *testing.T) {
	t.Parallel()
	l := wholeSource(t)
	want := hashes(t, build(t, l, openDir(t), runner.Options{}))
	for name, store := range stores {
		t.Run(name, func(t *testing.T) { killBuilding(t, store(t), want) })
	}
}

func killBuilding(t *testing.T, store string, want map[string]string) {
	var begins []uint64
	run := func(killed bool) {
		c := exec.Command(os.Args[0], "-test.run=^$")
		c.Env = append(os.Environ(), victim+"="+store, building+"=1")
		c.Stderr = os.Stderr
		out, err := c.StdoutPipe()
		if err == nil {
			err = c.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		turns := 0
		for lines := bufio.NewScanner(out); lines.Scan(); turns++ {
			at, err := strconv.ParseUint(lines.Text(), 10, 64)
			if err != nil {
				t.Errorf("the child says %q", lines.Text())
			}
			if turns == 0 {
				begins = append(begins, at)
			}
			if killed && turns == 3 {
				c.Process.Kill()
			}
		}
		if err := c.Wait(); err != nil && !killed {
			t.Fatal(err)
		}
	}
	for range 4 {
		run(true)
	}
	run(false)
	t.Logf("begun up to commits %v", begins)
	if len(begins) != 5 || !slices.IsSorted(begins) || len(slices.Compact(slices.Clone(begins))) != 5 {
		t.Errorf("it did not go on where it was: %v", begins)
	}
	d, err := openStore(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got := hashes(t, reader(t, d)); !maps.Equal(got, want) {
		t.Errorf("killed, begun up to %v:\n got %v\nwant %v", begins, got, want)
	}
	if names, err := d.Generations(t.Context()); err != nil || len(names) != 1 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

func wholeSource(t *testing.T) log.Log {
	t.Helper()
	commits, err := source()
	if err != nil {
		t.Fatal(err)
	}
	l := memlog.New()
	revisions := map[string]log.Revision{}
	for _, c := range commits {
		if _, revisions[c.Boundary], err = l.Append(t.Context(), c, revisions[c.Boundary]); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// Goal: kill -9 at any moment, between any two batches or within one, leaves a
// read model that goes on where it was, in either store.
// Method: a child process projects a growing log and is killed at random
// moments, five times; the last child may finish; the rows must be those of an
// undisturbed build.
func TestKilled(t *testing.T) {
	t.Parallel()
	lives := 1
	if os.Getenv("MUSTER_LONG") != "" {
		lives = 20
	}
	commits, err := source()
	if err != nil {
		t.Fatal(err)
	}
	l := wholeSource(t)
	want := hashes(t, build(t, l, openDir(t), runner.Options{}))
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d commits", seed, len(commits))
	random := rand.New(rand.NewPCG(seed, 1))
	for range lives {
		for name, store := range stores {
			t.Run(name, func(t *testing.T) { live(t, store(t), random, len(commits), want) })
		}
	}
}

// live runs one read model from its beginning to the end of the log.
func live(t *testing.T, store string, random *rand.Rand, commits int, want map[string]string) {
	t.Helper()
	child := func() *exec.Cmd {
		c := exec.Command(os.Args[0], "-test.run=^$")
		c.Env = append(os.Environ(), victim+"="+store)
		c.Stderr = os.Stderr
		return c
	}
	d, err := openStore(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	reached := []uint64{0} // after each kill
	for range 5 {
		c := child()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(50+random.IntN(400)) * time.Millisecond)
		c.Process.Kill()
		c.Wait()
		if r, err := d.Reader(t.Context()); err == nil {
			m, err := r.Meta(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			reached = append(reached, m.Ord)
		}
	}
	if reached[1%len(reached)] == uint64(commits) {
		t.Errorf("the first kill came too late: %v of %d commits", reached, commits)
	}
	t.Logf("killed at commits %v", reached)
	if err := child().Run(); err != nil {
		t.Fatal(err)
	}
	if got := hashes(t, reader(t, d)); !maps.Equal(got, want) {
		t.Errorf("killed at %v:\n got %v\nwant %v", reached, got, want)
	}
}
