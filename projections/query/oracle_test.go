package query_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/query/workforce"
	"github.com/muster-works/muster/projections/readmodel/storetest"
	"github.com/muster-works/muster/projections/vacancy"
	"github.com/muster-works/muster/projections/view"
)

// The oracle recounts from the raw events of the log, one placement after the
// other, and knows nothing of timelines, differences, cells or ordinals.
type oracle struct{ commits []decoded }

type decoded struct {
	recorded time.Time
	events   []*events.Event
}

func recount(w *world) oracle {
	var o oracle
	for c, err := range w.log.Read(w.t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		d := decoded{recorded: c.Recorded}
		for _, raw := range c.Events {
			e, err := events.Decode(raw)
			if err != nil {
				w.t.Fatal(err)
			}
			d.events = append(d.events, e)
		}
		o.commits = append(o.commits, d)
	}
	return o
}

// standing returns the events that were recorded by an instant, without those
// replaced or withdrawn by then.
func (o oracle) standing(known time.Time) (stand []events.Data) {
	for _, e := range o.standingEvents(known) {
		stand = append(stand, e.Data)
	}
	return stand
}

// standingEvents returns the events that stand, in log order.
func (o oracle) standingEvents(known time.Time) []*events.Event {
	gone := map[string]bool{}
	var all []*events.Event
	for _, c := range o.commits {
		if c.recorded.After(known) {
			continue
		}
		for _, e := range c.events {
			all = append(all, e)
			gone[e.Replaces] = true
			if d, ok := e.Data.(*events.EventWithdrawn); ok {
				gone[d.ID] = true
			}
		}
	}
	return slices.DeleteFunc(all, func(e *events.Event) bool { return gone[e.ID] })
}

// headcount counts under a division prefix by dimensions; labels are joined by a zero byte.
func (o oracle) headcount(asOf civil.Date, known time.Time, prefix string, by []string) map[string]int {
	count := map[string]int{}
	stand := o.standing(known)
	for _, t := range o.tenures(known) {
		if !t.holds(asOf) || t.post == nil {
			continue
		}
		p := postOn(stand, t.post, asOf)
		if !strings.HasPrefix(string(p.Division), prefix) {
			continue
		}
		var labels []string
		for _, name := range by {
			labels = append(labels, labelOf(t, p, asOf, name))
		}
		count[strings.Join(labels, "\x00")]++
	}
	return count
}

func labelOf(t *tenure, p *events.PostDeveloped, on civil.Date, dimension string) string {
	switch dimension {
	case "division:prefecture":
		return string(p.Division[:4]) + "00000000"
	case "division:county":
		return string(p.Division[:6]) + "000000"
	case "division:township":
		return string(p.Division[:9]) + "000"
	case "category":
		return p.Category
	case "kind":
		return p.Kind
	case "area":
		return p.Area
	case "group":
		return t.group(on)
	case "standing":
		return t.standing(on)
	}
	return t.birth(on).Sex
}

// plan counts seats planned and developed.
func (o oracle) plan(asOf civil.Date, known time.Time, prefix string) (planned, developed int) {
	year, _, _ := asOf.Split()
	last := map[string]int{}
	stand := o.standing(known)
	for _, d := range stand {
		switch d := d.(type) {
		case *events.PlanSet:
			if d.Year == year && strings.HasPrefix(string(d.Division), prefix) {
				last[string(d.Division)+d.Area] = d.Posts
			}
		case *events.PostDeveloped:
			if d.From <= asOf && strings.HasPrefix(string(postOn(stand, d, asOf).Division), prefix) {
				developed += d.Seats
			}
		}
	}
	for _, n := range last {
		planned += n
	}
	return planned, developed
}

// history makes a random history: posts that change, hires (before their post too), exits (before their
// hire too), replacements and withdrawals, in random commits.
func history(w *world, r *rand.Rand) {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	day := func() civil.Date { return civil.MustDate("2022-03-01") + civil.Date(r.IntN(120)) }
	places := []division.Code{langya, beside, jiefang, "370102001003", "370102000000", "370200000000"}
	var all []*events.Event
	county := pack(w.t, "county-1", "370211", "2022-04-15")
	county.RetirementRises = []policy.RetirementRise{{Sex: "F", Age: 55, BornFrom: civil.MustMonth("1966-01"), EveryMonths: 4, MostMonths: 36}}
	w.commit(at("2022-02-20 00:00"), w.event("370000000000", pack(w.t, "province-1", "37", "2022-03-10")), w.event("370211000000", county))
	for i := range 12 {
		all = append(all, w.event(places[i%len(places)], &events.PostDeveloped{
			Post: fmt.Sprint("p", i), Division: places[r.IntN(len(places))], Category: pick("public_service", "public_management"),
			Kind: pick("", "cleaning", "patrol"), Area: pick("rural", "urban"), Seats: 1 + r.IntN(60), From: day()}))
	}
	for range 10 {
		where := places[r.IntN(len(places))]
		all = append(all, w.event(where, &events.PlanSet{Division: where, Year: 2022 + r.IntN(2), Area: pick("rural", "urban"), Posts: r.IntN(100)}))
	}
	for i := range 300 {
		d := &events.HirePlaced{Who: who(i), Post: fmt.Sprint("p", r.IntN(13)), Seat: 1 + i, From: day(), Group: pick("older", "disabled", "other", "unheard"), Sex: pick("F", "M")}
		if r.IntN(5) > 0 {
			d.BirthMonth, d.Until = civil.MustMonth("1957-01")+civil.Month(r.IntN(180)), d.From+1+civil.Date(r.IntN(120))
		}
		e := w.event(langya, d)
		all = append(all, e)
		if r.IntN(5) == 0 { // corrected: begins on another day, on another post
			again := *d
			again.From, again.Post, again.Sex = day(), fmt.Sprint("p", r.IntN(12)), pick("F", "M")
			all = append(all, replacing(w.event(langya, &again), e.ID))
			d = &again
		}
		all = append(all, standings(w, r, i, d)...)
		all = append(all, identifications(w, r, i, d)...)
		if r.IntN(4) == 0 {
			all = append(all, w.event(langya, &events.HireRenewed{Who: who(i), Post: d.Post, Until: d.From + 1 + civil.Date(r.IntN(200))}))
		}
		if r.IntN(2) == 0 {
			x := w.event(langya, &events.ExitRecorded{Who: who(i), Post: d.Post, On: d.From + civil.Date(r.IntN(60)), Kind: "natural", Code: "N1", Estimated: pick("", "", "", "month", "year")})
			all = append(all, x)
			if r.IntN(5) == 0 {
				all = append(all, w.event(langya, &events.EventWithdrawn{Of: x.Type, ID: x.ID, Reason: "a mistake"}))
			}
		}
	}
	all = append(all, changes(w, r, 13, 30, places, func() civil.Date { return day() + civil.Date(r.IntN(60)) })...)
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	recorded := at("2022-03-01 00:00")
	for len(all) > 0 {
		n := min(len(all), 1+r.IntN(8))
		recorded = recorded.Add(time.Duration(r.IntN(3)) * 10 * time.Hour) // now and then two at one instant
		w.commit(recorded, all[:n]...)
		all = all[n:]
		if r.IntN(10) == 0 { // what is held in memory grows by parts
			w.settle()
			ask[workforce.Vacancies](w, "/v1/vacancies")
			ask[workforce.Plan](w, "/v1/plan")
		}
	}
}

// Headcount, its series and the plan at random dates and moments, by random
// dimensions, equal a recount.
func TestRecount(t *testing.T) {
	for range 3 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			w := newWorld(t)
			w.api.CompactAfter(1 + r.IntN(50))
			history(w, r)
			w.settle()
			o := recount(w)
			for i := range 100 {
				compare(t, w, o, r)
				comparePlacements(t, w, o, r)
				if i%3 == 0 {
					compareVacancies(t, w, r)
				}
			}
		})
	}
}

func compare(t *testing.T, w *world, o oracle, r *rand.Rand) {
	t.Helper()
	asOf := civil.MustDate("2022-02-20") + civil.Date(r.IntN(220))
	known := at("2022-02-20 00:00").Add(time.Duration(r.IntN(400*24)) * time.Hour)
	prefix := []string{"", "37", "3701", "370211", "370102001", "370102001002"}[r.IntN(6)]
	by := []string{"division:prefecture", "division:county", "division:township", "category", "kind", "group", "area", "sex", "standing"}
	r.Shuffle(len(by), func(i, j int) { by[i], by[j] = by[j], by[i] })
	by = by[:r.IntN(5)]
	divisions := 0
	by = slices.DeleteFunc(by, func(s string) bool {
		if strings.HasPrefix(s, "division") {
			divisions++
		}
		return strings.HasPrefix(s, "division") && divisions > 1
	})
	params := url.Values{"as_of": {asOf.String()}, "known_at": {known.Format(time.RFC3339)}, "division": {prefix}, "by": {strings.Join(by, ",")}}
	ask1 := "/v1/headcount?" + params.Encode()
	answer := ask[workforce.Headcount](w, ask1)
	want := o.headcount(asOf, known, prefix, by)
	if want := o.estimated(asOf, known, prefix); answer.Estimated != want {
		t.Fatalf("%s: %d exits are estimated, want %d", ask1, answer.Estimated, want)
	}
	if got := answer.Rows; !maps.Equal(nonzero(counts(got, by)), want) || answer.Total != total(want) {
		t.Fatalf("%s\n got %v, total %d\nwant %v", ask1, counts(got, by), answer.Total, want)
	}
	if rows := counts(answer.Rows, by); len(rows) != len(answer.Rows) || !slices.IsSortedFunc(answer.Rows, func(a, b workforce.HeadcountRow) int {
		return strings.Compare(labels(a, by), labels(b, by))
	}) {
		t.Fatalf("%s: rows stand twice or are not sorted: %v", ask1, rows)
	}

	params.Del("as_of")
	params.Set("from", (asOf - 3).String())
	params.Set("to", asOf.String())
	series := ask[workforce.Series](w, "/v1/headcount/series?"+params.Encode())
	for day := asOf - 3; day <= asOf; day++ {
		rows := slices.DeleteFunc(slices.Clone(series.Rows), func(r workforce.HeadcountRow) bool { return r.Day != day })
		if got, want := nonzero(counts(rows, by)), o.headcount(day, known, prefix, by); !maps.Equal(got, want) {
			t.Fatalf("series on %v known at %v under %q by %v\n got %v\nwant %v", day, known, prefix, by, got, want)
		}
	}

	plan := ask[workforce.Plan](w, "/v1/plan?"+url.Values{"as_of": {asOf.String()}, "known_at": {known.Format(time.RFC3339)}, "division": {prefix}}.Encode())
	planned, developed := o.plan(asOf, known, prefix)
	standing := o.headcount(asOf, known, prefix, []string{"standing"})
	placed := standing["working"] + standing["suspended"]
	if plan.Planned != planned || plan.Developed != developed || plan.Placed != placed {
		t.Fatalf("plan on %v known at %v under %q: %+v, want %d %d %d", asOf, known, prefix, plan.PlanFigures, planned, developed, placed)
	}
	sum := workforce.PlanFigures{}
	for _, r := range plan.Rows {
		sum.Planned, sum.Developed, sum.Placed = sum.Planned+r.Planned, sum.Developed+r.Developed, sum.Placed+r.Placed
	}
	if sum.Planned != planned || sum.Developed != developed || sum.Placed != placed {
		t.Fatalf("plan on %v: rows add up to %+v, want %d %d %d", asOf, sum, planned, developed, placed)
	}
}

// compareVacancies holds the vacancies against what the read model finds by its
// index, which its own oracle has recounted.
func compareVacancies(t *testing.T, w *world, r *rand.Rand) {
	t.Helper()
	asOf := civil.MustDate("2022-02-20") + civil.Date(r.IntN(220))
	known := at("2022-02-20 00:00").Add(time.Duration(r.IntN(100*24)) * time.Hour)
	prefix := []string{"", "3701", "370211", "370102001002", "41"}[r.IntN(5)]
	asked := "/v1/vacancies?" + url.Values{"limit": {"1000"}, "as_of": {asOf.String()}, "known_at": {known.Format(time.RFC3339)}, "division": {prefix}}.Encode()
	v := ask[workforce.Vacancies](w, asked)
	model, err := w.dir.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	commit, err := model.ResolveKnown(t.Context(), known)
	if err != nil {
		t.Fatal(err)
	}
	all := storetest.Spans(t, model, vacancy.ViewName)
	var want, got []string
	bySince := slices.Clone(all)
	begun := func(s *storetest.Span) civil.Date { return s.Since - civil.Date(s.Earlier) }
	slices.SortStableFunc(bySince, func(a, b storetest.Span) int { return cmp.Compare(begun(&a), begun(&b)) })
	for _, s := range bySince {
		if !s.Holds(asOf, commit.Ord) || !s.Of.DivisionCode().Under(prefix) {
			continue
		}
		name, err := model.PostName(t.Context(), s.Post)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprint(name, s.Seat, s.Of[view.Division], s.Of[view.Category], begun(&s), int(asOf-begun(&s)), cmp.Or(s.Of[view.Reason], "never_filled")))
	}
	for _, row := range v.Rows {
		got = append(got, fmt.Sprint(row.Post, row.Seat, row.Division, row.Category, row.Since, row.Age, row.Reason))
	}
	if !slices.Equal(got, want[:min(len(want), 1000)]) || v.Total != len(want) {
		t.Fatalf("%s: %d vacancies, want %d\n%v\n%v", asked, v.Total, len(want), got, want)
	}
	var days []int
	for _, s := range all {
		if s.Filled && s.From <= commit.Ord && commit.Ord < s.To && s.Until <= asOf && s.Of.DivisionCode().Under(prefix) {
			days = append(days, int(s.Until-begun(&s)))
		}
	}
	if fill := v.TimeToFill; len(days) == 0 && fill != (workforce.TimeToFill{}) || len(days) > 0 && (math.Abs(fill.Mean-mean(days)) > 0.0051 || fill.Median != median(days)) {
		t.Fatalf("%s: time to fill %+v, of %v", asked, fill, days)
	}
}

func mean(days []int) float64 {
	sum := 0
	for _, n := range days {
		sum += n
	}
	return float64(sum) / float64(len(days))
}

func median(days []int) float64 {
	slices.Sort(days)
	return float64(days[(len(days)-1)/2]+days[len(days)/2]) / 2
}

func labels(r workforce.HeadcountRow, by []string) string {
	var all []string
	for _, name := range by {
		name, _, _ = strings.Cut(name, ":")
		all = append(all, *map[string]*string{"division": r.Division, "category": r.Category, "kind": r.Kind, "group": r.Group, "area": r.Area, "sex": r.Sex, "standing": r.Standing}[name])
	}
	return strings.Join(all, "\x00")
}

func counts(rows []workforce.HeadcountRow, by []string) map[string]int {
	all := map[string]int{}
	for _, r := range rows {
		all[labels(r, by)] += r.Headcount
	}
	return all
}

func nonzero(m map[string]int) map[string]int {
	maps.DeleteFunc(m, func(_ string, n int) bool { return n == 0 })
	return m
}

func total(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}
