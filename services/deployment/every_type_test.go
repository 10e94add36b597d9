package deployment

import (
	"slices"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log/memlog"
)

// Goal: no event type of the catalogue is without a decision.
// Method: an event of each type is tried with the command handler of its family, as it
// is put together in a deployment. It may be refused for many reasons, since its fields
// are empty and the log is, too, but not because the service has no rule about its type.
func TestEveryTypeIsDecided(t *testing.T) {
	services, err := newServiceSet(memlog.New(), events.Families...)
	if err != nil {
		t.Fatal(err)
	}
	caughtUp := make(chan struct{})
	go func() { _ = services.run(t.Context(), nil, func() { close(caughtUp) }) }()
	<-caughtUp
	for _, typ := range events.Types() {
		t.Run(string(typ), func(t *testing.T) {
			e := &events.Event{ID: "e", Source: "/agency/a", Type: typ, Division: "370211000000", Digest: "0000000000000001", Data: events.New(typ)}
			if w, ok := e.Data.(*events.EventWithdrawn); ok {
				w.Of = events.HirePlacedType
			}
			if hire, ok := e.Data.(*events.HirePlaced); ok {
				hire.From = civil.MustDate("2022-05-01")
			}
			receipts, err := services.handlers.Try(t.Context(), e.Family(), nil, []*events.Event{e}, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			undecided := func(r events.Reason) bool { return r.Code == events.UnknownType }
			if slices.ContainsFunc(receipts[0].Reasons, undecided) {
				t.Errorf("was answered %v", receipts[0].Reasons)
			}
		})
	}
}
