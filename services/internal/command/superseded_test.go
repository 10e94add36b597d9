package command

import (
	"strconv"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
)

// replace returns an event that replaces another one.
func replace(id, of, course string, content int) *events.Event {
	e := take(id, course, content)
	e.Replaces = of
	return e
}

// Goal: an event that no longer stands is not called duplicate when it is sent again, and
// the refusal names the event that voided it and says when. Method: events are withdrawn
// and replaced in earlier commits, in the same commit, and before they come; a second
// handler folds the log anew.
func TestSentAgainAfterItNoLongerStands(t *testing.T) {
	l := memlog.New()
	early := withdraw("w-early", "late")
	early.Submode = events.ModeRecord
	said := map[string][]string{ // what the sentences name, for each event that is sent again
		"1": {"withdrawn by event w-1 of /agency/local on 20", "事件w-1撤销"}, "2": {"replaced by event 2b of /agency/local on 20", "事件2b替换"},
		"late": {"withdrawn by event w-early of /agency/local on 20", "事件w-early撤销"},
	}
	d := start(t, l)
	submit(t, d, take("1", "a", 1), take("2", "b", 2), early)
	submit(t, d, take("filler", "z", 9))
	submit(t, d, withdraw("w-1", "1"), replace("2b", "2", "c", 3), take("late", "d", 4))
	for name, d := range map[string]*Handler{"the handler that took them": d, "another one": start(t, l)} {
		for n, e := range []*events.Event{take("1", "a", 1), take("2", "b", 2), take("late", "d", 4)} {
			r := submit(t, d, e)[0]
			if summary(r) != "rejected already_voided" || !NoLongerStands(r) || !r.Position.IsZero() {
				t.Fatalf("%s: %s sent again: %+v", name, e.ID, r)
			}
			for i, detail := range []string{r.Reasons[0].Detail, r.Reasons[0].DetailZH} {
				if !strings.Contains(detail, said[e.ID][i]) {
					t.Errorf("%s: %d: %q does not say %q", name, n, detail, said[e.ID][i])
				}
			}
		}
	}
}

// Goal: the same holds within one body, whose events are not in the log yet, and a dry run
// says what the submission would.
func TestSentAgainInOneBody(t *testing.T) {
	body := []*events.Event{take("1", "a", 1), withdraw("w", "1"), take("1", "a", 1), withdraw("w2", "1"), take("2", "a", 2)}
	want := []string{"accepted", "accepted", "rejected already_voided", "rejected already_voided", "accepted"}
	d := start(t, memlog.New())
	for i, got := range dryRun(t, d, nil, body...) {
		if got != want[i] {
			t.Errorf("dry run, %d: %s, want %s", i, got, want[i])
		}
	}
	for i, r := range submit(t, d, body...) {
		if summary(r) != want[i] {
			t.Errorf("%d: %s, want %s", i, summary(r), want[i])
		}
		if i == 2 && !strings.Contains(r.Reasons[0].Detail, "withdrawn by event w of /agency/local just now") {
			t.Errorf("%q does not say by what", r.Reasons[0].Detail)
		}
	}
	if got := summary(submit(t, d, take("2", "a", 2))[0]); got != "duplicate" {
		t.Errorf("an event that stands is %s when it is sent again", got)
	}
}

// Goal: the same holds if the event that voided it was decided in the round before, whose
// commit is still on its way to the log.
func TestSentAgainInTheNextRound(t *testing.T) {
	var body []*events.Event
	for n := range log.MaxEvents - 1 {
		id := strconv.Itoa(n)
		body = append(body, take(id, id, n))
	}
	body = append(body, withdraw("w", "7"), take("7", "7", 7))
	receipts := submit(t, start(t, memlog.New()), body...)
	last := receipts[len(receipts)-1]
	if summary(last) != "rejected already_voided" || !strings.Contains(last.Reasons[0].Detail, "event w of /agency/local") {
		t.Errorf("%+v", last)
	}
}
