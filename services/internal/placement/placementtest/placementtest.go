// Package placementtest writes the events that tests of posts and placements
// are about. They are such as the reference pack takes, from one agency and in
// one rural village; a test changes what it is about.
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

// Village is where everything happens.
const Village division.Code = "370211102231"

// Person returns the pseudonym of a person; 0 is nobody.
func Person(i int) (p events.Person) {
	if i > 0 {
		p = uuid.UUID{0: 1, 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}
	}
	return p
}

// Event gives data an envelope.
func Event(id string, d events.Data) *events.Event {
	return &events.Event{ID: id, Source: "/agency/local", Type: d.Type(), Division: Village, Data: d}
}

// Developed develops a rural post.
func Developed(id, post string, seats int, from string) *events.Event {
	return Event(id, &events.PostDeveloped{Post: post, Category: "public_service", Area: "rural", Seats: seats, From: civil.MustDate(from)})
}

// Resized gives a post a number of seats.
func Resized(id, post string, seats int, from string) *events.Event {
	return Event(id, &events.PostResized{Post: post, Seats: seats, From: civil.MustDate(from)})
}

// Closed closes a post.
func Closed(id, post, on string) *events.Event {
	return Event(id, &events.PostClosed{Post: post, On: civil.MustDate(on)})
}

// Hired puts a man of 1970 on a seat for a year, with all papers; seat 0 is
// left out.
func Hired(id, post string, person, seat int, from string) *events.Event {
	on := civil.MustDate(from)
	return Event(id, &events.HirePlaced{
		Who: events.Who{Person: Person(person)}, Post: post, Seat: seat, From: on, Until: on.AddMonths(12),
		Group: "older", BirthMonth: civil.MustMonth("1970-01"), Sex: "M",
		Review: &events.Reviewed{On: on - 10}, Publicity: &events.Publicity{From: on - 8, Until: on - 3},
		Agreement: &events.Agreement{Number: "A-1", Signed: on - 2},
	})
}

// Renewed moves the end of a term.
func Renewed(id, post string, person int, until string) *events.Event {
	return Event(id, &events.HireRenewed{Who: events.Who{Person: Person(person)}, Post: post, Until: civil.MustDate(until)})
}

// Exited ends a placement by the person's own wish.
func Exited(id, post string, person int, on string) *events.Event {
	return Event(id, &events.ExitRecorded{Who: events.Who{Person: Person(person)}, Post: post, On: civil.MustDate(on), Kind: "natural", Code: "N5"})
}

// Withdrawn takes back the event of a type and id.
func Withdrawn(id string, of events.Type, what string) *events.Event {
	return Event(id, &events.EventWithdrawn{Of: of, ID: what, Reason: "a mistake"})
}

// Replacing makes e replace the event with an id.
func Replacing(e *events.Event, id string) *events.Event { e.Replaces = id; return e }

// Recorded makes e one that brings in history as it was.
func Recorded(e *events.Event) *events.Event { e.Submode = events.ModeRecord; return e }

// Stamp gives e the digest of its content, as the gateway does.
func Stamp(e *events.Event) *events.Event {
	e.Digest = ""
	raw, err := e.Append(nil)
	if err != nil {
		panic(err) // an event of a test's own making
	}
	sum := sha256.Sum256(raw)
	e.Digest = hex.EncodeToString(sum[:16])
	return e
}

// Adopted adopts the reference pack.
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

// Rules returns the rules of the reference pack.
func Rules(t testing.TB) *rules.State {
	t.Helper()
	s := rules.New()
	command.Apply(s, Adopted(t))
	return s
}

// Cases are events after others, and the answer they get: the codes and fields
// of the refusal, empty when it is taken.
type Cases = []struct {
	Name  string
	Given []*events.Event // folded, whatever they are
	Event *events.Event
	Want  string
}

// Judge lets d decide every case over the state it was made with, and holds it
// to its contract: the event it is handed stays as it was, and every reason
// has a sentence.
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

// Answer is a refusal in one line.
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
