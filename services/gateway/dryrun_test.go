package gateway

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/submission"
)

// dryRun sends events a line as a dry run.
func dryRun(t *testing.T, url string, list ...*events.Event) reply {
	t.Helper()
	var body strings.Builder
	for _, e := range list {
		body.WriteString(raw(t, e) + "\n")
	}
	return post(t, url, "application/x-ndjson", strings.NewReader(body.String()), DryRunHeader, "true")
}

// Goal: a dry run sees its own events, across families, and leaves no trace:
// not in the log, the vault, the tally, or a receipt.
func TestDryRun(t *testing.T) {
	b := newFixture(t)
	url := serve(t, b)
	first := b.submit(t, admission.Local(), hire(0))[0]
	b.tally.Take(time.Time{}, time.Time{})
	head, _, err := b.log.Head(t.Context(), log.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	before := files(t, b.dir)
	account := event("acc", &events.AccountAssigned{
		Who: events.Who{Identity: &events.Identity{IDNumber: number(1)}}, Bank: "b", From: civil.MustDate("2022-05-01"), Number: "6222020000000000001"})
	bad := hire(3)
	bad.Data.(*events.HirePlaced).Identity.IDNumber = "370211196501010015"
	again := hire(1)
	again.ID = "h-1-again"
	for range 2 {
		got := dryRun(t, url, hire(0), sheet("early", 1), hire(1), sheet("s", 0, 1), hire(1), account, sheet("s", 1), bad, again, sheet("stranger", 7))
		want := []string{"duplicate", "unknown_person data.lines[0].id_number", "accepted", "accepted", "duplicate", "accepted",
			"id_reused id", "invalid_id_number data.identity.id_number", "accepted", "unknown_person data.lines[0].id_number"}
		if got.status != 200 || got.header.Get(DryRunHeader) != "true" || !slices.Equal(all(got.Receipts), want) {
			t.Fatalf("%d %v\n%q, want\n%q", got.status, got.header, all(got.Receipts), want)
		}
		for _, r := range got.Receipts {
			known := r.Person == (events.Person{}) || r.Person == first.Person
			if r.Status == events.Accepted && !r.Position.IsZero() || !known {
				t.Errorf("%+v", r)
			}
		}
		if r := got.Receipts[0]; r.Person != first.Person || r.Position != first.Position {
			t.Errorf("what is in the log already: %+v, was %+v", r, first)
		}
	}
	if after, _, err := b.log.Head(t.Context(), log.Filter{}); err != nil || after != head {
		t.Errorf("the log went from %s to %s, %v", head, after, err)
	}
	if b.vault.Len() != 1 || !bytes.Equal(files(t, b.dir), before) {
		t.Error("the vault was written to")
	}
	if list := b.tally.Take(time.Time{}, time.Time{}); len(list) != 0 {
		t.Errorf("tallied %+v", list[0])
	}
	if got := all(b.submit(t, admission.Local(), hire(1), sheet("s", 0, 1))); !slices.Equal(got, []string{"accepted", "accepted"}) {
		t.Errorf("in earnest: %q", got)
	}
}

// The header is true or false, and nothing is written for being misspelt.
func TestDryRunHeader(t *testing.T) {
	b := newFixture(t)
	url := serve(t, b)
	if got := post(t, url, "application/json", strings.NewReader(raw(t, hire(1))), DryRunHeader, "yes"); got.status != 400 {
		t.Errorf("yes: %d", got.status)
	}
	if got := post(t, url, "application/json", strings.NewReader("["+raw(t, hire(1))+"]"), "muster-dry-run", "true"); became(got.Receipts[0]) != "accepted" || got.header.Get(DryRunHeader) != "true" {
		t.Errorf("a batch: %s", got.text)
	}
	nc := natsServer(t)
	listen(t, b, nc)
	for _, name := range []string{DryRunHeader, "muster-dry-run"} {
		if got, code := request(t, nc, "muster.submit.local", raw(t, hire(1)), name, "true"); code != "" || became(got.Receipts[0]) != "accepted" || !got.Receipts[0].Position.IsZero() {
			t.Errorf("NATS, %s: %+v %s", name, got, code)
		}
	}
	if _, code := request(t, nc, "muster.submit.local", raw(t, hire(1)), DryRunHeader, "1"); code != "400" {
		t.Errorf("NATS, 1: %s", code)
	}
	if b.vault.Len() != 0 {
		t.Error("a person was made known")
	}
}

// A dry run is held in memory, so it has an end.
func TestDryRunIsBounded(t *testing.T) {
	b := newFixture(t)
	url := serve(t, b)
	var list []*events.Event
	for i := range submission.DryRunEvents + 1 {
		list = append(list, event(fmt.Sprint("p-", i), &events.PostClosed{Post: fmt.Sprint("p-", i), On: civil.MustDate("2022-05-01")}))
	}
	got := dryRun(t, url, list...)
	if got.Problem == nil || got.Problem.Status != 413 || len(got.Receipts) > submission.DryRunEvents {
		t.Errorf("%d receipts, %+v", len(got.Receipts), got.Problem)
	}
	if got := dryRun(t, url, list[1:]...); got.Problem != nil || len(got.Receipts) != submission.DryRunEvents {
		t.Errorf("%d receipts, %+v", len(got.Receipts), got.Problem)
	}
}
