package policy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/rules"
)

func start(t *testing.T, packs *rules.State) *command.Handler {
	t.Helper()
	d := command.NewHandler(events.Policy, New(packs), command.NewFold(memlog.New(), events.Policy.Boundary(), packs))
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		if err := d.Run(ctx, func() { close(ready) }); err != nil {
			t.Errorf("handler ended: %v", err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	select {
	case <-ready:
	case <-done:
		t.FailNow()
	}
	return d
}

// adopt returns the adoption of the reference pack with another version, jurisdiction and
// first day.
func adopt(t *testing.T, id string, at division.Code, version, jurisdiction, from string) *events.Event {
	t.Helper()
	pack, err := policy.Reference()
	if err != nil {
		t.Fatal(err)
	}
	pack.Version, pack.Jurisdiction, pack.ValidFrom = version, jurisdiction, civil.MustDate(from)
	return stamp(t, &events.Event{ID: id, Type: events.PolicyAdoptedType, Division: at, Data: &events.PolicyAdopted{Pack: *pack}})
}

func stamp(t *testing.T, e *events.Event) *events.Event {
	t.Helper()
	e.Source, e.Digest = "/agency/local", ""
	raw, err := e.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(raw)
	e.Digest = hex.EncodeToString(sum[:16])
	return e
}

// TestStory submits a series of adoptions, corrections and withdrawals. After each it checks
// the answer, and which pack is in force in a village of county 370211 on a day.
func TestStory(t *testing.T) {
	packs := rules.New()
	d := start(t, packs)
	const province, county = division.Code("370000000000"), division.Code("370211000000")
	record := func(e *events.Event) *events.Event { e.Submode = events.ModeRecord; return stamp(t, e) }
	replacing := func(e *events.Event, id string) *events.Event { e.Replaces = id; return stamp(t, e) }
	withdraw := func(id, what string) *events.Event {
		return stamp(t, &events.Event{ID: id, Type: events.EventWithdrawnType, Data: &events.EventWithdrawn{Of: events.PolicyAdoptedType, ID: what, Reason: "r"}})
	}
	asking := func(e *events.Event, when string) *events.Event {
		e.Data.(*events.PolicyAdopted).Eligibility = []policy.Condition{{Code: "c", When: when, Detail: "must be so"}}
		return stamp(t, e)
	}
	for i, c := range []struct {
		event *events.Event
		want  string
		day   string
		force string
	}{
		{adopt(t, "1", province, "v1", "37", "2022-01-01"), "accepted", "2022-05-01", "v1"},
		{adopt(t, "1", province, "v1", "37", "2022-01-01"), "duplicate", "2022-05-01", "v1"},
		{adopt(t, "2", province, "v1", "37", "2023-01-01"), "rejected version_exists:data.version", "2023-05-01", "v1"},
		{record(adopt(t, "2", province, "v1", "37", "2023-01-01")), "rejected version_exists:data.version", "2023-05-01", "v1"},
		{adopt(t, "2", county, "v2", "37", "2023-01-01"), "rejected jurisdiction_outside:data.jurisdiction", "2023-05-01", "v1"},
		{adopt(t, "2", county, "v2", "370212", "2023-01-01"), "rejected jurisdiction_outside:data.jurisdiction", "2023-05-01", "v1"},
		{record(adopt(t, "2", county, "v1", "", "2023-01-01")), "rejected version_exists:data.version jurisdiction_outside:data.jurisdiction", "2023-05-01", "v1"},
		{adopt(t, "2", county, "v2", "370211", "2023-01-01"), "accepted", "2023-05-01", "v2"},
		{adopt(t, "3", county, "v3", "370211102", "2022-02-01"), "accepted", "2022-05-01", "v3"}, // a pack for the past
		{adopt(t, "4", "", "v4", "", "2020-01-01"), "accepted", "2020-05-01", "v4"},
		{replacing(adopt(t, "5", county, "v3", "370211", "2022-02-01"), "3"), "rejected version_exists:data.version", "2022-05-01", "v3"},
		{replacing(adopt(t, "5", county, "v5", "370211", "2022-02-01"), "3"), "accepted", "2022-05-01", "v5"},
		{asking(adopt(t, "8", county, "v8", "370211", "2022-02-01"), "person.agee > 1"), "rejected condition_invalid:data.eligibility[0].when", "2022-05-01", "v5"},
		{record(asking(adopt(t, "8", county, "v8", "370211", "2022-02-01"), "1")), "rejected condition_invalid:data.eligibility[0].when", "2022-05-01", "v5"},
		{asking(adopt(t, "8", county, "v8", "370212", "2022-02-01"), "person.age > 1"), "rejected jurisdiction_outside:data.jurisdiction", "2022-05-01", "v5"},
		{asking(adopt(t, "8", county, "v8", "370211102", "2022-06-01"), "person.age > 1"), "accepted", "2022-06-01", "v8"},
		{withdraw("6", "5"), "accepted", "2022-05-01", "v1"},
		{adopt(t, "7", county, "v5", "370211", "2022-02-01"), "rejected version_exists:data.version", "2022-05-01", "v1"},
	} {
		r, err := d.Submit(t.Context(), []*events.Event{c.event}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		got := []string{string(r[0].Status)}
		for _, reason := range r[0].Reasons {
			got = append(got, string(reason.Code)+":"+reason.Field)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("step %d: %s, want %s", i, s, c.want)
		}
		p := packs.InForce("370211102231", civil.MustDate(c.day))
		if p == nil || p.Version != c.force {
			t.Errorf("step %d: in force %+v, want %s", i, p, c.force)
		}
	}
}
