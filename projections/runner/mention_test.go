package runner

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/timeline"
)

// A stranger is a payload of a type that the digester has no case for.
type stranger struct {
	events.Data
	who   *events.Who
	lines events.PersonLines
}

func (stranger) Type() events.Type                 { return "post.exploded" }
func (s stranger) About() *events.Who              { return s.who }
func (s stranger) PersonLines() events.PersonLines { return s.lines }

// Goal: a type that nobody handles reaches the trails of the persons whom it names, and
// is an error when it names none. Method: payloads of a type that does not exist.
func TestUnhandledType(t *testing.T) {
	one, two := uuid.UUID{1}, uuid.UUID{2}
	sheet := &events.AttendanceReported{Lines: []events.AttendanceLine{{Person: two}, {Person: one}}}
	for name, c := range map[string]struct {
		data stranger
		want []uuid.UUID
	}{
		"one person":      {stranger{who: &events.Who{Person: one}}, []uuid.UUID{one}},
		"a person a line": {stranger{lines: sheet.PersonLines()}, []uuid.UUID{two, one}},
		"nobody":          {stranger{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var d digest
			e := &events.Event{ID: "e", Source: "/agency/a", Type: c.data.Type(), Data: c.data}
			err := newDigester(nil, nil).event(&d, e)
			if c.want == nil {
				if err == nil || !strings.Contains(err.Error(), "post.exploded") || len(d.events) > 0 || len(d.agencies) > 0 {
					t.Errorf("%v, %d events and %d agencies added", err, len(d.events), len(d.agencies))
				}
				return
			}
			var got []uuid.UUID
			for _, l := range d.lines {
				got = append(got, l.person)
			}
			if err != nil || d.events[0].tag != timeline.TagMentioned || !slices.Equal(got, c.want) {
				t.Errorf("tag %d, persons %v, %v", d.events[0].tag, got, err)
			}
		})
	}
}

// An event of a type that nobody handles can be set aside, as any that cannot be read:
// the events around it are taken.
func TestUnhandledTypeSetAside(t *testing.T) {
	kept, ok := withoutTimeline[events.FundAllocatedType]
	if !ok {
		t.Fatal("fund.allocated reaches a timeline")
	}
	delete(withoutTimeline, events.FundAllocatedType)
	t.Cleanup(func() { withoutTimeline[events.FundAllocatedType] = kept })
	at := log.At(7, 0)
	c := log.Commit{Position: at}
	for _, data := range []events.Data{
		&events.PostClosed{Post: "p", On: civil.MustDate("2022-05-01")},
		&events.FundAllocated{Fund: "f", Division: "370211000000", Year: 2022, Amount: 1},
		&events.PostClosed{Post: "q", On: civil.MustDate("2022-05-02")},
	} {
		raw, err := (&events.Event{ID: "e", Source: "/agency/a", Type: data.Type(), Division: "370211000000", Data: data}).Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Events = append(c.Events, raw)
	}
	d := digest{Commit: c}
	if err := newDigester(nil, nil).digest(&d); err == nil || !strings.Contains(err.Error(), at.Event(1).String()) {
		t.Errorf("%v, want an error at %s", err, at.Event(1))
	}
	if err := newDigester(nil, []log.Position{at.Event(1)}).digest(&d); err != nil {
		t.Fatal(err)
	}
	if len(d.events) != 3 || d.events[0].aside != "" || d.events[1].aside == "" || d.events[2].aside != "" || d.events[2].post != 2 {
		t.Errorf("%+v", d.events)
	}
}
