package simulate

import (
	"slices"
	"time"

	"github.com/muster-works/muster/events/civil"
)

// planChanges chooses what holds of posts and people from a day on: counties that raise their
// standard in July, posts that move to another village of their township, people who are
// suspended for a month, and people who change their group or their name. Nothing that is a case is touched.
func (w *world) planChanges() {
	for i := range w.counties {
		c := &w.counties[i]
		d := w.random(forChanges, i)
		if c.requiredDays != 0 && d.chance(raisedCounties) {
			c.raised = w.monthOf(time.July)
		}
	}
	for i := range w.posts {
		p := &w.posts[i]
		d := w.random(forChanges, len(w.counties)+i)
		if m := 1 + d.intn(max(1, len(w.months)-1)); d.chance(movedPosts) && m < len(w.months) && w.months[m].first > p.from {
			p.movesOn, p.movesTo = w.months[m].first, w.neighbour(p.village)
		}
	}
	w.planMergers()
	for i := range w.placements {
		p := &w.placements[i]
		p.suspendedMonth = -1
		d := w.random(forChanges, len(w.counties)+len(w.posts)+i)
		if d.chance(suspendedShare) && p.cardMonth < 0 && p.paidTwiceMonth < 0 && !w.posts[w.seats[p.seat].post].fullAttendance {
			p.suspendedMonth = w.someMonth(&d, p)
		}
		if d.chance(regroupedShare) && p.from+60 < w.cfg.Until && p.covers(p.from+60) && !w.posts[w.seats[p.seat].post].urban {
			p.regroupedOn = p.from + 60
		}
		if d.chance(renamedShare) && p.from+90 < w.cfg.Until && p.covers(p.from+90) {
			p.renamedOn = p.from + 90
		}
	}
}

// planMergers chooses villages that are merged into a neighbour. Their posts move there.
func (w *world) planMergers() {
	posts := map[int32][]int{}
	for i := range w.posts {
		posts[w.posts[i].village] = append(posts[w.posts[i].village], i)
	}
	for v := range w.villages {
		village := int32(v)
		d := w.random(forMergers, v)
		m, to := 1+d.intn(max(1, len(w.months)-1)), w.neighbour(village)
		if len(posts[village]) == 0 || !d.chance(mergedVillages) || m >= len(w.months) || to == village {
			continue
		}
		on := w.months[m].first
		if slices.ContainsFunc(posts[village], func(i int) bool { return w.posts[i].from >= on || w.posts[i].moves() }) || w.receives(village, to) {
			continue
		}
		for _, i := range posts[village] {
			w.posts[i].movesOn, w.posts[i].movesTo = on, to
		}
		w.mergers = append(w.mergers, merger{village, to, on, w.posts[posts[village][0]].county})
	}
}

// receives reports whether posts move to a village that is to be merged, or the village that it is
// merged into is merged itself.
func (w *world) receives(village, to int32) bool {
	return slices.ContainsFunc(w.posts, func(p post) bool { return p.moves() && p.movesTo == village }) ||
		slices.ContainsFunc(w.mergers, func(m merger) bool { return m.village == to })
}

// A merger is a village that ends on a day and becomes a part of another one.
type merger struct {
	village, to int32
	on          civil.Date
	county      int32
}

// monthOf returns the index of a month of the first year, or one after the last if the period has
// none.
func (w *world) monthOf(month time.Month) int8 {
	for i := range w.months {
		if _, m, _ := w.months[i].first.Split(); m == month {
			return int8(i)
		}
	}
	return int8(len(w.months))
}

// neighbour returns another village of the township, or the village itself if there is none.
func (w *world) neighbour(village int32) int32 {
	township := w.villages[village].code[:9]
	for _, n := range [...]int32{village + 1, village - 1} {
		if n >= 0 && int(n) < len(w.villages) && w.villages[n].code[:9] == township {
			return n
		}
	}
	return village
}

// moves reports whether the post moves to another village.
func (p *post) moves() bool { return p.movesOn != 0 && p.movesTo != p.village }

// isSuspended reports whether a person does not work in a month.
func (p *placement) isSuspended(month int) bool { return int(p.suspendedMonth) == month }

// regroupedTo is the group that people change to.
const regroupedTo = "disabled"

// canRegroup reports whether the pack has the group that people change to, and the person is in
// another one.
func (w *world) canRegroup(p *placement) bool {
	groups := w.groups[0]
	if groups[p.group].of.code == regroupedTo {
		return false
	}
	for _, g := range groups {
		if g.of.code == regroupedTo {
			return true
		}
	}
	return false
}

// announced returns an instant shortly before a day, but after another instant.
func (w *world) announced(on civil.Date, after instant) instant {
	return max(w.instantOf(on)-4, after+1)
}
