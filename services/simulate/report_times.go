package simulate

import (
	"math"

	"github.com/muster-works/muster/events/civil"
)

// Delays of reports: a range of days and how frequent it is.
var (
	hireDelays = []share[[2]int]{{[2]int{-2, -1}, .30}, {[2]int{0, 3}, .62}, {[2]int{4, 10}, .06}, {[2]int{11, 30}, .015}, {[2]int{31, 120}, .005}}
	lateDelays = []share[[2]int]{{[2]int{1, 10}, .75}, {[2]int{11, 30}, .1875}, {[2]int{31, 120}, .0625}}
)

const (
	onTime  = .94 // part of the sheets by the due day; .92 after waiting for late hires
	unready = .03 // part of the trainings that are reported weeks after the hire
)

// soonAfter returns an instant on a day.
func (w *world) soonAfter(d *random, day civil.Date) instant {
	return w.instantOf(day) + instant(d.intn(2))
}

// planReports sets when people, posts, pay and facts are reported.
func (w *world) planReports() {
	for i := range w.placements {
		w.planPlacementReports(i)
	}
	for i := range w.posts {
		p := &w.posts[i]
		d := w.random(forPosts, i)
		p.delivered = w.instantOf(p.from) + instant(d.intn(7))
		for n := p.people[0]; n < p.people[1]; n++ {
			p.delivered = min(p.delivered, w.placements[n].hired)
		}
		if p.growsFrom != 0 {
			p.resized = w.soonAfter(&d, p.growsFrom-5)
		}
		for n := p.people[0]; n < p.people[1]; n++ {
			w.decideModes(n)
		}
	}
	for i := range w.counties {
		w.planPayRuns(i)
	}
	w.planRegistryReports()
}

// planPlacementReports sets when the events of a placement are reported.
func (w *world) planPlacementReports(i int) {
	p := &w.placements[i]
	d := w.random(forHire, i)
	days := pick(hireDelays, d.float())
	p.hired = w.soonAfter(&d, p.from+civil.Date(d.between(days[0], days[1])))
	if p.trained = p.hired + instant(d.intn(8)); d.chance(unready) {
		p.trained += instant(d.between(20, 90))
	}
	p.assigned = p.hired + instant(d.intn(6))
	if p.renewedUntil != 0 {
		p.renewed = max(w.soonAfter(&d, p.until-civil.Date(d.between(1, 10))), p.hired+1)
	}
	if p.exit == 0 {
		return
	}
	delay := int(math.Min(d.lognormal(reportMedian, reportSigma), 120))
	if p.died {
		delay = d.between(15, 60)
	}
	p.exited = max(w.soonAfter(&d, p.exit+civil.Date(delay)), p.hired+1, p.renewed+1)
}

// decideModes finds out whether the hire or the exit of placement i is delivered while,
// by what was delivered before, another person has the seat or the person is elsewhere,
// because the exit of the placement before is late. Such an event carries the mode
// record.
func (w *world) decideModes(i int32) {
	p := &w.placements[i]
	post := &w.posts[w.seats[p.seat].post]
	for j := post.people[0]; j < post.people[1]; j++ {
		if j != i && w.placements[j].seat == p.seat {
			w.compareReports(i, j)
		}
	}
	if p.otherPlacement >= 0 {
		w.compareReports(i, p.otherPlacement)
	}
}

// compareReports compares placement i with j, which has the same seat or the same
// person. Within an instant exits come before hires, and each in the order of
// placements.
func (w *world) compareReports(i, j int32) {
	p, q := &w.placements[i], &w.placements[j]
	if begun := q.hired < p.hired || q.hired == p.hired && j < i; begun {
		over := q.exit != 0 && q.exit <= p.from && q.exited <= p.hired
		p.record = p.record || !over
	}
	if p.exit != 0 && q.hired < p.exited && q.from < p.exit {
		over := q.exit != 0 && q.exit <= p.from && (q.exited < p.exited || q.exited == p.exited && j < i)
		p.recordExit = p.recordExit || !over
	}
}
