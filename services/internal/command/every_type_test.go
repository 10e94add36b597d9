package command_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/services/internal/command"
)

// takeAll accepts every event as it is.
type takeAll struct{}

func (takeAll) Decide(e *events.Event) (*events.Event, events.Reasons) { return e, nil }

// Goal: an event of every type of the catalogue gets a receipt that names its person,
// and is in the idempotency index for ever.
// Method: each type goes through a command handler of its family that accepts
// everything; then it is sent again, and once more with other content.
func TestEveryTypeHasAReceipt(t *testing.T) {
	for _, typ := range events.Types() {
		t.Run(string(typ), func(t *testing.T) {
			e := &events.Event{ID: "e", Source: "/agency/a", Type: typ, Digest: "0000000000000001", Data: events.New(typ)}
			if w, ok := e.Data.(*events.EventWithdrawn); ok {
				*w = events.EventWithdrawn{Of: events.HirePlacedType, ID: "h", Reason: "r"}
				e.Submode = events.ModeRecord // the hire may come later
			}
			if who := e.Data.About(); who != nil {
				who.Person = events.Person{1}
			}
			handler := running(t, e.Family())
			first := submit(t, handler, e)
			if first.Status != events.Accepted || first.Position.IsZero() {
				t.Fatalf("was answered %+v", first)
			}
			if who := e.Data.About(); who != nil && first.Person != who.Person {
				t.Errorf("the receipt names %s as its person, want %s", first.Person, who.Person)
			}
			if again := submit(t, handler, e); again.Status != events.Duplicate || again.Position != first.Position {
				t.Errorf("sent again it was answered %+v", again)
			}
			other := *e
			other.Digest = "0000000000000002"
			if reused := submit(t, handler, &other); reused.Status != events.Rejected || reused.Reasons[0].Code != command.IDReused {
				t.Errorf("with other content it was answered %+v", reused)
			}
		})
	}
}

// running returns a handler of a family that runs until the test ends.
func running(t *testing.T, f events.Family) *command.Handler {
	t.Helper()
	handler := command.NewHandler(f, takeAll{}, command.NewFold(memlog.New(), f.Boundary(), new(command.Stateless)))
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- handler.Run(ctx, func() { close(ready) }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	<-ready
	return handler
}

func submit(t *testing.T, handler *command.Handler, e *events.Event) events.Receipt {
	t.Helper()
	receipts, err := handler.Submit(t.Context(), []*events.Event{e}, time.Time{})
	if err == nil && len(receipts) != 1 {
		err = fmt.Errorf("%d receipts for one event", len(receipts))
	}
	if err != nil {
		t.Fatal(err)
	}
	return receipts[0]
}
