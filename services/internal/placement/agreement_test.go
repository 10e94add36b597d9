package placement_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/rules/placing/placingtest"
	"github.com/muster-works/muster/services/internal/placement"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
	"pgregory.net/rapid"
)

// Goal: the deciding services, the timelines of the projections and the oracle of the
// placement rule agree on developments, seats, placements, terms and free seats, for events
// that contradict each other in any way and in any order. Method: rapid draws sets of
// events, most of which no service would accept in decide mode.
func TestSidesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := tell(t, 40)
		for range 2 {
			if wrong := append(b.differ(fold(b)), b.timelines().differ(b)...); wrong != nil {
				t.Fatalf("%s\n%s", strings.Join(wrong, "\n"), b)
			}
			b = shuffle(b, rapid.Uint64().Draw(t, "order"))
		}
	})
}

func shuffle(b book, seed uint64) book {
	to := make(book, len(b))
	for i, n := range rand.New(rand.NewPCG(seed, 0)).Perm(len(b)) {
		to[i] = b[n]
	}
	return to
}

// TestSidesAgreeOn has cases for the sets of events on which services and projections once
// disagreed.
func TestSidesAgreeOn(t *testing.T) {
	kind := func(e *events.Event, kind string) *events.Event { e.Data.(*events.PostDeveloped).Kind = kind; return e }
	until := func(e *events.Event, months int) *events.Event {
		d := e.Data.(*events.HirePlaced)
		d.Until = d.From.AddMonths(months)
		return e
	}
	for _, c := range []struct {
		name string
		book book
	}{
		{"two developments", book{Developed("d1", "p0", 3, "2022-05-04"), Developed("d2", "p0", 1, "2022-05-02")}},
		{"two developments that differ in what is not kept of seats", book{
			kind(Developed("d1", "p0", 3, "2022-05-02"), "b"), kind(Developed("d2", "p0", 5, "2022-05-02"), "a")}},
		{"changed from one day by two events", book{
			Developed("d", "p0", 3, "2022-05-02"), Changed("c1", "p0", "2022-05-05", events.PostChanged{Standard: 700, Kind: "a"}),
			Changed("c2", "p0", "2022-05-05", events.PostChanged{Standard: 600, Kind: "b"})}},
		{"changed before the first day", book{
			Developed("d", "p0", 3, "2022-05-04"), Changed("c1", "p0", "2022-05-02", events.PostChanged{Division: "370212001001"}),
			Changed("c2", "p0", "2022-05-03", events.PostChanged{Division: "370211102001"})}},
		{"resized on the first day", book{Developed("d", "p0", 3, "2022-05-02"), Resized("r", "p0", 1, "2022-05-02")}},
		{"resized before the first day", book{
			Developed("d", "p0", 3, "2022-05-04"), Resized("r1", "p0", 2, "2022-05-02"), Resized("r2", "p0", 1, "2022-05-03")}},
		{"one hire twice", book{
			Developed("d", "p0", 2, "2022-05-01"), until(Hired("h1", "p0", 1, 1, "2022-05-02"), 6), until(Hired("h2", "p0", 1, 1, "2022-05-02"), 9),
			Hired("h3", "p0", 2, 2, "2022-05-02")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 {
				for _, wrong := range append(c.book.differ(fold(c.book)), c.book.timelines().differ(c.book)...) {
					t.Error(wrong)
				}
				slices.Reverse(c.book)
			}
		})
	}
}

// differ lists the differences between the answers of the state and those of the oracle.
func (b book) differ(s *placement.State) (wrong []string) {
	standing := b.standing()
	for i := range posts {
		wrong = append(wrong, differPost(s, standing, fmt.Sprint("p", i))...)
	}
	placements, _ := standing.Placements()
	for i := range persons {
		wrong = append(wrong, differPerson(s, placements, Person(1+i))...)
		wrong = append(wrong, differTenures(s, standing, placements, Person(1+i))...)
		wrong = append(wrong, differBirth(s, standing, placements, Person(1+i))...)
	}
	return wrong
}

func differPost(s *placement.State, b placingtest.Book, name string) (wrong []string) {
	p, known := s.Post(name)
	want := b.Development(name)
	if known != (want != nil) || s.HasPost(name) != known {
		return append(wrong, fmt.Sprintf("post %s is known: %v", name, known))
	}
	if known && p.From != want.Data.(*events.PostDeveloped).From {
		wrong = append(wrong, fmt.Sprintf("post %s begins on %s", name, p.From))
	}
	for day := range days {
		if known {
			q := p.On(day)
			got := fmt.Sprintf("%s %s %s %s %020d %020d", q.Division, q.Category, q.Area, q.Fund, q.Standard, q.RequiredDays)
			d := b.Details(name, day)
			if want := strings.Join([]string{d[0], d[1], d[3], d[5], d[6], d[7]}, " "); got != want {
				wrong = append(wrong, fmt.Sprintf("post %s on %s is %s, want %s", name, day, got, want))
			}
		}
		if got, want := p.Seats(day), b.Seats(name, day); got != want {
			wrong = append(wrong, fmt.Sprintf("post %s has %d seats on %s, want %d", name, got, day, want))
		}
		hire := Hired("somebody", name, persons+1, 0, day.String())
		gotSeat, gotFree := s.FreeSeat(hire, hire.Data.(*events.HirePlaced))
		if wantSeat, wantFree := b.FreeSeat(name, day); gotSeat != wantSeat || gotFree != wantFree {
			wrong = append(wrong, fmt.Sprintf("a hire on %s from %s gets seat %d, free: %v, want %d, %v", name, day, gotSeat, gotFree, wantSeat, wantFree))
		}
	}
	return wrong
}

func differPerson(s *placement.State, all []*placingtest.Placement, person events.Person) (wrong []string) {
	of := slices.DeleteFunc(slices.Clone(all), func(p *placingtest.Placement) bool { return p.Person != person })
	var got, want []string
	for _, p := range s.Placements(person) {
		got = append(got, fmt.Sprint(p.Post, p.Seat, p.From, p.Exit, p.Until))
	}
	for _, p := range of {
		want = append(want, fmt.Sprint(p.Post, p.Seat, p.From, p.Exit, p.Term))
	}
	if !slices.Equal(got, want) || s.Known(person) != (len(of) > 0) {
		wrong = append(wrong, fmt.Sprintf("person %s has placements %v, want %v", person, got, want))
	}
	for day := range days {
		before := slices.ContainsFunc(of, func(p *placingtest.Placement) bool { return p.From < day && p.Exit != p.From })
		if got := s.PlacedBefore(person, day); got != before {
			wrong = append(wrong, fmt.Sprintf("person %s was placed before %s: %v", person, day, got))
		}
		for n := range posts {
			post := fmt.Sprint("p", n)
			on := slices.ContainsFunc(of, func(p *placingtest.Placement) bool { return p.Post == post && p.On(day) })
			if got := s.PlacedOn(person, post, day); got != on {
				wrong = append(wrong, fmt.Sprintf("person %s is on %s on %s: %v", person, post, day, got))
			}
		}
	}
	return wrong
}

// differBirth lists the differences between the month of birth and the sex of a person and what
// the oracle says of the last day. Placements of later hires than an identification are passed over:
// the hires of these tests do not say the new number, as those of a gateway do.
func differBirth(s *placement.State, b placingtest.Book, all []*placingtest.Placement, person events.Person) (wrong []string) {
	month, female := s.Birth(person)
	for _, p := range all {
		if p.Person != person || slices.ContainsFunc(b, func(e *events.Event) bool {
			d, ok := e.Data.(*events.PersonIdentified)
			return ok && d.Person == person && !slices.Contains(d.Posts, p.Post)
		}) {
			continue
		}
		wantMonth, wantSex := b.Birth(p, p.Hires[0].Data.(*events.HirePlaced), begin+window+1)
		if month != wantMonth || female != (wantSex == "F") {
			wrong = append(wrong, fmt.Sprintf("person %s was born in %s, a woman: %v, want %s %s", person, month, female, wantMonth, wantSex))
		}
	}
	return wrong
}

// differTenures lists the differences between how a person is on each seat and the oracle.
func differTenures(s *placement.State, b placingtest.Book, all []*placingtest.Placement, person events.Person) (wrong []string) {
	for n := range posts {
		post := fmt.Sprint("p", n)
		of := slices.DeleteFunc(slices.Clone(all), func(p *placingtest.Placement) bool { return p.Person != person || p.Post != post })
		tenures := s.Tenures(Hired("ask", post, 1, 1, begin.String()), person, post)
		if len(tenures) != len(of) {
			return append(wrong, fmt.Sprintf("person %s has %d tenures of %s, want %d", person, len(tenures), post, len(of)))
		}
		for i, p := range of {
			t := &tenures[i]
			if t.Seat != p.Seat || t.From != p.From || t.Exit != p.Exit || t.Until != p.Term || t.StandsIn != p.Stands {
				wrong = append(wrong, fmt.Sprintf("person %s has tenure %+v, want %+v", person, t, p))
			}
			for day := range days {
				_, suspended := t.SuspendedOn(day)
				if want := b.Suspended(p, day); suspended != want {
					wrong = append(wrong, fmt.Sprintf("person %s from %s on %s is suspended on %s: %v", person, p.From, post, day, suspended))
				}
				if p.On(day) && t.Group(day) != b.Group(p, day) {
					wrong = append(wrong, fmt.Sprintf("person %s from %s on %s is of group %s on %s, want %s", person, p.From, post, t.Group(day), day, b.Group(p, day)))
				}
			}
		}
	}
	return wrong
}
