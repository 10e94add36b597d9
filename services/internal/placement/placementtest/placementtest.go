// Package placementtest makes events for tests of posts and placements. The reference policy
// pack accepts all of them. They come from one agency and concern one rural village. A test
// changes the parts that it is about.
package placementtest

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/rules"
)

// Village is the division of all events.
const Village division.Code = "370211102231"

// Person returns the pseudonym of a person; 0 is nobody.
func Person(i int) (p events.Person) {
	if i > 0 {
		p = uuid.UUID{0: 1, 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}
	}
	return p
}

// Event returns an event with data, without a digest.
func Event(id string, d events.Data) *events.Event {
	return &events.Event{ID: id, Source: "/agency/local", Type: d.Type(), Division: Village, Data: d}
}

// Developed returns the development of a rural post.
func Developed(id, post string, seats int, from string) *events.Event {
	return Event(id, &events.PostDeveloped{Post: post, Category: "public_service", Area: "rural", Seats: seats, From: civil.MustDate(from)})
}

// Resized returns an event that sets the number of seats of a post.
func Resized(id, post string, seats int, from string) *events.Event {
	return Event(id, &events.PostResized{Post: post, Seats: seats, From: civil.MustDate(from)})
}

// Changed returns a change of a post; change sets what it changes.
func Changed(id, post, on string, change events.PostChanged) *events.Event {
	change.Post, change.On = post, civil.MustDate(on)
	return Event(id, &change)
}

// Closed returns the closing of a post.
func Closed(id, post, on string) *events.Event {
	return Event(id, &events.PostClosed{Post: post, On: civil.MustDate(on)})
}

// Hired returns a hire, for a year, of a man born in January 1970, with all documents. If
// seat is 0, the hire names no seat.
func Hired(id, post string, person, seat int, from string) *events.Event {
	on := civil.MustDate(from)
	return Event(id, &events.HirePlaced{
		Who: events.Who{Person: Person(person)}, Post: post, Seat: seat, From: on, Until: on.AddMonths(12),
		Group: "older", BirthMonth: civil.MustMonth("1970-01"), Sex: "M",
		Review: &events.Reviewed{On: on - 10}, Publicity: &events.Publicity{From: on - 8, Until: on - 3},
		Agreement: &events.Agreement{Number: "A-1", Signed: on - 2},
	})
}

// Renewed returns a renewal.
func Renewed(id, post string, person int, until string) *events.Event {
	return Event(id, &events.HireRenewed{Who: events.Who{Person: Person(person)}, Post: post, Until: civil.MustDate(until)})
}

// StandingIn makes the hire e stand in for a person, and returns e.
func StandingIn(e *events.Event, person int) *events.Event {
	e.Data.(*events.HirePlaced).StandingInFor = Person(person)
	return e
}

// Regrouped returns a change of group.
func Regrouped(id, post string, person int, on, group string) *events.Event {
	return Event(id, &events.HireChanged{Who: events.Who{Person: Person(person)}, Post: post, On: civil.MustDate(on), Group: group})
}

// Suspended returns a suspension. It is open if until is empty.
func Suspended(id, post string, person int, from, until string) *events.Event {
	d := &events.HireSuspended{Who: events.Who{Person: Person(person)}, Post: post, From: civil.MustDate(from), Reason: "illness"}
	if until != "" {
		d.Until = civil.MustDate(until)
	}
	return Event(id, d)
}

// Resumed returns a resumption.
func Resumed(id, post string, person int, on string) *events.Event {
	return Event(id, &events.HireResumed{Who: events.Who{Person: Person(person)}, Post: post, On: civil.MustDate(on)})
}

// Exited returns an exit by the person's own wish.
func Exited(id, post string, person int, on string) *events.Event {
	return Event(id, &events.ExitRecorded{Who: events.Who{Person: Person(person)}, Post: post, On: civil.MustDate(on), Kind: "natural", Code: "N5"})
}

// Identified returns an event by which a person has another number from a day on, that of a
// woman born in a month.
func Identified(id string, person int, reason, on, month string) *events.Event {
	return Event(id, &events.PersonIdentified{
		Who: events.Who{Person: Person(person), Identity: &events.Identity{Sealed: "c2VhbGVk"}}, Reason: reason, On: civil.MustDate(on),
		BirthMonth: civil.MustMonth(month), Sex: "F",
	})
}

// Withdrawn returns a withdrawal of the event with a type and an id.
func Withdrawn(id string, of events.Type, what string) *events.Event {
	return Event(id, &events.EventWithdrawn{Of: of, ID: what, Reason: "a mistake"})
}

// Replacing makes e replace the event with an id, and returns e.
func Replacing(e *events.Event, id string) *events.Event { e.Replaces = id; return e }

// Recorded sets e to record mode, and returns e.
func Recorded(e *events.Event) *events.Event { e.Submode = events.ModeRecord; return e }

// Stamp gives e the digest of its content, as the gateway does, and returns e.
func Stamp(e *events.Event) *events.Event {
	e.Digest = ""
	raw, err := e.Append(nil)
	if err != nil {
		panic(err) // events of tests can always be encoded
	}
	sum := sha256.Sum256(raw)
	e.Digest = hex.EncodeToString(sum[:16])
	return e
}

// Adopted returns the adoption of the reference pack.
func Adopted(t testing.TB) *events.Event {
	t.Helper()
	pack, err := policy.Reference()
	if err != nil {
		t.Fatal(err)
	}
	e := Event("pack", &events.PolicyAdopted{Pack: *pack})
	e.Division = Village.At(division.Province)
	return e
}

// Rules returns a state in which the reference pack is in force.
func Rules(t testing.TB) *rules.State {
	t.Helper()
	s := rules.New()
	command.Apply(s, Adopted(t))
	return s
}

// Cases are table tests of a service. Given is applied first, then Event is decided. Want is
// the refusal as [Answer] gives it; it is empty if the event is accepted.
type Cases = []struct {
	Name  string
	Given []*events.Event // applied without a decision
	Event *events.Event
	Want  string
}

// Judge runs cases. make returns a new state and the decider over it. Judge also checks the
// contract of [command.Decider]: the decider does not change the event, and every reason has
// a sentence.
func Judge(t *testing.T, cases Cases, make func() (command.State, command.Decider)) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			state, decider := make()
			for _, e := range c.Given {
				command.Apply(state, e)
			}
			before := Stamp(c.Event).Digest
			record, refused := decider.Decide(c.Event)
			if got := Answer(refused); got != c.Want {
				t.Errorf("answered %q, want %q", got, c.Want)
			}
			if Stamp(c.Event).Digest != before {
				t.Error("the event was changed")
			}
			for _, r := range refused {
				if len(r.Detail) < 10 {
					t.Errorf("%s says only %q", r.Code, r.Detail)
				}
			}
			if refused == nil {
				command.Apply(state, record)
			}
		})
	}
}

// Answer returns the codes and fields of a refusal in one line.
func Answer(refused events.Reasons) string {
	s := ""
	for i, r := range refused {
		if i > 0 {
			s += ", "
		}
		s += string(r.Code) + " " + r.Field
	}
	return s
}
