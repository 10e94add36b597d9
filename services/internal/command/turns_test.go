package command

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
)

// waits returns a request of an agency with n events.
func waits(agency string, n int) *pendingRequest {
	r := &pendingRequest{ctx: context.Background(), done: make(chan error, 1)}
	for i := range n {
		r.events = append(r.events, &events.Event{ID: fmt.Sprint(agency, i), AuthID: agency})
	}
	return r
}

func ids(turns []turn) string {
	var all []string
	for _, t := range turns {
		all = append(all, t.event.ID)
	}
	return strings.Join(all, " ")
}

func TestNextRound(t *testing.T) {
	a, b, c := waits("a", 3), waits("b", 1), waits("c", 2)
	dry, imports := waits("a", 1), waits("c", 1)
	dry.dryRun, imports.imported = true, time.Unix(1, 0)
	big := waits("big", 2*log.MaxEvents)
	for _, test := range []struct {
		name    string
		waiting []*pendingRequest
		last    string
		skip    map[*pendingRequest]int
		want    string
	}{
		{"one agency", []*pendingRequest{a}, "", nil, "a0 a1 a2"},
		{"one event each", []*pendingRequest{a, b, c}, "", nil, "a0 b0 c0 a1 c1 a2"},
		{"after the agency called last", []*pendingRequest{a, b, c}, "a", nil, "b0 c0 a0 c1 a1 a2"},
		{"after the last of them", []*pendingRequest{a, b, c}, "c", nil, "a0 b0 c0 a1 c1 a2"},
		{"without those decided ahead", []*pendingRequest{a, b, c}, "b", map[*pendingRequest]int{a: 1, b: 1}, "c0 a1 c1 a2"},
		{"up to an agency's dry run", []*pendingRequest{dry, a, b}, "a", nil, "b0"},
		{"up to an import", []*pendingRequest{a, imports}, "", nil, "a0 a1 a2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, _ := nextRound(test.waiting, test.last, test.skip); ids(got) != test.want {
				t.Errorf("%s, want %s", ids(got), test.want)
			}
		})
	}
	list, _ := nextRound([]*pendingRequest{big, b}, "", nil)
	if len(list) != log.MaxEvents || list[1].event.ID != "b0" {
		t.Errorf("%d events, the second is %s", len(list), list[1].event.ID)
	}
}

// A dear decider takes a while for each event of the agency dear.
type dearDecider struct {
	Stateless
	takes time.Duration
}

func (d *dearDecider) Decide(e *events.Event) (*events.Event, events.Reasons) {
	if e.AuthID == "dear" {
		time.Sleep(d.takes)
	}
	return e, nil
}

func trainings(agency string, n int) (list []*events.Event) {
	for i := range n {
		list = append(list, &events.Event{
			ID: fmt.Sprint(i), Source: "/agency/" + agency, Type: events.TrainingCompletedType, AuthID: agency, Digest: "d",
			Data: &events.TrainingCompleted{},
		})
	}
	return list
}

// An agency whose events take 20 ms each has nine hundred of them waiting; the event of
// another agency is decided within a second, and Run ends between two events.
func TestDearEventsDelayNobodyElse(t *testing.T) {
	s := &dearDecider{takes: 20 * time.Millisecond}
	h := NewHandler(events.Training, s, NewFold(memlog.New(), events.Training.Boundary(), s))
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- h.Run(ctx, func() { close(ready) }) }()
	<-ready
	dear := make(chan error, 1)
	go func() {
		_, err := h.Submit(t.Context(), trainings("dear", 900), time.Time{})
		dear <- err
	}()
	time.Sleep(50 * time.Millisecond)
	begun := time.Now()
	if _, err := h.Submit(t.Context(), trainings("cheap", 1), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("the cheap event waited %v", took)
	}
	begun = time.Now()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("Run ended after %v", took)
	}
	if err := <-dear; err == nil {
		t.Error("the dear submission was answered")
	}
}
