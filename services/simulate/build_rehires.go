package simulate

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/civil"
)

// arrangePlacements sorts placements by post and seat, has some people who left come
// back elsewhere, makes some couples, and removes people without a placement.
func (w *world) arrangePlacements() {
	kept := make([]placement, 0, len(w.placements))
	for i := range w.posts {
		p := &w.posts[i]
		p.people[0] = int32(len(kept))
		for s := p.seats[0]; s < p.seats[1]; s++ {
			for n := w.seats[s].first; n >= 0; n = w.placements[n].next {
				kept = append(kept, w.placements[n])
			}
		}
		p.people[1] = int32(len(kept))
	}
	w.placements = kept
	w.makeRehires()
	w.renumberPeople()
	w.makeSpouses()
	w.filler = nil
}

// makeRehires places people who left by their own wish, forty days before or more, on
// seats that fall vacant in the same county and area.
func (w *world) makeRehires() {
	byFrom := w.order(func(p *placement) civil.Date { return p.from })
	byExit := w.order(func(p *placement) civil.Date { return p.exit })
	free := make([][]int32, 2*len(w.counties))
	pool := func(i int32) *[]int32 {
		post := &w.posts[w.seats[w.placements[i].seat].post]
		return &free[2*int(post.county)+boolIndex(post.urban)]
	}
	again := map[int32]bool{}
	for _, i := range byFrom {
		p := &w.placements[i]
		for len(byExit) > 0 && w.placements[byExit[0]].exit+40 < p.from {
			left := &w.placements[byExit[0]]
			if (left.code == "N1" || left.code == "N5") && !again[left.person] {
				list := pool(byExit[0])
				*list = append(*list, byExit[0])
			}
			byExit = byExit[1:]
		}
		backfill := i > 0 && w.placements[i-1].seat == p.seat
		if list := pool(i); backfill && p.code != codeRetired && len(*list) > 0 && w.filler.r.Float64() < rehiredShare/(1-rehiredShare) {
			left := &w.placements[(*list)[0]]
			*list = (*list)[1:]
			if w.suitsRehire(left, p) {
				p.person, p.group = left.person, left.group
				again[p.person] = true
			}
		}
	}
}

// order lists the placements that have a date, sorted by the date.
func (w *world) order(date func(*placement) civil.Date) []int32 {
	var list []int32
	for i := range w.placements {
		if date(&w.placements[i]) != 0 {
			list = append(list, int32(i))
		}
	}
	slices.SortStableFunc(list, func(a, b int32) int { return cmp.Compare(date(&w.placements[a]), date(&w.placements[b])) })
	return list
}

// suitsRehire reports whether the person who left could be the person who begins.
func (w *world) suitsRehire(left, begins *placement) bool {
	person := &w.people[left.person]
	post := &w.posts[w.seats[begins.seat].post]
	g := w.groups[boolIndex(post.urban)][left.group].of
	leaves := birthday(person.birth, g.spans[person.sex()].until)
	return w.seats[left.seat].post != w.seats[begins.seat].post &&
		leaves > max(begins.until, begins.renewedUntil, begins.exit, begins.from+60)
}

// renumberPeople numbers people by their first placement, and removes the others.
func (w *world) renumberPeople() {
	numbers := make([]int32, len(w.people))
	people := make([]person, 0, len(w.placements))
	for i := range w.placements {
		p := &w.placements[i]
		if n := numbers[p.person]; n != 0 {
			p.person = n - 1
			who := &people[p.person]
			p.otherPlacement, w.placements[who.firstPlacement].otherPlacement = who.firstPlacement, int32(i)
			if w.placements[who.firstPlacement].from > p.from {
				who.firstPlacement = int32(i)
			}
			continue
		}
		who := w.people[p.person]
		who.firstPlacement, who.phoneOwner = int32(i), int32(len(people))
		people = append(people, who)
		numbers[p.person] = int32(len(people))
		p.person = int32(len(people)) - 1
	}
	w.people = people
}

// makeSpouses gives some couples of neighbours one household and one phone.
func (w *world) makeSpouses() {
	for i := 1; i < len(w.people); i++ {
		a, b := &w.people[i-1], &w.people[i]
		if a.county == b.county && a.sex() != b.sex() && a.phoneOwner == int32(i-1) && max(a.birth-b.birth, b.birth-a.birth) < 3653 &&
			w.filler.r.Float64() < spouseShare {
			b.phoneOwner = a.phoneOwner
		}
	}
}
