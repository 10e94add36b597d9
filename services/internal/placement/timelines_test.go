package placement_test

import (
	"fmt"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing/placingtest"
	"github.com/muster-works/muster/projections/timeline"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
)

// Timelines are the timelines that the projections keep of the posts and persons of a book.
type timelines struct {
	posts   []*timeline.Post   // by number
	persons []*timeline.Person // by number
}

// timelines packs the events in their order, each as a commit of its own, and reads them, as
// the runner of the projections does. The post p0 has number 1, and so has person 1.
func (b book) timelines() (t timelines) {
	refs := map[events.Key]timeline.Ref{}
	for i, e := range b {
		refs[e.Key()] = timeline.MakeRef(uint64(i+1), 0)
	}
	voids := map[timeline.Ref][][2]timeline.Ref{} // superseded and superseding event, by the later of the two
	for _, e := range b {
		superseded, _ := e.Supersedes()
		if target, by := refs[superseded], refs[e.Key()]; target != 0 {
			voids[max(target, by)] = append(voids[max(target, by)], [2]timeline.Ref{target, by})
		}
	}
	for n := range posts {
		t.posts = append(t.posts, b.post(fmt.Sprint("p", n), refs, voids))
	}
	for n := range persons {
		t.persons = append(t.persons, b.person(Person(1+n), refs, voids))
	}
	return t
}

func (b book) post(name string, refs map[events.Key]timeline.Ref, voids map[timeline.Ref][][2]timeline.Ref) *timeline.Post {
	var packed []byte
	for _, e := range b {
		at := refs[e.Key()]
		if f, post, _ := pack(e); f.Tag != 0 && (post == name || isOnPost(e, name)) {
			packed = timeline.AppendFact(packed, at, f)
		}
		for _, v := range voids[at] {
			packed = timeline.AppendRetraction(packed, at, v[0], v[1])
		}
	}
	p, err := timeline.ReadPost(packed, timeline.Head)
	if err != nil {
		panic(err) // fails only if packing is wrong
	}
	return p
}

func (b book) person(id events.Person, refs map[events.Key]timeline.Ref, voids map[timeline.Ref][][2]timeline.Ref) *timeline.Person {
	var leaf timeline.Leaf
	for _, e := range b {
		at := refs[e.Key()]
		if f, _, person := pack(e); f.Tag != 0 && person == id {
			leaf.Add(0, at, f)
		}
		for _, v := range voids[at] {
			leaf.AddRetraction(0, at, v[0], v[1])
		}
	}
	p, err := timeline.ReadPerson([][]byte{leaf.Bytes()}, 0, timeline.Head)
	if err != nil {
		panic(err) // it was packed just now
	}
	return p
}

// isOnPost reports whether e is about the identity of a person who is on a post.
func isOnPost(e *events.Event, post string) bool {
	d, ok := e.Data.(*events.PersonIdentified)
	return ok && slices.Contains(d.Posts, post)
}

// pack returns the fact of an event, with the post and the person that it is about.
func pack(e *events.Event) (f timeline.Fact, post string, person events.Person) {
	switch d := e.Data.(type) {
	case *events.PostDeveloped:
		f.Tag, f.Rest, post = timeline.TagDeveloped, timeline.PackDeveloped(nil, e.Division, e.Agency(), d), d.Post
	case *events.PostResized:
		f.Tag, f.Rest, post = timeline.TagResized, timeline.PackResized(nil, d), d.Post
	case *events.PostChanged:
		f.Tag, f.Rest, post = timeline.TagChanged, timeline.PackChanged(nil, d), d.Post
	case *events.PostClosed:
		f.Tag, f.Rest, post = timeline.TagClosed, timeline.PackClosed(nil, d), d.Post
	case *events.HirePlaced:
		f.Tag, f.Rest, post, person = timeline.TagHired, timeline.PackHired(nil, d), d.Post, d.Person
	case *events.HireRenewed:
		f.Tag, f.Rest, post, person = timeline.TagRenewed, timeline.PackRenewed(nil, d), d.Post, d.Person
	case *events.HireChanged:
		f.Tag, f.Rest, post, person = timeline.TagGroupChanged, timeline.PackGroupChanged(nil, d), d.Post, d.Person
	case *events.HireSuspended:
		f.Tag, f.Rest, post, person = timeline.TagSuspended, timeline.PackSuspended(nil, d), d.Post, d.Person
	case *events.HireResumed:
		f.Tag, f.Rest, post, person = timeline.TagResumed, timeline.PackResumed(nil, d), d.Post, d.Person
	case *events.PersonIdentified:
		if person = d.Person; d.Renumbers() {
			f.Tag, f.Rest = timeline.TagIdentified, timeline.PackIdentified(nil, d)
		}
	case *events.ExitRecorded:
		f.Tag, f.Rest, post, person = timeline.TagExited, timeline.PackExited(nil, d), d.Post, d.Person
	}
	for n := range posts {
		if post == fmt.Sprint("p", n) {
			f.Post = timeline.Number(1 + n)
		}
	}
	f.Person = timeline.Number(person[15])
	return f, post, person
}

// differ lists the differences between the timelines and the oracle.
func (t timelines) differ(b book) (wrong []string) {
	standing := b.standing()
	placements, _ := standing.Placements()
	for i, p := range t.posts {
		wrong = append(wrong, differSeats(p, standing, fmt.Sprint("p", i))...)
		var want []string
		for _, q := range placements {
			if q.Post == fmt.Sprint("p", i) {
				want = append(want, listed(q, timeline.Number(q.Person[15])))
			}
		}
		wrong = append(wrong, differPlacements(fmt.Sprint("timeline of post ", i), p.Placements(), want)...)
		wrong = append(wrong, differStretches(fmt.Sprint("timeline of post ", i), p.Placements(), standing, func(q *placingtest.Placement, p *timeline.Placement) bool {
			return q.Post == fmt.Sprint("p", i) && p.Person == timeline.Number(q.Person[15])
		}, func(q *placingtest.Placement, day civil.Date) string { return standing.StandingOn(q, placements, day) })...)
	}
	for i, p := range t.persons {
		var want []string
		for _, q := range placements {
			if q.Person == Person(1+i) {
				want = append(want, listed(q, timeline.Number(1+q.Post[1]-'0')))
			}
		}
		wrong = append(wrong, differPlacements(fmt.Sprint("timeline of person ", 1+i), p.Placements(), want)...)
		wrong = append(wrong, differStretches(fmt.Sprint("timeline of person ", 1+i), p.Placements(), standing, func(q *placingtest.Placement, p *timeline.Placement) bool {
			return q.Person == Person(1+i) && p.Post == timeline.Number(1+q.Post[1]-'0')
		}, func(q *placingtest.Placement, day civil.Date) string {
			if standing.Suspended(q, day) {
				return timeline.Suspended
			}
			return timeline.Working
		})...)
	}
	return wrong
}

func differSeats(p *timeline.Post, b placingtest.Book, name string) (wrong []string) {
	a, known := p.Attributes()
	want := b.Development(name)
	if known != (want != nil) {
		return append(wrong, fmt.Sprintf("timeline of post %s is known: %v", name, known))
	}
	if known {
		d := want.Data.(*events.PostDeveloped)
		from := timeline.Attributes{Division: a.Division, Category: d.Category, Kind: d.Kind, Area: d.Area, Employer: d.Employer, Fund: d.Fund,
			Seats: d.Seats, From: d.From, Until: d.Until, Standard: d.Standard, RequiredDays: d.RequiredDays, Agency: want.Agency()}
		if from != a || string(a.Division) != placingtest.DivisionOf(want) {
			wrong = append(wrong, fmt.Sprintf("timeline of post %s is developed as %+v, want %+v", name, a, from))
		}
	}
	for day := range days {
		var got []string
		if a, ok := p.Periods().On(day); ok {
			got = []string{string(a.Division), a.Category, a.Kind, a.Area, a.Employer, a.Fund, fmt.Sprintf("%020d", a.Standard), fmt.Sprintf("%020d", a.RequiredDays)}
		}
		if want := b.Details(name, day); !slices.Equal(got, want) {
			wrong = append(wrong, fmt.Sprintf("timeline of post %s on %s is %v, want %v", name, day, got, want))
		}
		if got, want := seatsOn(p.Seats(), day), b.Seats(name, day); got != want {
			wrong = append(wrong, fmt.Sprintf("timeline of post %s has %d seats on %s, want %d", name, got, day, want))
		}
		gotSeat, gotFree := freeSeat(p, day)
		if wantSeat, wantFree := b.FreeSeat(name, day); gotSeat != wantSeat || gotFree != wantFree {
			wrong = append(wrong, fmt.Sprintf("timeline of post %s has seat %d for %s, free: %v, want %d, %v", name, gotSeat, day, gotFree, wantSeat, wantFree))
		}
	}
	return wrong
}

func seatsOn(steps []timeline.Step, day civil.Date) (seats int) {
	for _, s := range steps {
		if s.From <= day {
			seats = s.Seats
		}
	}
	return seats
}

// freeSeat returns the seat for a hire from a day on, by the placements of a timeline.
func freeSeat(p *timeline.Post, day civil.Date) (seat int, free bool) {
	taken := make([]int, seatsOn(p.Seats(), day))
	if len(taken) == 0 {
		return 0, false
	}
	for _, q := range p.Placements() {
		if q.Seat >= 1 && q.Seat <= len(taken) && !q.Empty() && (q.Exit == 0 || q.Exit > day) {
			taken[q.Seat-1]++
		}
	}
	least := slices.Min(taken)
	return 1 + slices.Index(taken, least), least == 0
}

func listed(p *placingtest.Placement, other timeline.Number) string {
	code := ""
	if p.Ended != nil {
		code = p.Ended.Data.(*events.ExitRecorded).Code
	}
	return fmt.Sprint(other, p.Seat, p.From, p.Exit, p.Term, code)
}

func differPlacements(of string, all []timeline.Placement, want []string) (wrong []string) {
	var got []string
	for _, p := range all {
		got = append(got, fmt.Sprint(max(p.Person, p.Post), p.Seat, p.From, p.Exit, p.Term, p.ExitCode))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		wrong = append(wrong, fmt.Sprintf("%s has placements %v, want %v", of, got, want))
	}
	return wrong
}

// differStretches lists the days on which the stretches of placements differ from what the
// oracle says. same reports whether two placements have one holder.
func differStretches(of string, got []timeline.Placement, b placingtest.Book, same func(*placingtest.Placement, *timeline.Placement) bool, standing func(*placingtest.Placement, civil.Date) string) (wrong []string) {
	placements, _ := b.Placements()
	for i := range got {
		p := &got[i]
		n := slices.IndexFunc(placements, func(q *placingtest.Placement) bool { return q.From == p.From && q.Seat == p.Seat && same(q, p) })
		if n < 0 {
			return append(wrong, fmt.Sprintf("%s has a placement from %s that nobody made", of, p.From))
		}
		for day := range days {
			has := ""
			for s := range p.Stretches {
				if s.Holds(day) {
					has += fmt.Sprint(s.Standing, " ", s.Group, s.Sex, s.BirthMonth)
				}
			}
			want := ""
			if q := placements[n]; q.On(day) {
				month, sex := b.Birth(q, q.Hires[0].Data.(*events.HirePlaced), day)
				want = fmt.Sprint(standing(q, day), " ", b.Group(q, day), sex, month)
			}
			if has != want {
				wrong = append(wrong, fmt.Sprintf("%s: from %s on %s: %q, want %q", of, p.From, day, has, want))
			}
		}
	}
	return wrong
}
