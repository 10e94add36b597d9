package command

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
)

// dryRun tries a batch and returns a summary of each receipt.
func dryRun(t *testing.T, d *Handler, premises []*events.Event, batch ...*events.Event) (list []string) {
	t.Helper()
	receipts, err := d.Try(t.Context(), premises, batch, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range receipts {
		if r.ID != batch[i].ID {
			t.Errorf("receipt %d is of %s, want %s", i, r.ID, batch[i].ID)
		}
		if r.Status == events.Accepted && !r.Position.IsZero() {
			t.Errorf("%s is at %s, and was only tried", r.ID, r.Position)
		}
		list = append(list, summary(r))
	}
	return list
}

// Goal: a dry run answers what a submission would answer. It takes into account the
// events before each event in the batch, and the premises. It leaves nothing behind.
func TestDryRun(t *testing.T) {
	l := memlog.New()
	d := start(t, l)
	submit(t, d, take("1", "a", 1))
	before, _, err := l.Head(t.Context(), log.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second dry run meets the same state
		got := dryRun(t, d, nil,
			take("1", "a", 1), take("1", "b", 9), take("2", "a", 2), take("3", "b", 3), take("3", "b", 3), take("4", "b", 4),
			withdraw("5", "1"), withdraw("6", "1"), take("7", "a", 7))
		want := []string{"duplicate", "rejected id_reused", "rejected taken", "accepted", "duplicate", "rejected taken", "accepted", "rejected already_voided", "accepted"}
		if !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		got = dryRun(t, d, []*events.Event{withdraw("5", "1"), take("7", "c", 7)}, take("8", "a", 8), take("9", "c", 9), take("7", "c", 7))
		if want := []string{"accepted", "rejected taken", "duplicate"}; !slices.Equal(got, want) {
			t.Errorf("with premises %q, want %q", got, want)
		}
	}
	if after, _, err := l.Head(t.Context(), log.Filter{}); err != nil || after != before {
		t.Errorf("the log went from %s to %s, %v", before, after, err)
	}
	// A premise that has come into the log between two dry runs is not applied again.
	premise := take("10", "d", 10)
	submit(t, d, take("10", "d", 10), withdraw("11", "10"))
	if got := dryRun(t, d, []*events.Event{premise}, take("12", "d", 12)); got[0] != "accepted" {
		t.Errorf("%q: a premise was applied twice", got)
	}
	if got := summary(submit(t, d, take("2", "b", 2))[0]); got != "accepted" {
		t.Errorf("after the dry runs: %s", got)
	}
}

// A dry run may have more events than a commit holds. It waits in the queue behind
// submissions, and its events never get into their commits.
func TestDryRunOverSeveralCommits(t *testing.T) {
	d := start(t, memlog.New())
	var batch []*events.Event
	for i := range 40 {
		e := take(fmt.Sprint(i), fmt.Sprint("c", i), i)
		e.Subject = strings.Repeat("x", log.MaxBytes/10)
		batch = append(batch, e)
	}
	tried := make(chan []string)
	go func() { tried <- dryRun(t, d, nil, batch...) }()
	for i := range 20 {
		submit(t, d, take(fmt.Sprint("s", i), fmt.Sprint("s", i), 100+i))
	}
	if got := <-tried; slices.ContainsFunc(got, func(s string) bool { return s != "accepted" }) {
		t.Errorf("%q", got)
	}
	if got := summary(submit(t, d, take("other", "c0", 99))[0]); got != "accepted" {
		t.Errorf("after the dry run: %s", got)
	}
}
