package main

import (
	"strings"
	"testing"

	"github.com/muster-works/muster/events/log/eslog/estest"
)

// An EventStoreDB is looked at as a NATS server is; what must not be used is exit
// code 1, and is mended when that is asked for alone.
func TestProvisionEventStore(t *testing.T) {
	s, err := estest.Start(estest.Options{Quiet: true, Version: "24.10.4"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	look := []string{"provision", "--log", s.URL()}
	out := muster(t, look...)
	for _, part := range []string{"24.10.4", "0-0", "$all", "no stream of the log gives up events", "muster-placement", "can be used"} {
		if !strings.Contains(out, part) {
			t.Errorf("it does not say %q:\n%s", part, out)
		}
	}
	s.SetMetadata("muster-placement", `{"$maxAge":60}`)
	if out, err := try(t, look...); err == nil || !strings.Contains(out, "$maxAge 60 s") {
		t.Errorf("retention: %v\n%s", err, out)
	}
	if out, err := try(t, append(look, "--user", "muster")...); err == nil || !strings.Contains(out, "--apply") {
		t.Errorf("a user without --apply: %v\n%s", err, out)
	}
	if out := muster(t, append(look, "--user", "muster", "--apply")...); strings.Contains(out, "access ") {
		t.Errorf("applied:\n%s", out)
	}
	if out, err := try(t, "provision", "--log", "nats://127.0.0.1:1"); err == nil || !strings.Contains(out, "--nats") {
		t.Errorf("a NATS server by --log: %v\n%s", err, out)
	}
}

// A fresh EventStoreDB, which sends checkpoints at position zero, has the same views
// when they are lived and when they are rebuilt.
func TestReplayOfEventStore(t *testing.T) {
	t.Parallel()
	s, err := estest.Start(estest.Options{Others: 1100, Checkpoints: estest.Checkpoints{Zero: true, Early: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	dir := t.TempDir()
	i := start(t, "up", "--data", dir, "--http", "127.0.0.1:0", "--nats", "127.0.0.1:0", "--log", s.URL(), "--simulate", "0.001")
	if out := muster(t, "status", "--to", i.HTTP); !strings.Contains(out, s.URL()) {
		t.Errorf("status does not name the log:\n%s", out)
	}
	out, err := try(t, "replay", "--dry-run", "--data", dir, "--log", s.URL())
	if err != nil || !strings.Contains(out, "\n0 differences") {
		t.Errorf("replay: %v\n%s", err, out)
	}
	if out := muster(t, "log", "cat", "--log", s.URL(), "--limit", "3"); strings.Count(out, "\n") != 3 {
		t.Errorf("log cat:\n%s", out)
	}
	i.stop(t)
}
