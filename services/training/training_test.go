package training

import (
	"testing"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// Training is accepted unchanged, in either mode, from any agency and for any person: usually
// no placement of the person exists yet.
func TestTakesWhatTheContractTakes(t *testing.T) {
	done := &events.TrainingCompleted{Who: events.Who{Person: uuid.UUID{1}}, Course: "c", Hours: 8, On: civil.MustDate("2022-04-20"), PreService: true}
	for _, e := range []*events.Event{
		{ID: "1", Type: events.TrainingCompletedType, Data: done},
		{ID: "2", Type: events.TrainingCompletedType, Data: done, Submode: events.ModeRecord},
		{ID: "3", Type: events.TrainingCompletedType, Data: done, Replaces: "1"},
		{ID: "4", Type: events.EventWithdrawnType, Data: &events.EventWithdrawn{Of: events.TrainingCompletedType, ID: "3", Reason: "r"}},
	} {
		before := *e
		record, reasons := New().Decide(e)
		if reasons != nil || record == nil || *record != before {
			t.Errorf("event %s: %+v, %v", e.ID, record, reasons)
		}
	}
}
