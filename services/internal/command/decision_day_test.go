package command

import (
	"testing"
	"time"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/nats-io/nats.go/micro"
)

// Goal: the day of the decision goes with an event over NATS, and a wrong one is refused.
// Method: a request is written and read again.
func TestDayOfDecisionOverNATS(t *testing.T) {
	raw, err := take("1", "seat", 0).Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	body := log.EncodeBatch([][]byte{raw, raw})
	for _, day := range []civil.Date{0, civil.MustDate("2026-11-30")} {
		r, err := read(micro.Headers(header(day, time.Time{})), body)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range r.batch {
			if e.DecidedOn != day {
				t.Errorf("event %d: decided on %q, want %q", i, e.DecidedOn, day)
			}
		}
	}
	if _, err := read(micro.Headers{decidedHeader: {"today"}}, body); err == nil {
		t.Error("a day that is no date is read")
	}
}
