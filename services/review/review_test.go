package review

import (
	"testing"

	"github.com/muster-works/muster/events"
)

// Verdicts are accepted unchanged, in either mode, even two on one finding.
func TestTakesWhatTheContractTakes(t *testing.T) {
	for _, e := range []*events.Event{
		{ID: "1", Type: events.FindingReviewedType, Data: &events.FindingReviewed{Finding: "F02/p/2022-05", Verdict: "confirmed"}},
		{ID: "2", Type: events.FindingReviewedType, Data: &events.FindingReviewed{Finding: "F02/p/2022-05", Verdict: "cleared"}, Submode: events.ModeRecord},
		{ID: "3", Type: events.FindingReviewedType, Data: &events.FindingReviewed{Finding: "F02/p/2022-05", Verdict: "cleared"}, Replaces: "1"},
		{ID: "4", Type: events.EventWithdrawnType, Data: &events.EventWithdrawn{Of: events.FindingReviewedType, ID: "3", Reason: "r"}},
	} {
		before := *e
		record, reasons := New().Decide(e)
		if reasons != nil || record == nil || *record != before {
			t.Errorf("event %s: %+v, %v", e.ID, record, reasons)
		}
	}
}
