package runner_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections/internal/synthetic"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/runner"
)

// The environment variable that makes the test binary a projector to be killed.
const victim = "MUSTER_TEST_VICTIM_DIR"

func TestMain(m *testing.M) {
	if path := os.Getenv(victim); path != "" {
		if err := beVictim(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
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
func beVictim(path string) error {
	ctx := context.Background()
	commits, err := source()
	if err != nil {
		return err
	}
	d, err := sqlite.OpenDir(path)
	if err != nil {
		return err
	}
	defer d.Close()
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

// Goal: kill -9 at any moment leaves a read model that goes on where it was.
// Method: a child process projects a growing log and is killed at random
// moments, five times; the last child may finish; the rows must be those of an
// undisturbed build.
func TestKilled(t *testing.T) {
	lives := 1
	if os.Getenv("MUSTER_LONG") != "" {
		lives = 20
	}
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
	want := hashes(t, build(t, l, openDir(t), runner.Options{}))
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d commits", seed, len(commits))
	random := rand.New(rand.NewPCG(seed, 1))
	for range lives {
		live(t, random, len(commits), want)
	}
}

// live runs one read model from its beginning to the end of the log.
func live(t *testing.T, random *rand.Rand, commits int, want map[string]string) {
	t.Helper()
	path := t.TempDir()
	child := func() *exec.Cmd {
		c := exec.Command(os.Args[0], "-test.run=^$")
		c.Env = append(os.Environ(), victim+"="+path)
		c.Stderr = os.Stderr
		return c
	}
	d, err := sqlite.OpenDir(path)
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
