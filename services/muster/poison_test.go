package main

import (
	"strings"
	"testing"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/deployment"
)

// Goal: an event that cannot be read stops the views, which name its position, and
// stops nothing else. An operator sets the event aside; from then on every answer says
// so. Method: such an event is appended to the log of a deployment that does not run.
func TestPoisonedEvent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up(t, dir).stop(t)
	l, err := deployment.OpenOrCreateLog(t.Context(), deployment.Config{Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	bad, _, err := l.Append(t.Context(), log.Commit{ID: "bad", Boundary: "elsewhere", Events: [][]byte{
		[]byte(`{"specversion":"1.0","id":"1","source":"/agency/a","type":"post.exploded","data":{}}`)}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	holds := func(out string, all ...string) {
		t.Helper()
		for _, want := range all {
			if !strings.Contains(out, want) {
				t.Errorf("want %q in\n%s", want, out)
			}
		}
	}

	i := up(t, dir)
	holds(muster(t, "status", "--to", i.HTTP), "stopped", "cannot be read at position "+bad.String())
	holds(muster(t, "publish", "testdata/tour.ndjson", "--to", i.HTTP), "accepted 4")
	holds(muster(t, "query", "plan", "--to", i.HTTP), "stopped", bad.String()) // an answer says that the views stand still
	out, err := try(t, "replay", "--data", dir, "--dry-run")
	if err != nil {
		t.Errorf("up to what the views show: %v\n%s", err, out)
	}
	if out, err := try(t, "replay", "--data", dir); err == nil {
		t.Errorf("a replay to the head, with no event set aside:\n%s", out)
	} else {
		holds(out, "cannot be read at position "+bad.String(), "--set-aside")
	}
	i.stop(t)
	holds(i.problems.String(), "cannot be read at position "+bad.String(), "--set-aside")

	i = up(t, dir, "--set-aside", bad.String())
	status := muster(t, "status", "--to", i.HTTP)
	holds(status, "set_aside", bad.String())
	if strings.Contains(status, "stopped") {
		t.Errorf("still stopped:\n%s", status)
	}
	holds(muster(t, "query", "headcount", "--to", i.HTTP, "--as-of", "2022-06-14", "--format", "json"), `"set_aside":["`+bad.String()+`"]`, `"total":1`)
	holds(muster(t, "replay", "--data", dir), "set aside "+bad.String(), "0 differences", "is in use")
	if out, err := try(t, "up", "--data", t.TempDir(), "--set-aside", "there"); err == nil || !strings.Contains(out, "--set-aside") {
		t.Errorf("a position that is none: %v\n%s", err, out)
	}
}
