package placing_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/rules/placing"
	"github.com/muster-works/muster/events/rules/placing/placingtest"
	"pgregory.net/rapid"
)

const (
	window  = 12
	posts   = 2
	persons = 3
)

var begin = civil.MustDate("2022-05-01")

// draw draws a set of events about few posts and persons within few days, so that
// many of the events contradict each other.
func draw(t *rapid.T) (b placingtest.Book) {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "dice"), 0))
	day := func() civil.Date { return begin + civil.Date(r.IntN(window)) }
	for i := range rapid.IntRange(1, 30).Draw(t, "events") {
		who := events.Who{Person: uuid.UUID{15: byte(1 + r.IntN(persons))}}
		post := fmt.Sprint("p", r.IntN(posts))
		var d events.Data
		switch r.IntN(18) {
		case 0:
			d = &events.PostDeveloped{
				Post: post, Seats: 1 + r.IntN(3), From: day(), Until: day() * civil.Date(r.IntN(2)), Kind: fmt.Sprint(r.IntN(2)),
				Division: "370211102231", Area: "rural", Standard: events.Fen(r.IntN(2))}
		case 11, 12, 13:
			d = change(r, post, day())
		case 1:
			d = &events.PostResized{Post: post, Seats: r.IntN(4), From: day()}
		case 2:
			d = &events.PostClosed{Post: post, On: day() + window/2}
		case 3:
			d = &events.HireRenewed{Who: who, Post: post, Until: day() + window/2}
		case 4, 5, 6:
			d = &events.ExitRecorded{Who: who, Post: post, On: day(), Code: fmt.Sprint(r.IntN(2))}
		case 7, 8:
			s := &events.HireSuspended{Who: who, Post: post, From: day()}
			if r.IntN(2) == 0 {
				s.Until = s.From + 1 + civil.Date(r.IntN(window/2))
			}
			d = s
		case 9:
			d = &events.HireResumed{Who: who, Post: post, On: day()}
		case 10:
			d = &events.HireChanged{Who: who, Post: post, On: day(), Group: fmt.Sprint("g", r.IntN(3))}
		default:
			from := day()
			h := &events.HirePlaced{Who: who, Post: post, Seat: 1 + r.IntN(2), From: from, Until: from + civil.Date(r.IntN(window)), Group: fmt.Sprint("g", r.IntN(3))}
			if r.IntN(3) == 0 {
				h.StandingInFor = uuid.UUID{15: byte(1 + r.IntN(persons))}
			}
			d = h
		}
		b = append(b, &events.Event{ID: fmt.Sprint(i), Type: d.Type(), Data: d})
	}
	return b
}

// change draws a change of a post that names some of the members.
func change(r *rand.Rand, post string, on civil.Date) *events.PostChanged {
	one := func(texts ...string) string { return texts[r.IntN(len(texts))] }
	return &events.PostChanged{
		Post: post, On: on - 2, Category: one("", "", "a", "b"), Kind: one("", "0", "1", "2"), Employer: one("", "", "c"), Area: one("", "rural", "urban"),
		Division: division.Code(one("", "", "370211102231", "370211102232", "370212001001")), Fund: one("", "F", "G"),
		Standard: events.Fen(r.IntN(3)), RequiredDays: r.IntN(3),
	}
}

// Goal: the rule says what the oracle says, of any set of events. Method: rapid draws
// sets of events; the oracle reads them slowly.
func TestOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := draw(t)
		if got, want := placements(b), listed(b); !slices.Equal(got, want) {
			t.Fatalf("placements\n%s\nwant\n%s\n%s", got, want, b)
		}
		if got, want := standings(b), standingsByDay(b); !slices.Equal(got, want) {
			t.Fatalf("standings\n%s\nwant\n%s\n%s", got, want, b)
		}
		for i := range posts {
			name := fmt.Sprint("p", i)
			c := capacity(b, name)
			changes := c.AppendChanges(nil)
			differPeriods(t, b, name)
			for day := begin - 1; day < begin+3*window; day++ {
				want := b.Seats(name, day)
				changed := 0
				for _, s := range changes {
					if s.From <= day {
						changed = s.Seats
					}
				}
				if got := c.Seats(day); got != want || changed != want {
					t.Fatalf("post %s has %d seats on %s, by its changes %d, want %d\n%s", name, got, day, changed, want, b)
				}
			}
		}
	})
}

func holder(post string, who events.Person) placing.Holder {
	return placing.Holder{Post: uint32(post[1]), Person: uint32(who[15])}
}

// paired pairs the hires and exits by package placing.
func paired(b placingtest.Book) (hires []placing.Placement) {
	var exits []placing.Exit
	for i, e := range b {
		switch d := e.Data.(type) {
		case *events.HirePlaced:
			hires = append(hires, placing.Placement{Holder: holder(d.Post, d.Person), Seat: int32(d.Seat), From: d.From, Term: d.Until, Hire: uint32(i),
				StandsIn: d.StandingInFor != events.Person{}})
		case *events.ExitRecorded:
			exits = append(exits, placing.Exit{Holder: holder(d.Post, d.Person), On: d.On, No: uint32(i)})
		}
	}
	placing.Pair(hires, exits)
	return hires
}

// standings returns for each placement and day by package placing how the person is in place,
// the group of the person, and with how many others the person has the seat by right.
func standings(b placingtest.Book) (all []string) {
	var suspensions []placing.Suspension
	var resumptions []placing.Resumption
	var changes []placing.GroupChange
	for _, e := range b {
		switch d := e.Data.(type) {
		case *events.HireSuspended:
			suspensions = append(suspensions, placing.Suspension{Holder: holder(d.Post, d.Person), From: d.From, Until: d.Until})
		case *events.HireResumed:
			resumptions = append(resumptions, placing.Resumption{Holder: holder(d.Post, d.Person), On: d.On})
		case *events.HireChanged:
			changes = append(changes, placing.GroupChange{Holder: holder(d.Post, d.Person), On: d.On, Group: d.Group})
		}
	}
	hires := paired(b)
	lead := slices.DeleteFunc(slices.Clone(hires), func(p placing.Placement) bool { return p.Repeated })
	suspended := make([][]placing.Span, len(lead))
	for i := range lead {
		suspended[i] = placing.Suspended(nil, &lead[i], suspensions, resumptions)
	}
	on := func(spans []placing.Span, day civil.Date) bool {
		return slices.ContainsFunc(spans, func(s placing.Span) bool { return s.Holds(day) })
	}
	for i := range lead {
		p := &lead[i]
		group := ""
		for _, h := range hires {
			if g := b[h.Hire].Data.(*events.HirePlaced).Group; h.Holder == p.Holder && h.Seat == p.Seat && h.From == p.From && (group == "" || g < group) {
				group = g
			}
		}
		groups := placing.Groups(nil, p, group, changes)
		for day := begin - 1; day < begin+3*window; day++ {
			if !p.Holds(day) {
				continue
			}
			standing, shares := "working", 0
			for j := range lead {
				if o := &lead[j]; i != j && o.Post == p.Post && o.Seat == p.Seat && on(placing.Share(p, o, suspended[i], suspended[j]), day) {
					shares++
				}
				if o := &lead[j]; o.Person != p.Person && p.StandsIn && o.Post == p.Post && o.Seat == p.Seat && on(suspended[j], day) {
					standing = "stand_in"
				}
			}
			if on(suspended[i], day) {
				standing = "suspended"
			}
			for _, g := range groups {
				if g.On <= day {
					group = g.Group
				}
			}
			all = append(all, fmt.Sprint(p.Post, p.Person, p.Seat, p.From, day, standing, group, shares))
		}
	}
	slices.Sort(all)
	return all
}

// standingsByDay is the same by the oracle.
func standingsByDay(b placingtest.Book) (all []string) {
	placements, _ := b.Placements()
	for _, p := range placements {
		for day := begin - 1; day < begin+3*window; day++ {
			if !p.On(day) {
				continue
			}
			shares := 0
			for _, o := range placements {
				if o != p && o.Post == p.Post && o.Seat == p.Seat && o.On(day) && (o.Stands && b.Suspended(p, day) || p.Stands && b.Suspended(o, day)) {
					shares++
				}
			}
			all = append(all, fmt.Sprint(uint32(p.Post[1]), uint32(p.Person[15]), p.Seat, p.From, day, b.StandingOn(p, placements, day), b.Group(p, day), shares))
		}
	}
	slices.Sort(all)
	return all
}

// placements returns the placements by package placing, as texts.
func placements(b placingtest.Book) (all []string) {
	hires := paired(b)
	for _, e := range b {
		if d, ok := e.Data.(*events.HireRenewed); ok {
			placing.Renew(hires, placing.Renewal{Holder: holder(d.Post, d.Person), Until: d.Until})
		}
	}
	for _, p := range hires {
		if !p.Repeated {
			all = append(all, fmt.Sprint(p.Post, p.Person, p.Seat, p.From, p.Exit, p.Term))
		}
	}
	slices.Sort(all)
	return all
}

// listed are those by the oracle, in the same words.
func listed(b placingtest.Book) (all []string) {
	placements, _ := b.Placements()
	for _, p := range placements {
		all = append(all, fmt.Sprint(uint32(p.Post[1]), uint32(p.Person[15]), p.Seat, p.From, p.Exit, p.Term))
	}
	slices.Sort(all)
	return all
}

// development returns the development of a post that holds, nil if there is none.
func development(b placingtest.Book, post string) (first *placing.Development) {
	for _, e := range b {
		d, ok := e.Data.(*events.PostDeveloped)
		if !ok || d.Post != post {
			continue
		}
		of := placing.Development{
			From: d.From, Until: d.Until, Division: d.Division, Kind: d.Kind, Area: d.Area, Seats: d.Seats, Standard: int64(d.Standard),
		}
		if first == nil || of.Compare(first) < 0 {
			first = &of
		}
	}
	return first
}

// differPeriods fails if the details of a post differ from those of the oracle on a day, or
// if two periods in turn are the same.
func differPeriods(t *rapid.T, b placingtest.Book, post string) {
	p := periods(b, post)
	for day := begin - 4; day < begin+window+2; day++ {
		want := b.Details(post, day)
		if (p == nil) != (want == nil) {
			t.Fatalf("post %s has details %v, want %v\n%s", post, p, want, b)
		}
		if p == nil {
			return
		}
		d := p.On(day)
		got := []string{string(d.Division), d.Category, d.Kind, d.Area, d.Employer, d.Fund, fmt.Sprintf("%020d", d.Standard), fmt.Sprintf("%020d", d.RequiredDays)}
		if !slices.Equal(got, want) {
			t.Fatalf("post %s on %s: %v, want %v\n%s", post, day, got, want, b)
		}
		for _, days := range []civil.Date{1, 5} {
			lay := false
			for on := day; on < day+days; on++ {
				lay = lay || strings.HasPrefix(b.DivisionOn(post, on), "370211")
			}
			if p.Lies("370211", day, day+days) != lay {
				t.Fatalf("post %s lies under 370211 within %d days from %s: %v\n%s", post, days, day, !lay, b)
			}
		}
	}
	for i := range p {
		if end := p.Until(i); end != 0 && (end <= p[i].From || p[i].Details == p[i+1].Details) {
			t.Fatalf("post %s: period %d %v is followed by %v", post, i, p[i], p[i+1])
		}
	}
}

// periods returns the details of a post over time by package placing.
func periods(b placingtest.Book, post string) placing.Periods {
	first := development(b, post)
	if first == nil {
		return nil
	}
	var changes []placing.Change
	for _, e := range b {
		if d, ok := e.Data.(*events.PostChanged); ok && d.Post == post {
			changes = append(changes, placing.Change{On: d.On, Details: placing.Details{
				Division: d.Division, Category: d.Category, Kind: d.Kind, Area: d.Area, Employer: d.Employer, Fund: d.Fund,
				Standard: int64(d.Standard), RequiredDays: d.RequiredDays,
			}})
		}
	}
	return placing.AppendPeriods(nil, first.From, placing.Details{
		Division: first.Division, Kind: first.Kind, Area: first.Area, Standard: first.Standard,
	}, changes)
}

func capacity(b placingtest.Book, post string) placing.Capacity {
	first := development(b, post)
	var resized []placing.Step
	closed := civil.Date(0)
	for _, e := range b {
		switch d := e.Data.(type) {
		case *events.PostResized:
			if d.Post == post {
				resized = append(resized, placing.Step{From: d.From, Seats: d.Seats})
			}
		case *events.PostClosed:
			if d.Post == post {
				closed = placing.EarlierEnd(closed, d.On)
			}
		}
	}
	if first == nil {
		return placing.Capacity{}
	}
	return placing.CapacityOf(placing.Step{From: first.From, Seats: first.Seats}, placing.EarlierEnd(first.Until, closed), resized)
}

// Every field of a development takes part in the order, and an earlier field counts
// before a later one.
func TestDevelopmentOrder(t *testing.T) {
	set := func(d *placing.Development, field int, to int64) {
		switch f := reflect.ValueOf(d).Elem().Field(field); f.Kind() {
		case reflect.String:
			f.SetString(fmt.Sprint(to))
		default:
			f.SetInt(to)
		}
	}
	fields := reflect.TypeFor[placing.Development]().NumField()
	for i := range fields {
		var low, high placing.Development
		set(&low, i, 1)
		set(&high, i, 2)
		for later := i + 1; later < fields; later++ {
			set(&low, later, 2)
			set(&high, later, 1)
		}
		if low.Compare(&high) >= 0 || high.Compare(&low) <= 0 || low.Compare(&low) != 0 {
			t.Errorf("field %s does not come before the fields after it", reflect.TypeFor[placing.Development]().Field(i).Name)
		}
	}
}

// Goal: spans are added and taken away day by day. Method: rapid draws spans, which are
// compared on each day.
func TestSpans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.Custom(func(t *rapid.T) placing.Span {
			return placing.Span{From: civil.Date(rapid.IntRange(1, 12).Draw(t, "from")), Until: civil.Date(rapid.IntRange(0, 12).Draw(t, "until"))}
		})
		a, some := span.Draw(t, "a"), rapid.SliceOfN(span, 0, 4).Draw(t, "some")
		union := placing.Union(slices.Clone(some))
		common, without := placing.Common(nil, a, union), placing.Without(nil, a, union)
		for i, s := range slices.Concat(union, common, without) {
			if placing.Empty(s.From, s.Until) {
				t.Errorf("span %d of %v %v %v has no day", i, union, common, without)
			}
		}
		for _, spans := range [][]placing.Span{union, common, without} {
			for i := range len(spans) - 1 {
				if spans[i].Until == 0 || spans[i].Until > spans[i+1].From {
					t.Errorf("%v are not in order", spans)
				}
			}
		}
		for day := civil.Date(1); day < 15; day++ {
			on := func(spans []placing.Span) bool {
				return slices.ContainsFunc(spans, func(s placing.Span) bool { return s.Holds(day) })
			}
			if on(union) != on(some) || on(common) != (a.Holds(day) && on(some)) || on(without) != (a.Holds(day) && !on(some)) {
				t.Errorf("%v and %v on day %d: union %v, common %v, without %v", a, some, day, union, common, without)
			}
		}
	})
}

// Every detail can be changed, and of two changes from one day the larger value holds,
// whatever their order.
func TestEveryDetailChanges(t *testing.T) {
	details := reflect.TypeFor[placing.Details]()
	for i := range details.NumField() {
		name := details.Field(i).Name
		of := func(n int64) (c placing.Change) {
			c.On = begin + 1
			switch f := reflect.ValueOf(&c.Details).Elem().Field(i); f.Kind() {
			case reflect.String:
				f.SetString(fmt.Sprint(n))
			default:
				f.SetInt(n)
			}
			return c
		}
		for _, changes := range [][]placing.Change{{of(2), of(1)}, {of(1), of(2)}} {
			got := placing.AppendPeriods(nil, begin, of(5).Details, changes)
			want := placing.Periods{{From: begin, Details: of(5).Details}, {From: begin + 1, Details: of(2).Details}}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	}
}

func TestEarlierEnd(t *testing.T) {
	for _, c := range []struct{ a, b, want civil.Date }{{0, 0, 0}, {0, 5, 5}, {5, 0, 5}, {5, 6, 5}, {6, 5, 5}} {
		if got := placing.EarlierEnd(c.a, c.b); got != c.want {
			t.Errorf("of %d and %d the earlier end is %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestOverlap(t *testing.T) {
	for _, c := range []struct {
		name                       string
		from, until, from2, until2 civil.Date
		want                       bool
	}{
		{"apart", 1, 3, 3, 5, false},
		{"one day", 1, 4, 3, 5, true},
		{"open", 1, 0, 9, 0, true},
		{"ended before the open one", 1, 9, 9, 0, false},
		{"empty", 3, 3, 1, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if placing.Overlap(c.from, c.until, c.from2, c.until2) != c.want || placing.Overlap(c.from2, c.until2, c.from, c.until) != c.want {
				t.Errorf("overlap is not %v", c.want)
			}
		})
	}
}
