package query_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/agency"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/query/reporting"
)

// agencies recounts a month: each event, and each person on a post, by itself.
func (o oracle) agencies(month civil.Month, asOf civil.Date, known time.Time, prefix string) map[string]reporting.AgencyRow {
	want, late := map[string]reporting.AgencyRow{}, map[string]int{}
	change := func(name string, f func(*reporting.AgencyRow)) {
		row := want[name]
		row.Agency = name
		if row.Refusals == nil {
			row.Refusals = map[string]int{}
		}
		f(&row)
		want[name] = row
	}
	stand := o.standing(known)
	o.inPlace(month, known, prefix, stand, change)
	for _, c := range o.commits {
		if c.recorded.After(known) {
			continue
		}
		day := civil.DateIn(c.recorded, shanghai)
		for _, e := range c.events {
			if e.Type == events.SubmissionsTalliedType || len(prefix) > 6 || !strings.HasPrefix(string(e.Division), prefix) {
				continue
			}
			county := e.Division[:6] + "000000"
			switch d := e.Data.(type) {
			case *events.AttendanceReported:
				of := d.Month
				if d.Date != 0 {
					of = d.Date.Month()
				}
				if of != month || of.First() > asOf {
					continue
				}
				change(e.Agency(), func(row *reporting.AgencyRow) {
					if e.Replaces != "" {
						row.SheetsCorrected++
						return
					}
					row.Sheets++
					if p := inForce(stand, county, of.First()); p != nil && day > (of+1).First()+civil.Date(p.Attendance.DueDay-1) {
						row.SheetsLate++
						late["sheets"+e.Agency()] += int(day-(of+1).First()) - p.Attendance.DueDay + 1
					}
				})
			case *events.ExitRecorded:
				if d.On.Month() != month || d.On > asOf {
					continue
				}
				change(e.Agency(), func(row *reporting.AgencyRow) {
					if e.Replaces != "" {
						row.ExitsCorrected++
						return
					}
					row.Exits++
					if p := inForce(stand, county, d.On); p != nil && int(day-d.On) > p.Exits.ReportDays {
						row.ExitsLate++
						late["exits"+e.Agency()] += int(day-d.On) - p.Exits.ReportDays
					}
				})
			}
		}
	}
	o.tallied(month, asOf, known, prefix, want, change)
	for name := range want {
		change(name, func(row *reporting.AgencyRow) {
			row.SheetsLateDays, row.ExitsLateDays = meanOf(late["sheets"+name], row.SheetsLate), meanOf(late["exits"+name], row.ExitsLate)
		})
	}
	return want
}

func meanOf(sum, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(int(float64(sum)/float64(n)*100+0.5)) / 100
}

// inPlace counts who was in place and not suspended, and who of them is on a sheet.
func (o oracle) inPlace(month civil.Month, known time.Time, prefix string, stand []events.Data, change func(string, func(*reporting.AgencyRow))) {
	type stay struct {
		person uuid.UUID
		post   string
	}
	reported, exits := map[stay]bool{}, map[stay]civil.Date{}
	for _, d := range stand {
		switch d := d.(type) {
		case *events.AttendanceReported:
			for _, l := range d.Lines {
				if d.Month == month || d.Date != 0 && d.Date.Month() == month {
					reported[stay{l.Person, d.Post}] = true
				}
			}
		case *events.ExitRecorded:
			exits[stay{d.Person, d.Post}] = d.On
		}
	}
	developed := map[string]*events.Event{}
	for _, c := range o.commits {
		for _, e := range c.events {
			if d, ok := e.Data.(*events.PostDeveloped); ok && !c.recorded.After(known) {
				developed[d.Post] = e
			}
		}
	}
	tenures := map[*events.HirePlaced]*tenure{}
	for _, t := range o.tenures(known) {
		tenures[t.hire] = t
	}
	for _, d := range stand {
		h, ok := d.(*events.HirePlaced)
		if !ok || developed[h.Post] == nil {
			continue
		}
		post := *developed[h.Post].Data.(*events.PostDeveloped)
		post.Division = developed[h.Post].Division
		if !strings.HasPrefix(string(postOn(stand, &post, month.First()).Division), prefix) {
			continue
		}
		in := 0
		for day := month.First(); day < (month + 1).First(); day++ {
			if out := exits[stay{h.Person, h.Post}]; h.From <= day && (out < h.From || day < out) && !tenures[h].suspended(day) {
				in = 1
			}
		}
		if in == 1 {
			change(developed[h.Post].Agency(), func(row *reporting.AgencyRow) {
				row.InPlace++
				if reported[stay{h.Person, h.Post}] {
					row.Reported++
				}
				row.ReportedPct = question.Percent(int(float64(row.Reported)/float64(row.InPlace)*10000 + 0.5))
			})
		}
	}
}

// tallied adds up what was submitted.
func (o oracle) tallied(month civil.Month, asOf civil.Date, known time.Time, prefix string, want map[string]reporting.AgencyRow, change func(string, func(*reporting.AgencyRow))) {
	there := slices.Collect(maps.Keys(want))
	for _, c := range o.commits {
		for _, e := range c.events {
			d, ok := e.Data.(*events.SubmissionsTallied)
			if !ok || c.recorded.After(known) || prefix != "" && !slices.Contains(there, d.Agency) {
				continue
			}
			if on := civil.DateIn(d.From, shanghai); on.Month() != month || on > asOf {
				continue
			}
			change(d.Agency, func(row *reporting.AgencyRow) {
				row.Accepted += d.Accepted
				row.Duplicate += d.Duplicate
				for code, n := range d.Rejected {
					row.Rejected += n
					row.Refusals[code] += n
				}
			})
		}
	}
}

// Goal: the answer on agencies, for random months, dates and moments, equals a recount
// over the raw events.
func TestAgenciesRecount(t *testing.T) {
	for range 2 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			w := newWorld(t)
			moneyHistory(w, r)
			last := recount(w).commits
			from := last[len(last)-1].recorded
			for i := range 20 {
				from = from.Add(time.Duration(r.IntN(60)) * time.Hour)
				e := w.event("", &events.SubmissionsTallied{Agency: []string{"north", "south", "stranger"}[r.IntN(3)], From: from, Until: from.Add(time.Minute),
					Accepted: r.IntN(9), Duplicate: r.IntN(2), Rejected: map[string]int{[]string{"not_placed", "unknown_post"}[i%2]: r.IntN(3)}})
				e.Source, e.AuthID = "/gateway", "gateway"
				w.commit(from.Add(time.Minute), e)
			}
			w.settle()
			o := recount(w)
			for range 60 {
				asOf := civil.MustDate("2022-04-20") + civil.Date(r.IntN(120))
				known := at("2022-04-19 00:00").Add(time.Duration(r.IntN(150*24)) * time.Hour)
				month := civil.MustMonth("2022-04") + civil.Month(r.IntN(4))
				prefix := []string{"", "", "37", "3701", "370211"}[r.IntN(5)]
				asked := "/v1/agencies?" + url.Values{"as_of": {asOf.String()}, "known_at": {known.Format(time.RFC3339)}, "division": {prefix}, "month": {month.String()}}.Encode()
				compareAgencies(t, w, asked, o.agencies(month, asOf, known, prefix))
			}
		})
	}
}

func compareAgencies(t *testing.T, w *world, asked string, want map[string]reporting.AgencyRow) {
	t.Helper()
	got := map[string]reporting.AgencyRow{}
	answer := ask[reporting.Agencies](w, asked)
	for _, row := range answer.Rows {
		got[row.Agency] = row
	}
	for _, rows := range []map[string]reporting.AgencyRow{got, want} { // a refusal that happened no time is none
		for _, row := range rows {
			maps.DeleteFunc(row.Refusals, func(_ string, n int) bool { return n == 0 })
		}
		maps.DeleteFunc(rows, func(name string, row reporting.AgencyRow) bool {
			return len(row.Refusals) == 0 && reflect.DeepEqual(row, reporting.AgencyRow{Agency: name, Refusals: row.Refusals})
		})
	}
	if !reflect.DeepEqual(got, want) || answer.Views[agency.ViewName] != 1 {
		t.Fatalf("%s\n got %+v\nwant %+v", asked, got, want)
	}
}
