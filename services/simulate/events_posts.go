package simulate

import (
	"fmt"
	"strconv"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
)

func (t *eventGenerator) policy() {
	t.emit(events.Adoption(t.w.cfg.Policy))
}

func (t *eventGenerator) plan(i int) {
	c, year := &t.w.counties[i/2], t.w.months[0].month.Year()
	t.emit(t.event(fmt.Sprintf("plan-%d-%s", year, areas[i%2]), c.agency, c.code, 0, &events.PlanSet{
		Division: c.code, Year: year, Area: areas[i%2], Posts: c.plannedSeats[i%2],
	}))
}

// fund allocates what all seats of a county can earn in two parts: for the first half
// of the months and one more, and for the other half and one more.
func (t *eventGenerator) fund(i int) {
	c, year, half := &t.w.counties[i/2], t.w.months[0].month.Year(), len(t.w.months)/2
	months := half + 1
	if i%2 == 1 {
		months = len(t.w.months) - half + 1
	}
	t.emit(t.event(fmt.Sprintf("f-%d-%d", year, i%2+1), c.agency, c.code, t.w.funded(i), &events.FundAllocated{
		Fund: c.fund, Division: c.code, Year: year, Amount: c.monthlyFund * events.Fen(months), Source: "省级就业补助资金",
	}))
}

// surrenderDelay is how many days after the end of the year money is reported as handed back.
const surrenderDelay = 5

// surrender hands back, at the end of the year, half of what a month can cost. One and a half
// months are kept for what is still owed.
func (t *eventGenerator) surrender(county int) {
	c, last := &t.w.counties[county], t.w.months[len(t.w.months)-1].month
	if c.monthlyFund < 2 {
		return
	}
	end := (last + 1).First()
	t.emit(t.event(fmt.Sprintf("u-%d", last.Year()), c.agency, c.code, t.w.instantOf(end+surrenderDelay), &events.FundSurrendered{
		Fund: c.fund, On: end - 1, Amount: c.monthlyFund / 2, Reason: "年终结余上缴",
	}))
}

// funded returns the instant at which a part of a fund is allocated.
func (w *world) funded(i int) instant {
	if i%2 == 0 {
		return 0
	}
	return w.instantOf(w.months[len(w.months)/2].first + 4)
}

func (t *eventGenerator) post(i int) {
	p := &t.w.posts[i]
	c, v, k := &t.w.counties[p.county], t.w.villages[p.village].code, &postKinds[p.category]
	data := &events.PostDeveloped{
		Post: p.id, Category: k.category, Kind: k.kinds[p.kind], Title: k.kinds[p.kind] + "员", Employer: employer(v),
		Division: v, Area: areas[boolIndex(p.urban)], Seats: int(p.size), From: p.from, Fund: c.fund,
	}
	if c.requiredDays != 0 {
		fen, days := t.w.standard(c, p.urban)
		data.Standard, data.RequiredDays = events.Fen(fen), days
	}
	e := t.event("d-"+p.id, c.agency, v, p.delivered, data)
	e.Subject = p.id
	t.emit(e)
}

func (t *eventGenerator) resize(i int) {
	p := &t.w.posts[i]
	e := t.event("z-"+p.id, t.w.counties[p.county].agency, t.w.placeOf(p), p.resized, &events.PostResized{
		Post: p.id, Seats: int(p.size + p.addedSeats), From: p.growsFrom,
	})
	e.Subject = p.id
	t.emit(e)
}

// employer makes the unified social credit code of the committee of a village (GB
// 32100-2015): 54 for authority and kind, the county, nine characters of the body, and
// a check character.
func employer(village division.Code) string {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	n, _ := strconv.ParseUint(string(village[6:]), 10, 64)
	b := append([]byte("54"), village[:6]...)
	b = append(appendDigits(append(b, "MF"...), int(n), 6), 'B')
	sum, weight := 0, 1
	for _, c := range b {
		for i := range alphabet {
			if alphabet[i] == c {
				sum += i * weight
			}
		}
		weight = weight * 3 % 31
	}
	return string(append(b, alphabet[(31-sum%31)%31]))
}
