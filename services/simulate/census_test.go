package simulate

import (
	"fmt"
	"sync"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
)

var shandong = sync.OnceValues(division.Shandong)

func province(t testing.TB, scale float64, seed uint64) Config {
	t.Helper()
	divisions, err := shandong()
	if err != nil {
		t.Fatal(err)
	}
	pack, err := policy.Reference()
	if err != nil {
		t.Fatal(err)
	}
	return Config{Scale: scale, Seed: seed, Divisions: divisions, Policy: pack}
}

func submissions(t testing.TB, cfg Config) func(func(Submission) bool) {
	t.Helper()
	seq, err := Run(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// Goal: the published figures come out exactly at any scale and seed. Method: they are
// counted again from the submissions alone.
func TestFigures(t *testing.T) {
	for _, c := range []struct {
		scale                         float64
		planned, developed, may, june int
	}{
		{.001, 400, 410, 351, 400},
		{.003, 1200, 1229, 1054, 1200},
		{.01, 4000, 4097, 3515, 4000},
	} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprint(c.scale, seed), func(t *testing.T) {
				got := [4]int{}
				from, exits := map[string]civil.Date{}, map[string]civil.Date{} // by person and post
				seats := map[string]int{}
				for s := range submissions(t, province(t, c.scale, seed)) {
					if s.Invalid {
						continue
					}
					switch d := s.Event.Data.(type) {
					case *events.PlanSet:
						if seats[s.Event.Source+s.Event.ID]++; seats[s.Event.Source+s.Event.ID] == 1 {
							got[0] += d.Posts
						}
					case *events.PostDeveloped:
						if seats[d.Post]++; seats[d.Post] == 1 && d.From <= firstCensus {
							got[1] += d.Seats
						}
					case *events.PostResized:
						if d.From <= firstCensus {
							t.Errorf("%s resized before the census", d.Post)
						}
					case *events.HirePlaced:
						from[d.Identity.IDNumber+d.Post] = d.From
					case *events.ExitRecorded:
						exits[d.Identity.IDNumber+d.Post] = d.On
					}
				}
				for who, day := range from {
					for i, on := range []civil.Date{firstCensus, secondCensus} {
						if exit := exits[who]; day <= on && (exit == 0 || exit > on) {
							got[2+i]++
						}
					}
				}
				if want := [4]int{c.planned, c.developed, c.may, c.june}; got != want {
					t.Errorf("planned, developed, placed in May and June: %v, want %v", got, want)
				}
			})
		}
	}
}
