package main

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/deployment"
)

// Goal: every service runs alone against an external server, and together the services
// are the same deployment. Two of a kind share the work, and one that is killed leaves
// no gap. Method: a process for each service.
func TestServe(t *testing.T) {
	t.Parallel()
	on := startExternalServer(t)
	if out, err := try(t, on.command("hire")...); err == nil || !strings.Contains(out, "provision") {
		t.Errorf("a server without the stream: %v\n%s", err, out)
	}
	on.provision()
	var gate, query *instance
	for _, name := range deployment.Services() {
		switch i := on.serve(name); name {
		case "gateway":
			gate = i
		case "query":
			query = i
		}
	}
	second := on.serve("hire")
	present(t, query, map[string]int{"hire": 2, "exit": 1, "policy": 1, "gateway": 2}) // the gateway, and the command handler of its own events

	lines := tour(t)
	pack, err := adoption().Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	receipts := post(t, gate, "application/x-ndjson", strings.Join(append([]string{string(pack)}, lines...), "\n"))
	if len(receipts) != 5 {
		t.Fatalf("%+v", receipts)
	}
	for _, r := range receipts {
		if r.Status != events.Accepted {
			t.Errorf("%s: %s %v", r.ID, r.Status, r.Reasons)
		}
	}
	at := "&at_least=" + receipts[4].Position.String()
	if got := get[headcount](t, query, "/v1/headcount?as_of=2022-05-10"+at).Total; got != 1 {
		t.Errorf("headcount %d, want 1", got)
	}
	second.kill()
	again := post(t, gate, "application/json", lines[1])
	if again[0].Status != events.Duplicate || again[0].Position != receipts[2].Position {
		t.Errorf("with one of two killed: %+v, want a duplicate of %s", again[0], receipts[2].Position)
	}
}

// present waits until muster status lists the wanted number of each service.
func present(t *testing.T, at *instance, want map[string]int) {
	t.Helper()
	status := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		status = muster(t, "status", "--to", at.HTTP)
		ok := true
		for name, n := range want {
			ok = ok && strings.Count(status, "\n"+name+" ") == n
		}
		if ok {
			return
		}
	}
	t.Errorf("status lists not %v:\n%s", want, status)
}
