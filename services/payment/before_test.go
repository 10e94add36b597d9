package payment

import (
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/rules"
)

// Goal: records of before 1.1 mean what they meant. Method: an allocation and an order without
// days and without a source are in the log; then events of today are decided.
func TestBefore11(t *testing.T) {
	s := NewState()
	for _, e := range []*events.Event{allocate("f1", "f", 300), instruct("i1", "r", "f", "1", "2")} {
		command.Apply(s, e)
	}
	old := s.runs[events.RunKey{Run: "r"}]
	if old == nil || old.purses[0].on != civil.MustDate("2022-05-01") || s.funds["f"].days[0].on != civil.MustDate("2022-01-01") {
		t.Fatalf("the order and the allocation have other days: %s", dump(s))
	}
	service := New(s, village(), rules.New())
	decide := func(e *events.Event, want string) *events.Event {
		t.Helper()
		record, reasons := service.Decide(e)
		got := "accepted"
		if reasons != nil {
			got = string(reasons[0].Code)
		}
		if got != want {
			t.Fatalf("%s is %s: %v", e.ID, got, reasons)
		}
		if reasons == nil {
			command.Apply(s, record)
		}
		return record
	}
	settled := decide(settle("s1", "r", "1"), "accepted").Data.(*events.PaymentSettled)
	if settled.OrderedBy != "" {
		t.Errorf("the settlement is recorded of a run of %s, the order was of none", settled.OrderedBy)
	}
	decide(settle("s2", "r", "1"), "line_settled")
	corrected := decide(replacing(instruct("i2", "r", "f", "1"), "i1"), "accepted").Data.(*events.PaymentInstructed)
	if corrected.On != 0 || corrected.OrderedBy != "" {
		t.Errorf("the correction is of another run: on %s, ordered by %q", corrected.On, corrected.OrderedBy)
	}
	decide(on("2022-06-01", replacing(instruct("i3", "r", "f", "1"), "i2")), "line_settled")
	today := decide(instruct("i4", "r", "f", "1"), "accepted").Data.(*events.PaymentInstructed)
	if today.On != civil.MustDate("2022-06-20") || today.OrderedBy != "/agency/local" {
		t.Errorf("an order of today is recorded on %s, ordered by %q", today.On, today.OrderedBy)
	}
	if settled := decide(settle("s3", "r", "1"), "accepted").Data.(*events.PaymentSettled); settled.OrderedBy != "/agency/local" {
		t.Errorf("the settlement of today's order is recorded of a run of %q", settled.OrderedBy)
	}
}

// An overseer's correction of an order leaves the run with the source that it corrects.
func TestOverseerCorrectsAnOrder(t *testing.T) {
	s := NewState()
	service := New(s, village(), rules.New())
	over := func(e *events.Event) *events.Event {
		e.ReplacesSource = "/agency/local"
		return by("over", e)
	}
	for _, e := range []*events.Event{
		allocate("f1", "f", 300), instruct("i1", "r", "f", "1"), settle("s1", "r", "1"),
		over(replacing(instruct("o1", "r", "f", "1", "2"), "i1")), settle("s2", "r", "2"),
	} {
		record, reasons := service.Decide(e)
		if reasons != nil {
			t.Fatalf("%s: %v", e.ID, reasons)
		}
		if d, ok := record.Data.(*events.PaymentInstructed); ok && d.OrderedBy != "/agency/local" {
			t.Errorf("%s is recorded as ordered by %s", e.ID, d.OrderedBy)
		}
		command.Apply(s, record)
	}
}
