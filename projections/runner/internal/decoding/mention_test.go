package decoding

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
	who    *events.Who
	lines  events.PersonLines
	second *events.SecondPerson
}

func (stranger) Type() events.Type                 { return "post.exploded" }
func (s stranger) About() *events.Who              { return s.who }
func (s stranger) PersonLines() events.PersonLines { return s.lines }
func (s stranger) Second() *events.SecondPerson    { return s.second }

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
		"a second person": {stranger{who: &events.Who{Person: one}, second: &events.SecondPerson{Person: &two}}, []uuid.UUID{one, two}},
		"the same twice":  {stranger{who: &events.Who{Person: one}, second: &events.SecondPerson{Person: &one}}, []uuid.UUID{one}},
		"nobody":          {stranger{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got Commit
			e := &events.Event{ID: "e", Source: "/agency/a", Type: c.data.Type(), Data: c.data}
			err := NewDecoder(nil, nil).event(&got, e)
			if c.want == nil {
				if err == nil || !strings.Contains(err.Error(), "post.exploded") || len(got.Decoded) > 0 || len(got.Agencies) > 0 {
					t.Errorf("%v, %d events and %d agencies added", err, len(got.Decoded), len(got.Agencies))
				}
				return
			}
			var persons []uuid.UUID
			for _, l := range got.Lines {
				persons = append(persons, l.Person)
			}
			if err != nil || got.Decoded[0].Tag != timeline.TagMentioned || !slices.Equal(persons, c.want) {
				t.Errorf("tag %d, persons %v, %v", got.Decoded[0].Tag, persons, err)
			}
		})
	}
}

// An event of a type that nobody handles can be set aside, as any that cannot be read:
// the events around it are taken.
func TestUnhandledTypeSetAside(t *testing.T) {
	kept, ok := WithoutTimeline[events.FundAllocatedType]
	if !ok {
		t.Fatal("fund.allocated reaches a timeline")
	}
	delete(WithoutTimeline, events.FundAllocatedType)
	t.Cleanup(func() { WithoutTimeline[events.FundAllocatedType] = kept })
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
	d := Commit{Commit: c}
	if err := NewDecoder(nil, nil).Decode(&d); err == nil || !strings.Contains(err.Error(), at.Event(1).String()) {
		t.Errorf("%v, want an error at %s", err, at.Event(1))
	}
	if err := NewDecoder(nil, []log.Position{at.Event(1)}).Decode(&d); err != nil {
		t.Fatal(err)
	}
	if len(d.Decoded) != 3 || d.Decoded[0].Unreadable != "" || d.Decoded[1].Unreadable == "" || d.Decoded[2].Unreadable != "" || d.Decoded[2].Post != 2 {
		t.Errorf("%+v", d.Decoded)
	}
}
