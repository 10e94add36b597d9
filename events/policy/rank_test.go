package policy

import (
	"testing"

	"github.com/muster-works/muster/events/division"
)

// Goal: reports are ranked by the capacity and the level of the reporting agency, as the
// pack lists them.
// Method: reports from the highest rank to the lowest, for two lists.
func TestRank(t *testing.T) {
	type report struct {
		inspection bool
		level      division.Level
	}
	const province, prefecture, county, township, village = division.Province, division.Prefecture, division.County, division.Township, division.Village
	for _, c := range []struct {
		name  string
		ranks []string
		want  [][]report // reports of one rank, from the highest rank on
	}{
		{"as the programme says", nil, [][]report{
			{{true, 0}, {true, village}}, {{false, province}}, {{false, prefecture}}, {{false, county}}, {{false, township}},
			{{false, village}, {false, 0}},
		}},
		{"the township alone goes before", []string{"township", Inspection}, [][]report{
			{{false, township}}, {{true, province}}, {{false, province}, {false, county}, {false, 0}},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := Attendance{Ranks: c.ranks}
			above := 1 << 30
			for _, reports := range c.want {
				rank := a.Rank(reports[0].inspection, reports[0].level)
				if rank >= above {
					t.Errorf("%v has the rank %d, want less than %d", reports[0], rank, above)
				}
				for _, r := range reports {
					if got := a.Rank(r.inspection, r.level); got != rank {
						t.Errorf("%v has the rank %d, want %d", r, got, rank)
					}
				}
				above = rank
			}
		})
	}
}

// Goal: a pack of before says what it said: four kinds of pay lines and 92 days.
// Method: the defaults of the reference pack are asked for.
func TestDefaults(t *testing.T) {
	p, err := Reference()
	if err != nil {
		t.Fatal(err)
	}
	for code, counts := range map[string]bool{"allowance": true, "arrears": true, "insurance": false, "delay_compensation": false} {
		if k, ok := p.PayKind(code); !ok || k.Counts != counts || k.Label == "" {
			t.Errorf("%s: %+v, %v", code, k, ok)
		}
	}
	if p.PayKinds = []PayKind{{Code: "heat", Title: "heat allowance", Counts: true}}; p.Ahead() != 92 {
		t.Errorf("%d days ahead", p.Ahead())
	}
	if _, ok := p.PayKind("allowance"); ok {
		t.Error("a pack that lists kinds has others beside them")
	}
	if p.AheadDays = 7; p.Ahead() != 7 {
		t.Errorf("%d days ahead, want 7", p.Ahead())
	}
}
