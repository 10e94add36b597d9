package payment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	"github.com/muster-works/muster/services/internal/rules"
)

// village returns placements: persons 1 to 9 are on post a from 2022-03-10 on. Person 1 left
// post a on 2022-05-01 and went to post b.
func village() *placement.State {
	s := placement.New()
	for _, post := range []string{"a", "b"} {
		command.Apply(s, event("p-"+post, &events.PostDeveloped{Post: post, Area: "rural", Seats: 9, From: civil.MustDate("2022-01-01")}))
	}
	place := func(i int, post, from string) {
		command.Apply(s, event(fmt.Sprint("h-", i, post), &events.HirePlaced{
			Who: events.Who{Person: person(i)}, Post: post, Seat: i, From: civil.MustDate(from), Group: "older",
		}))
	}
	for i := 1; i < 10; i++ {
		place(i, "a", "2022-03-10")
	}
	command.Apply(s, event("x-1", &events.ExitRecorded{Who: events.Who{Person: person(1)}, Post: "a", On: civil.MustDate("2022-05-01"), Kind: "natural", Code: "N5"}))
	place(1, "b", "2022-05-01")
	return s
}

func person(i int) events.Person { return uuid.UUID{0: 1, 15: byte(i)} }

// event returns an event with a payload, without a digest.
func event(id string, d events.Data) *events.Event {
	return &events.Event{ID: id, Source: "/agency/local", Type: d.Type(), Division: "370211102231", DecidedOn: civil.MustDate("2022-06-20"), Data: d}
}

// stamp gives an event the digest of its content.
func stamp(e *events.Event) *events.Event {
	e.Digest = ""
	raw, err := e.Append(nil)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(raw)
	e.Digest = hex.EncodeToString(sum[:16])
	return e
}

func replacing(e *events.Event, id string) *events.Event { e.Replaces = id; return e }
func elsewhere(e *events.Event) *events.Event            { e.Division = "370212000000"; return e }
func in(d division.Code, e *events.Event) *events.Event {
	e.Division = d
	return e
}
func recorded(e *events.Event) *events.Event { e.Submode = events.ModeRecord; return e }

// assigned assigns an account to person i from a day on.
func assigned(id string, i int, from string) *events.Event {
	return event(id, &events.AccountAssigned{Who: events.Who{Person: person(i)}, Bank: "b", From: civil.MustDate(from)})
}

func allocate(id, fund string, amount events.Fen) *events.Event {
	return event(id, &events.FundAllocated{Fund: fund, Division: "370211000000", Year: 2022, Amount: amount})
}

// instruct returns an instruction that pays 100 fen on each line, to person 2 on post a for
// 2022-05.
func instruct(id, run, fund string, lines ...string) *events.Event {
	d := &events.PaymentInstructed{Run: run, Month: civil.MustMonth("2022-05"), Fund: fund}
	for _, l := range lines {
		d.Lines = append(d.Lines, events.PayLine{Line: l, Person: person(2), Post: "a", Amount: 100})
	}
	return event(id, d)
}

func settle(id, run string, lines ...string) *events.Event {
	d := &events.PaymentSettled{Run: run, PaidOn: civil.MustDate("2022-06-10")}
	for _, l := range lines {
		d.Lines = append(d.Lines, events.SettledLine{Line: l})
	}
	return event(id, d)
}

func giveBack(id, run string, lines ...string) *events.Event {
	d := &events.PaymentReturned{Run: run}
	for _, l := range lines {
		d.Lines = append(d.Lines, events.ReturnedLine{Line: l, On: civil.MustDate("2022-06-12")})
	}
	return event(id, d)
}

func reverse(id, run string, lines ...string) *events.Event {
	d := events.PaymentReversed(*giveBack(id, run, lines...).Data.(*events.PaymentReturned))
	return event(id, &d)
}

func withdraw(id string, of events.Type, what string) *events.Event {
	return event(id, &events.EventWithdrawn{Of: of, ID: what, Reason: "a mistake"})
}

// start runs a handler with a state of its own over l, until the end of the test.
func start(t testing.TB, l log.Log, p Placements) (*command.Handler, *command.Fold, *State) {
	t.Helper()
	s := NewState()
	own := command.NewFold(l, events.Payment.Boundary(), s)
	d := command.NewHandler(events.Payment, New(s, p, rules.New()), own)
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
	return d, own, s
}

func submit(t testing.TB, d *command.Handler, e *events.Event) events.Receipt {
	t.Helper()
	r, err := d.Submit(t.Context(), []*events.Event{stamp(e)}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return r[0]
}

// answer returns the status, codes and fields of a receipt.
func answer(r events.Receipt) string {
	s := string(r.Status)
	for _, reason := range r.Reasons {
		s += " " + string(reason.Code) + ":" + reason.Field
	}
	return s
}

// dump returns a text of everything in a state that Apply and the decisions use.
func dump(s *State) string {
	var b strings.Builder
	for _, name := range sorted(s.funds) {
		fmt.Fprintf(&b, "fund %s %+v\n", name, *s.funds[name])
	}
	for _, name := range slices.SortedFunc(maps.Keys(s.runs), compareKeys) {
		r := s.runs[name]
		fmt.Fprintf(&b, "run %s of %s\n", name.Run, r.source)
		for i := range r.lines {
			n := uint32(i)
			l := r.line(n)
			fmt.Fprintf(&b, "  %d %x to %s of %v amount %d settled %d parts %v\n", i, r.names.hash(n), s.persons.At(l.person), r.fund(l), l.amount, l.settled, r.parts[n])
			if !slices.Contains(r.names.fellows(r.names.first(n), true), n) {
				fmt.Fprintf(&b, "  %d is not among its fellows\n", i)
			}
		}
		fmt.Fprintf(&b, "  %d names, %d wide, %d purses\n", r.names.n, len(r.wide), len(r.purses))
	}
	name := map[*run]string{}
	for n, r := range s.runs {
		name[r] = n.Source + " " + n.Run
	}
	for _, i := range slices.Sorted(maps.Keys(s.effects)) {
		a := s.effects[i]
		fmt.Fprintf(&b, "effect %d kind %d amount %d run %s lines %v parts %v\n", i, a.kind, a.amount, name[a.run], slices.Collect(a.lines.all()), a.parts)
	}
	for n := range s.persons.Len() {
		fmt.Fprintf(&b, "person %s\n", s.persons.At(uint32(n)))
	}
	fmt.Fprintf(&b, "%d persons indexed\n", s.personIndex.Len())
	return b.String()
}

func sorted[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// fellows lists a line and the lines after it with the same id.
func (s *lineNames) fellows(n uint32, ok bool) (list []uint32) {
	for ; ok; n, ok = s.more(n) {
		list = append(list, n)
	}
	return list
}

// hash returns the hash of the id of a line. It is the same in both forms of the names.
func (s *lineNames) hash(line uint32) uint64 {
	if s.scattered() {
		return s.ids[line]
	}
	for _, r := range s.series {
		if i := line - r.line; i < r.n {
			return hashed(r.after(i).String())
		}
	}
	return 0
}
