package simulate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
)

// A county is an agency, with its villages and its own rules of payment.
type county struct {
	code         division.Code
	agency       string     // source of the events of the agency
	fund         string     // id of the fund of the county
	standard     [2]int32   // allowance of a full month in fen, by area
	requiredDays int8       // days of a full month in rural posts; 0 is the number of the pack
	plannedSeats [2]int     // planned seats, by area
	posts        [2]int     // posts: first, and one after the last
	monthlyFund  events.Fen // largest amount that a month can cost
	raised       int8       // month from which the standard is higher; 0 is never
	runs         []payRun   // pay runs, by month
}

// A village is a division in which posts are.
type village struct {
	code   division.Code
	county int32
	urban  bool
}

// buildCounties makes the counties and villages of the division table.
func (w *world) buildCounties() error {
	for c := range w.cfg.Divisions.Under("") {
		if c.Level() != division.Village {
			continue
		}
		if !c.Under(w.cfg.Policy.Jurisdiction) {
			return fmt.Errorf("%w: the policy pack %s does not hold in %s", ErrConfig, w.cfg.Policy.Version, c)
		}
		code := c.At(division.County)
		if n := len(w.counties); n == 0 || w.counties[n-1].code != code {
			w.counties = append(w.counties, w.newCounty(code))
		}
		// Township codes below 100 are subdistricts of a town.
		w.villages = append(w.villages, village{code: c, county: int32(len(w.counties) - 1), urban: c[6] == '0'})
	}
	if len(w.villages) == 0 {
		return fmt.Errorf("%w: the division table holds no village", ErrConfig)
	}
	return nil
}

// newCounty makes a county with its agency and its rules of payment.
func (w *world) newCounty(code division.Code) county {
	pay, d := w.cfg.Policy.Payment, w.random(forLand, len(w.counties))
	c := county{
		code: code, agency: "/agency/" + code.Prefix() + "-rsj", fund: fmt.Sprintf("F-%d-%s", w.cfg.From.Month().Year(), code.Prefix()),
		standard: [2]int32{int32(pay.Standard.Rural), int32(pay.Standard.Urban)},
	}
	// Three counties in ten have an allowance and a number of days of their own.
	if d.chance(.3) {
		c.standard[0] = c.standard[0] / 100 * int32(d.between(100, 130))
		c.standard[1] = c.standard[1] / 100 * int32(d.between(95, 110))
		c.requiredDays = int8(d.between(15, 20))
	}
	return c
}

// weightedVillages returns a function that draws villages of an area, larger villages
// more often.
func (w *world) weightedVillages(urban bool) func(*rand.Rand) int32 {
	d := w.random(forLand, -1-boolIndex(urban))
	var at []int32
	var sums []float64
	sum := 0.0
	collect := func(all bool) {
		for i, v := range w.villages {
			if all || v.urban == urban {
				sum += d.lognormal(1, .7)
				at, sums = append(at, int32(i)), append(sums, sum)
			}
		}
	}
	if collect(false); len(at) == 0 {
		collect(true)
	}
	return func(r *rand.Rand) int32 {
		return at[min(sort.SearchFloat64s(sums, r.Float64()*sum), len(at)-1)]
	}
}

// planPosts distributes the planned seats of both areas among the counties in
// proportion to their seats. The parts add up to the whole.
func (w *world) planPosts() {
	weights := make([]int, 2*len(w.counties))
	for _, p := range w.posts {
		weights[2*int(p.county)+boolIndex(p.urban)] += int(p.size)
	}
	for i, n := range apportion(w.scaled(planned), weights) {
		w.counties[i/2].plannedSeats[i%2] = n
	}
}

// apportion distributes n in proportion to weights, by the largest remainders.
func apportion(n int, weights []int) []int {
	sum := 0
	for _, x := range weights {
		sum += x
	}
	parts, order := make([]int, len(weights)), make([]int, len(weights))
	rest := n
	for i, x := range weights {
		parts[i] = n * x / sum
		order[i] = i
		rest -= parts[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return n*weights[b]%sum - n*weights[a]%sum })
	for _, i := range order[:rest] {
		parts[i]++
	}
	return parts
}

// boolIndex returns 1 for true and 0 for false.
func boolIndex(b bool) int {
	if b {
		return 1
	}
	return 0
}
