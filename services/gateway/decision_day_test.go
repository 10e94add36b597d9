package gateway

import (
	"context"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/intake"
)

// A dayKeeper accepts every event and keeps the day of the decision of the last one.
type dayKeeper struct {
	acceptor
	last civil.Date
}

func (k *dayKeeper) Submit(ctx context.Context, f events.Family, batch []*events.Event, imported time.Time) ([]events.Receipt, error) {
	k.last = batch[len(batch)-1].DecidedOn
	return k.acceptor.Submit(ctx, f, batch, imported)
}

// Goal: the service that decides an event learns on which day in Shanghai the gateway took it,
// and of an import the day of its recorded time. What the sender says of it counts for nothing.
// Method: submissions shortly before and after midnight in Shanghai.
func TestDayOfDecision(t *testing.T) {
	clock := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, c := range []struct {
		name, now string
		imported  string
		want      string
	}{
		{"before midnight", "2026-11-30T15:59:59Z", "", "2026-11-30"},
		{"after midnight", "2026-11-30T16:00:00Z", "", "2026-12-01"},
		{"an import", "2026-11-30T12:00:00Z", "2022-05-01T16:30:00Z", "2022-05-02"},
	} {
		t.Run(c.name, func(t *testing.T) {
			keeper := new(dayKeeper)
			g := newFixture(t, func(o *Options) { o.Services, o.Now = keeper, func() time.Time { return clock(c.now) } })
			var imported time.Time
			if c.imported != "" {
				imported = clock(c.imported)
			}
			e := hire(1)
			e.DecidedOn = civil.MustDate("1999-01-01")
			receipts, err := g.Submit(t.Context(), admission.Local(), []intake.Item{{Event: e}}, imported)
			if err != nil || receipts[0].Status != events.Accepted {
				t.Fatalf("%+v, %v", receipts, err)
			}
			if keeper.last != civil.MustDate(c.want) {
				t.Errorf("decided on %s, want %s", keeper.last, c.want)
			}
		})
	}
}
