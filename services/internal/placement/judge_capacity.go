package placement

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// judgeSeats checks the seats that the change takes away from a post: nobody may be on them.
// If no development of the post is left, nobody may ever have been placed on it. A second
// development of a post is not checked, since the service refuses its name.
func (j *judgement) judgeSeats() {
	g := j.state.facts.At(j.change.superseded)
	if !g.kind.ofPerson() {
		j.judgeShape(g.post)
	}
	if n := j.change.new; n != nil && !n.kind.ofPerson() && n.post != g.post && n.kind != developed {
		j.judgeShape(n.post)
	}
}

// judgeShape checks the seats that the change takes away from one post.
func (j *judgement) judgeShape(post uint32) {
	before := j.state.posts.At(post).shape
	if before.Steps == nil {
		return
	}
	after := j.state.shaped(post, j.change)
	for _, f := range j.state.hires(post) {
		if after.Steps == nil {
			j.refuse(SeatsOccupied, "", events.Say(
				"people were placed on the post; take back their hires first", "该岗位有人上过岗；请先撤销他们的上岗"))
			return
		}
		if day := missed(before, after, f); day != 0 {
			j.refuse(SeatsOccupied, "", events.Say(
				"somebody is on seat %d on %s; record the exit first, or choose a later day",
				"%d号名额在%s有人；请先登记退出，或选更晚的日期", f.seats, day))
			return
		}
	}
}

// missed returns the first day of a hire on which its seat existed before the change and
// does not exist after it, or 0 if there is none.
func missed(before, after shape, f *fact) civil.Date {
	gone := func(day civil.Date) bool {
		return placing.Holds(f.day, f.exit, day) && before.Seats(day) >= int(f.seats) && after.Seats(day) < int(f.seats)
	}
	// The number of seats changes on a few days only. It is enough to look at
	// these days and at the first day of the hire.
	var first civil.Date
	look := func(day civil.Date) {
		if day != 0 && (first == 0 || day < first) && gone(day) {
			first = day
		}
	}
	look(f.day)
	for _, h := range [...]shape{before, after} {
		look(h.End)
		for _, t := range h.Steps {
			look(t.From)
		}
	}
	return first
}
