package registry

import (
	"testing"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// Facts of every register are accepted unchanged, in either mode.
func TestTakesWhatTheContractTakes(t *testing.T) {
	for _, name := range []string{"death", "pension", "insurance", "business", "fiscal", "custody"} {
		d := &events.RegistryReported{Registry: name, Lines: []events.RegistryLine{{Person: uuid.UUID{1}, From: civil.MustDate("2022-04-20")}}}
		for _, e := range []*events.Event{
			{ID: "1", Type: events.RegistryReportedType, Data: d},
			{ID: "2", Type: events.RegistryReportedType, Data: d, Submode: events.ModeRecord},
			{ID: "3", Type: events.RegistryReportedType, Data: d, Replaces: "1"},
			{ID: "4", Type: events.EventWithdrawnType, Data: &events.EventWithdrawn{Of: events.RegistryReportedType, ID: "3", Reason: "r"}},
		} {
			before := *e
			record, reasons := New().Decide(e)
			if reasons != nil || record == nil || *record != before {
				t.Errorf("%s, event %s: %+v, %v", name, e.ID, record, reasons)
			}
		}
	}
}
