package query_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/events/rules/placing"
	"github.com/muster-works/muster/projections/query/workforce"
)

// Goal: a clerk finds who is in place beyond the term and beyond the age, and an exit or a
// renewal that comes later mends the list.
// Method: a term that ended, a person who turns 65, and a person in order, on three days.
func TestInPlaceAgainstTheRules(t *testing.T) {
	w := newWorld(t)
	date, month := civil.MustDate, civil.MustMonth
	w.commit(at("2021-01-01 09:00"), w.event("370000000000", pack(t, "province-1", "37", "2021-01-01")))
	w.commit(at("2021-01-02 09:00"), w.event(langya, &events.PostDeveloped{Post: "a", Area: "rural", Seats: 3, From: date("2018-01-01")}))
	hire := func(i, seat int, from, until, born string) *events.Event {
		return w.event(langya, &events.HirePlaced{Who: who(i), Post: "a", Seat: seat, From: date(from), Until: date(until), BirthMonth: month(born), Sex: "M", Group: "older"})
	}
	w.commit(at("2022-02-02 09:00"),
		hire(1, 1, "2019-05-01", "2022-05-01", "1970-01"),
		hire(2, 2, "2022-02-01", "2025-02-01", "1957-06"),
		hire(3, 3, "2018-01-01", "2018-09-16", "1970-01"),
		w.event(langya, &events.ExitRecorded{Who: who(3), Post: "a", On: date("2018-09-16"), Kind: "natural", Code: "N4"}),
		hire(3, 3, "2022-01-01", "2025-01-01", "1970-01"))
	w.commit(at("2022-08-10 09:00"), w.event(langya, &events.HireRenewed{Who: who(1), Post: "a", Until: date("2023-05-01")}))
	w.settle()
	for _, c := range []struct{ name, query, want string }{
		{"all in order", "as_of=2022-04-30&known_at=2022-08-01", "1 over_term=false left=1 over_age=false 1st 36, 2 over_term=false left=1008 over_age=false 1st 3, 3 over_term=false left=977 over_age=false 2nd 12"},
		{"the term has ended", "as_of=2022-05-01&known_at=2022-08-01&only=over_term", "1 over_term=true left=0 over_age=false 1st 36"},
		{"65 this month", "as_of=2022-06-30&only=over_age", ""},
		{"65 last month", "as_of=2022-07-01&only=over_age", "2 over_term=false left=946 over_age=true 1st 5"},
		{"either", "as_of=2022-07-01&known_at=2022-08-01&only=against_rules", "1 over_term=true left=-61 over_age=false 1st 38, 2 over_term=false left=946 over_age=true 1st 5"},
		{"renewed since", "as_of=2022-07-01&only=over_term", ""},
		{"another county", "as_of=2022-07-01&division=370212", ""},
		{"before anybody came", "as_of=2022-07-01&known_at=2021-06-01", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, r := range ask[workforce.Placements](w, "/v1/placements?"+c.query).Rows {
				nth := map[int]string{1: "1st", 2: "2nd"}[r.Placements]
				got = append(got, fmt.Sprintf("%d over_term=%v left=%d over_age=%v %s %d", r.Seat, r.OverTerm, *r.TermEndsInDays, r.OverAge, nth, r.Months))
			}
			if all := strings.Join(got, ", "); all != c.want {
				t.Errorf("%s\nwant %s", all, c.want)
			}
		})
	}
	csv := w.get("/v1/placements?as_of=2022-07-01&only=over_age", "text/csv").Body.String()
	if want := "person,post,seat,division,group,sex,from,until,term_ends_in_days,over_term,over_age,age_limit,standing,estimated,placements,months\n" +
		"10000000-0000-4000-8000-000000000002,a,2,370211102231,older,M,2022-02-01,2025-02-01,946,false,true,2022-06,working,,1,5\n"; csv != want {
		t.Errorf("as CSV\n%s\nwant\n%s", csv, want)
	}
	if p := w.refused("/v1/placements?only=old"); !strings.HasPrefix(p.Detail, "only: want over_age, over_term or against_rules") {
		t.Errorf("%+v", p)
	}
}

// placements recounts who is in place, from raw events.
func (o oracle) placements(asOf civil.Date, known time.Time, prefix string) map[string]workforce.PlacementRow {
	stand := o.standing(known)
	want := map[string]workforce.PlacementRow{}
	for _, t := range o.tenures(known) {
		h, p := t.hire, t.post
		if p == nil || !t.holds(asOf) {
			continue
		}
		p = postOn(stand, p, asOf)
		if !strings.HasPrefix(string(p.Division), prefix) {
			continue
		}
		key := h.Person.String() + h.Post
		row := workforce.PlacementRow{Person: h.Person, Post: h.Post, Seat: h.Seat, Division: p.Division, Group: t.group(asOf), Sex: t.birth(asOf).Sex, From: h.From, Until: t.until,
			Standing: t.standing(asOf), Estimated: t.estimatedOn(asOf), Placements: 1}
		if row.Until != 0 {
			left := int(row.Until - asOf)
			row.TermEndsInDays, row.OverTerm = &left, left <= 0
		}
		if pack := inForce(stand, p.Division, asOf); pack != nil && t.birth(asOf).Month != 0 {
			row.AgeLimit = ageLimit(pack, p.Area, row.Group, t.birth(asOf))
			row.OverAge = asOf >= (row.AgeLimit + 1).First()
		}
		for day := h.From; day < asOf; row.Months++ { // one month after the other, from the same day
			if day = h.From.AddMonths(row.Months + 1); day > asOf+1 {
				break
			}
		}
		if days := int(asOf + 1 - h.From.AddMonths(row.Months)); days >= 30 {
			row.Months++
		}
		want[key] = row
	}
	return want
}

// ageLimit returns the month in which a person becomes too old for a group.
func ageLimit(pack *policy.Pack, area, group string, birth placing.Birth) (limit civil.Month) {
	for _, g := range pack.Groups {
		if g.Area != area || g.Code != group && group != "unheard" {
			continue
		}
		until, retirement := g.Male.Until, pack.Retirement.Male
		if birth.Sex == "F" {
			until, retirement = g.Female.Until, pack.Retirement.Female
		}
		delay := 0
		for _, r := range pack.RetirementRises {
			for born := r.BornFrom; until == retirement && r.Sex == birth.Sex && r.Age == until && born <= birth.Month; born += civil.Month(r.EveryMonths) {
				delay = min(delay+1, r.MostMonths)
			}
		}
		limit = max(limit, birth.Month+civil.Month(12*until+delay))
	}
	return limit
}

// comparePlacements holds who is in place, at a random date and moment, against the recount.
func comparePlacements(t *testing.T, w *world, o oracle, r *rand.Rand) {
	t.Helper()
	asOf := civil.MustDate("2022-02-20") + civil.Date(r.IntN(220))
	known := at("2022-02-20 00:00").Add(time.Duration(r.IntN(400*24)) * time.Hour)
	prefix := []string{"", "37", "3701", "370211", "370102001", "370102001002"}[r.IntN(6)]
	which := []string{"", "over_age", "over_term", "against_rules"}[r.IntN(4)]
	params := url.Values{"as_of": {asOf.String()}, "known_at": {known.Format(time.RFC3339)}, "division": {prefix}, "only": {which}, "limit": {fmt.Sprint(1 + r.IntN(300))}}
	want := o.placements(asOf, known, prefix)
	maps.DeleteFunc(want, func(_ string, row workforce.PlacementRow) bool {
		return which == "over_age" && !row.OverAge || which == "over_term" && !row.OverTerm || which == "against_rules" && !row.OverAge && !row.OverTerm
	})
	var got []workforce.PlacementRow
	var totals workforce.PlacementTotals
	for {
		answer := ask[workforce.Placements](w, "/v1/placements?"+params.Encode())
		got, totals = append(got, answer.Rows...), answer.Totals
		if answer.Total != len(want) {
			t.Fatalf("placements %v: %d in all, want %d", params, answer.Total, len(want))
		}
		if answer.Next == "" {
			break
		}
		params.Set("cursor", answer.Next)
	}
	if !slices.IsSortedFunc(got, func(a, b workforce.PlacementRow) int { return strings.Compare(a.Post, b.Post) }) {
		t.Errorf("placements %v: not by post", params)
	}
	var counted workforce.PlacementTotals
	for _, row := range got {
		expected := want[row.Person.String()+row.Post]
		if a, b := fmt.Sprintf("%+v", flat(row)), fmt.Sprintf("%+v", flat(expected)); a != b {
			t.Fatalf("placements %v\n got %s\nwant %s", params, a, b)
		}
		if row.OverAge {
			counted.OverAge++
		}
		if row.OverTerm {
			counted.OverTerm++
		}
		switch row.Standing {
		case "suspended":
			counted.Suspended++
		case "stand_in":
			counted.StandIns++
		}
		if row.Estimated != "" {
			counted.Estimated++
		}
	}
	if len(got) != len(want) || totals != counted {
		t.Fatalf("placements %v: %d rows and %+v, want %d and %+v", params, len(got), totals, len(want), counted)
	}
}

// flat returns a row whose pointer is the number that it points to, in words.
func flat(r workforce.PlacementRow) (all []any) {
	left := "none"
	if r.TermEndsInDays != nil {
		left = fmt.Sprint(*r.TermEndsInDays)
	}
	r.TermEndsInDays = nil
	return []any{r, left}
}
