package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
)

// Goal: once enough events are in the log, snapshots of the folds are taken. A start
// from the snapshots decides as the process before did, also if the snapshots were
// damaged meanwhile. Method: many posts, kill -9, the real program.
func TestFoldsAreKept(t *testing.T) {
	t.Parallel()
	const enough = 50_000
	data := filepath.Join(t.TempDir(), "data")
	i := up(t, data)
	lines := make([]string, enough)
	for n := range lines {
		lines[n] = seat("f-" + strconv.Itoa(n))
	}
	first := post(t, i, "application/x-ndjson", strings.Join(lines, "\n"))
	if len(first) != enough || first[enough-1].Status != events.Accepted {
		t.Fatalf("%d receipts, the last %+v", len(first), first[len(first)-1])
	}
	i.kill()

	// The log has many events and no snapshot, so snapshots are taken at once.
	fold := filepath.Join(data, "folds", "placement")
	i = up(t, data)
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(fold); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("nothing is written down: %s", i.problems)
		}
	}
	last := post(t, i, "application/json", seat("after"))[0] // is in no snapshot
	if last.Status != events.Accepted {
		t.Fatalf("%+v", last)
	}
	i.kill()

	whole, err := os.ReadFile(fold)
	if err != nil {
		t.Fatal(err)
	}
	whole[len(whole)/2] ^= 1
	for _, damaged := range []bool{false, true} {
		if damaged {
			if err := os.WriteFile(fold, whole, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		i := up(t, data)
		for n, want := range map[int]events.Receipt{0: first[0], enough / 2: first[enough/2], enough - 1: first[enough-1]} {
			if r := post(t, i, "application/json", lines[n])[0]; r.Status != events.Duplicate || r.Position != want.Position {
				t.Errorf("damaged %v: %s was at %s, now %+v", damaged, want.ID, want.Position, r)
			}
		}
		if r := post(t, i, "application/json", seat("after"))[0]; r.Status != events.Duplicate || r.Position != last.Position {
			t.Errorf("damaged %v: what came after was at %s, now %+v", damaged, last.Position, r)
		}
		again := strings.Replace(lines[7], `"id":"f-7"`, `"id":"another"`, 1)
		if r := post(t, i, "application/json", again)[0]; r.Status != events.Rejected || r.Reasons[0].Code != "post_exists" {
			t.Errorf("damaged %v: a post of the same name: %+v", damaged, r)
		}
		i.stop(t)
		if told := strings.Contains(i.problems.String(), "folds/placement"); told != damaged {
			t.Errorf("damaged %v: %s", damaged, i.problems)
		}
	}
}
