package simulate

import (
	"math"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// Goal: each case is as frequent as the description of the programme says. Method: the
// cases are counted in the submissions of a year.
func TestFrequencies(t *testing.T) {
	const scale = .03
	cfg := province(t, scale, 11)
	n := map[string]float64{}
	full := map[civil.Month]int{} // working days of a person who is always present
	seen := map[events.Key]bool{}
	var sheets []*events.AttendanceReported
	for s := range submissions(t, cfg) {
		n["submissions"]++
		if s.Invalid {
			n["invalid"]++
			continue
		}
		if seen[s.Event.Key()] {
			n["same id"]++
			continue
		}
		seen[s.Event.Key()] = true
		switch d := s.Event.Data.(type) {
		case *events.HirePlaced:
			n["hires"]++
			if d.From > civil.On(2022, 7, 1) {
				n["late hires"]++
			}
		case *events.PostDeveloped:
			n["posts"]++
			n["seats"] += float64(d.Seats)
			n[d.Area+" seats"] += float64(d.Seats)
			n[d.Category] += float64(d.Seats)
		case *events.ExitRecorded:
			n["exits"]++
			if d.Estimated != "" {
				n["estimated exits"]++
			}
			n[d.Code[:1]+" exits"]++
			n[d.Code]++
			if d.On >= civil.On(2022, 7, 1) {
				n["exits of six months"]++
			}
			if d.Note == "本人死亡" {
				break // reported later than the others
			}
			n["others"]++
			if late := civil.DateIn(s.Delivered, zone) - d.On; late <= 4 {
				n["exits in 4 days"]++
			} else if late > 35 {
				n["exits after 35 days"]++
			}
		case *events.PaymentInstructed:
			for _, l := range d.Lines {
				if l.Kind == "" {
					n["allowances"]++
				}
			}
		case *events.PaymentSettled:
			for _, l := range d.Lines {
				if l.Amount > 0 {
					n["parts"]++
				}
			}
		case *events.PostChanged:
			if n["raises"]++; d.Division != "" {
				n["raises"]--
				n["moves"]++
			}
		case *events.HireSuspended:
			n["suspensions"]++
		case *events.HireChanged:
			n["changes of group"]++
		case *events.PersonIdentified:
			n["changes of name"]++
		case *events.DivisionsAdopted:
			n["mergers"]++
		case *events.PaymentReturned:
			n["returned"] += float64(len(d.Lines))
		case *events.PaymentRejected:
			n["rejected"] += float64(len(d.Lines))
		case *events.FundSurrendered:
			n["surrenders"]++
		case *events.AttendanceReported:
			if d.Date != 0 {
				n["inspections"]++
				continue
			}
			if s.Event.Replaces != "" {
				n["sheets corrected"]++
				continue
			}
			if n["sheets"]++; civil.DateIn(s.Delivered, zone) <= (d.Month+1).First()+4 {
				n["sheets on time"]++
			}
			sheets = append(sheets, d)
			for _, l := range d.Lines {
				full[d.Month] = max(full[d.Month], present(l.Marks))
			}
		}
	}
	for _, d := range sheets {
		for _, l := range d.Lines {
			if last := len(l.Marks) - 1; l.Marks[last] == '-' || l.Marks[0] == '-' {
				continue // in place for a part of the month
			}
			switch n["lines"]++; present(l.Marks) {
			case full[d.Month]:
				n["full"]++
			case 0:
				n["absent"]++
			}
		}
	}
	for _, c := range []struct {
		of, in          string
		want, tolerance float64
	}{
		{"same id", "submissions", .005, .1},
		{"invalid", "submissions", .001, .1},
		{"urban seats", "seats", .15, .02},
		{"facility_maintenance", "seats", .30, .1},
		{"social_undertaking", "seats", .10, .1},
		{"sheets on time", "sheets", .92, .01},
		{"sheets corrected", "sheets", .009, .15},
		{"inspections", "sheets", .001, .5},
		{"full", "lines", .88, .02},
		{"absent", "lines", .02, .2},
		{"exits in 4 days", "others", .55, .1},
		{"exits after 35 days", "others", .05, .25},
		{"parts", "allowances", 2 * partialPayments, .15},
		{"rejected", "returned", 1, .5},
		{"suspensions", "hires", .0035, .4},
		{"changes of group", "hires", .002, .5},
		{"changes of name", "hires", .0014, .5},
		{"moves", "posts", .005, .8},
		{"mergers", "posts", .001, .95},
		{"estimated exits", "exits", estimatedExits, .6},
		{"N1", "exits", .30, .15},
		{"N2", "exits", .22, .15},
		{"N3", "exits", .12, .2},
		{"N4", "exits", .06, .4},
		{"N5", "exits", .15, .2},
		{"D exits", "exits", .15, .2},
	} {
		if got := n[c.of] / n[c.in]; math.Abs(got/c.want-1) > c.tolerance {
			t.Errorf("%s: %.4f of %s, want %.4f ± %.0f %%", c.of, got, c.in, c.want, 100*c.tolerance)
		}
	}
	if n["raises"] == 0 {
		t.Error("no county raises its standard")
	}
	if n["surrenders"] == 0 {
		t.Error("no county hands money back at the end of the year")
	}
	if rate := n["exits of six months"] / 6 / (scale * 405_000); math.Abs(rate/.015-1) > .1 {
		t.Errorf("%.4f exits a month, want 0.015", rate)
	}
}

func present(marks string) (n int) {
	for i := range marks {
		if marks[i] == 'P' {
			n++
		}
	}
	return n
}
