package runner_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"math/rand/v2"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/rules/placing/placingtest"
	"github.com/muster-works/muster/projections/headcount"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/storetest"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/projections/vacancy"
	"github.com/muster-works/muster/projections/view"
	"pgregory.net/rapid"
)

// The oracle recounts from the raw events: it plays every day of the world for
// every post, and knows nothing of timelines, differences or spans. How people are in
// place it takes from the oracle of the placement rule.
type oracle struct{ events []*events.Event }

// recount keeps the events of the first known commits that stand by then.
func recount(t fataler, l log.Log, known uint64) oracle {
	var all []*events.Event
	seen, retracted := map[events.Key]bool{}, map[events.Key]bool{}
	ord := uint64(0)
	for c, err := range l.Read(context.Background(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if ord++; ord > known {
			break
		}
		for _, raw := range c.Events {
			e, err := events.Decode(raw)
			if err != nil {
				t.Fatal(err)
			}
			if seen[e.Key()] {
				continue
			}
			seen[e.Key()] = true
			all = append(all, e)
			old := events.Key{Family: e.Family(), Source: cmp.Or(e.ReplacesSource, e.Source), ID: e.Replaces}
			if w, ok := e.Data.(*events.EventWithdrawn); ok {
				old.ID = w.ID
			}
			if old.ID != "" {
				retracted[old] = true
			}
		}
	}
	return oracle{slices.DeleteFunc(all, func(e *events.Event) bool { return retracted[e.Key()] })}
}

// A placement is a person on a seat.
type placement struct {
	from civil.Date
	seat int
	hire *events.HirePlaced
}

// A vacant seat on a day.
type vacant struct {
	seat   int
	since  civil.Date
	reason string
}

// play plays a post day by day up to a day, and returns who placed there then and
// which seats are vacant.
func (o oracle) play(post string, to civil.Date) (dev *events.PostDeveloped, placed []placement, free []vacant) {
	var hires []*events.HirePlaced
	var exits []*events.ExitRecorded
	var sizes []*events.PostResized
	end := civil.Date(1 << 30)
	for _, e := range o.events {
		switch d := e.Data.(type) {
		case *events.PostDeveloped:
			if d.Post == post && (dev == nil || content(d) < content(dev)) {
				dev = d
			}
		case *events.PostResized:
			if d.Post == post {
				sizes = append(sizes, d)
			}
		case *events.PostClosed:
			if d.Post == post {
				end = min(end, d.On)
			}
		case *events.HirePlaced:
			if d.Post == post {
				hires = append(hires, d)
			}
		case *events.ExitRecorded:
			if d.Post == post {
				exits = append(exits, d)
			}
		}
	}
	if dev == nil {
		return nil, nil, nil
	}
	left := map[int]vacant{} // the seats that are vacant, by number
	for day := first; day <= to; day++ {
		codes := leavers(exits, day)
		reasons, gone := map[int]string{}, map[uuid.UUID]bool{}
		for _, s := range placed {
			if code, leaves := codes[s.hire.Person]; leaves {
				gone[s.hire.Person] = true
				if r, ok := reasons[s.seat]; !ok || code < r {
					reasons[s.seat] = code
				}
			}
		}
		placed = slices.DeleteFunc(placed, func(s placement) bool { return gone[s.hire.Person] })
		for _, h := range hires {
			if _, leaves := codes[h.Person]; h.From != day || leaves && !gone[h.Person] {
				continue
			}
			same := func(s placement) bool { return s.seat == h.Seat && s.hire.Person == h.Person && s.from == day }
			if i := slices.IndexFunc(placed, same); i < 0 {
				placed = append(placed, placement{day, h.Seat, h})
			} else if was := placed[i].hire; h.Group < was.Group || h.Group == was.Group && h.Sex < was.Sex {
				placed[i].hire = h
			}
		}
		size, before := sizeOn(dev, sizes, end, day), sizeOn(dev, sizes, end, day-1)
		for seat := 1; seat <= 4; seat++ {
			taken := slices.ContainsFunc(placed, func(s placement) bool { return s.seat == seat })
			_, was := left[seat]
			switch {
			case seat > size || taken:
				delete(left, seat)
			case seat > before: // a new seat has no past
				left[seat] = vacant{seat, day, ""}
			case !was:
				left[seat] = vacant{seat, day, reasons[seat]}
			}
		}
	}
	for _, seat := range slices.Sorted(maps.Keys(left)) {
		free = append(free, left[seat])
	}
	return dev, placed, free
}

// attributes returns the division and the category of a post on a day: each is that of the
// latest change of it, of several on one day the last in the order of texts.
func (o oracle) attributes(dev *events.PostDeveloped, on civil.Date) (where, category string) {
	where, category = string(dev.Division), dev.Category
	var moved, recast civil.Date
	for _, e := range o.events {
		d, ok := e.Data.(*events.PostChanged)
		if !ok || d.Post != dev.Post || d.On > max(on, dev.From) {
			continue
		}
		if to := string(d.Division); to != "" && (d.On > moved || d.On == moved && to > where) {
			where, moved = to, d.On
		}
		if to := d.Category; to != "" && (d.On > recast || d.On == recast && to > category) {
			category, recast = to, d.On
		}
	}
	return where, category
}

// content orders what two events say of one post.
func content(d *events.PostDeveloped) string {
	return fmt.Sprintf("%09d %s %s %05d", d.From, d.Division, d.Category, d.Seats)
}

// leavers returns the persons who exit on a day, with the code that counts: of
// several the first by kind and code.
func leavers(exits []*events.ExitRecorded, day civil.Date) map[uuid.UUID]string {
	counts := map[uuid.UUID]*events.ExitRecorded{}
	codes := map[uuid.UUID]string{}
	for _, x := range exits {
		if was := counts[x.Person]; x.On == day && (was == nil || x.Kind+x.Code < was.Kind+was.Code) {
			counts[x.Person], codes[x.Person] = x, x.Code
		}
	}
	return codes
}

// sizeOn returns how many seats a post has on a day.
func sizeOn(dev *events.PostDeveloped, sizes []*events.PostResized, end, day civil.Date) int {
	if day < dev.From || day >= end {
		return 0
	}
	var last *events.PostResized
	for _, s := range sizes {
		if s.From <= day && (last == nil || s.From > last.From || s.From == last.From && s.Seats > last.Seats) {
			last = s
		}
	}
	if last == nil {
		return dev.Seats
	}
	return last.Seats
}

// answers are the headcount by cell and the vacant seats on a day.
func (o oracle) answers(on civil.Date) (count map[string]int, free []string) {
	count = map[string]int{}
	book := placingtest.Book(o.events)
	rule, _ := book.Placements()
	for i := range posts {
		dev, placed, vacancies := o.play(postName(i), on)
		if dev == nil {
			continue
		}
		where, category := o.attributes(dev, on)
		for _, s := range placed {
			n := slices.IndexFunc(rule, func(p *placingtest.Placement) bool {
				return p.Person == s.hire.Person && p.Post == s.hire.Post && p.Seat == s.seat && p.From == s.from
			})
			_, sex := book.Birth(rule[n], s.hire, on)
			count[fmt.Sprint(where, category, dev.Area, book.Group(rule[n], on), sex, book.StandingOn(rule[n], rule, on))]++
		}
		for _, v := range vacancies {
			free = append(free, fmt.Sprint(postName(i), v.seat, v.since, v.reason, where))
		}
	}
	slices.Sort(free)
	return count, free
}

// shown are the same answers out of the read model.
func shown(t fataler, r *readmodel.Reader, on civil.Date, known uint64) (count map[string]int, free []string) {
	t.Helper()
	ctx := context.Background()
	cells := storetest.Cells(t, r)
	count = map[string]int{}
	for _, d := range storetest.Deltas(t, r, headcount.ViewName) {
		if d.Ord <= known && d.Date <= on {
			c := cells[d.Cell]
			key := fmt.Sprint(c[view.Division], c[view.Category], c[view.Area], c[view.Group], c[view.Sex], c[view.Standing])
			if count[key] += d.N; count[key] == 0 {
				delete(count, key)
			}
		}
	}
	for _, s := range storetest.Spans(t, r, vacancy.ViewName) {
		if s.Holds(on, known) {
			name, err := r.PostName(ctx, s.Post)
			if err != nil {
				t.Fatal(err)
			}
			free = append(free, fmt.Sprint(name, s.Seat, s.Since-civil.Date(s.Earlier), s.Of[view.Reason], s.Of[view.Division]))
		}
	}
	slices.Sort(free)
	return count, free
}

// Headcount and vacancies at random dates and moments equal a recount.
func TestOracle(t *testing.T) {
	t.Parallel()
	dirs := tempDirs(t)
	rapid.Check(t, func(t *rapid.T) {
		all := draw(t)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		if rapid.Bool().Draw(t, "shuffled") {
			all = shuffled(all, r)
		}
		l := write(t, all, 6, r)
		model := build(t, l, dirs(t), runner.Options{})
		meta, err := model.Meta(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			on := first + civil.Date(rapid.IntRange(-1, days+5).Draw(t, "on"))
			known := rapid.Uint64Range(0, meta.Ord).Draw(t, "known")
			wantCount, wantFree := recount(t, l, known).answers(on)
			gotCount, gotFree := shown(t, model, on, known)
			if !maps.Equal(gotCount, wantCount) {
				t.Fatalf("headcount on %v known at %d:\n got %v\nwant %v", on, known, gotCount, wantCount)
			}
			if !slices.Equal(gotFree, wantFree) {
				t.Fatalf("vacancies on %v known at %d:\n got %v\nwant %v", on, known, gotFree, wantFree)
			}
		}
	})
}
