package placement

import (
	"iter"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// FreeSeat returns the seat for a hire that names none. Among the seats that the post has on the
// on-duty day, it is the lowest of those with the fewest people on them from that day on. free
// reports whether nobody is on it. The seat is 0 if the post has none on that day.
func (s *State) FreeSeat(e *events.Event, d *events.HirePlaced) (seat int, free bool) {
	post, _ := s.PostWithout(e, d.Post)
	size := post.Seats(d.From)
	if size == 0 {
		return 0, false
	}
	j := s.judge(e)
	var mine placing.Placement
	for _, t := range j.after {
		if t.Hire == 0 {
			mine = t
		}
	}
	var few [16]int
	people := append(few[:0], make([]int, size)...)
	for _, t := range j.after {
		if t.Post == mine.Post && int(t.Seat) <= size && t.Seat > 0 && t.Hire != 0 && !t.Repeated && t.Overlaps(mine.From, mine.Exit) {
			people[t.Seat-1]++
		}
	}
	for _, f := range j.others(mine.Post) {
		if int(f.seats) <= size && f.seats > 0 && !f.again && placing.Overlap(f.day, f.exit, mine.From, mine.Exit) {
			people[f.seats-1]++
		}
	}
	least := slices.Min(people)
	return slices.Index(people, least) + 1, least == 0
}

// Contradictions returns a reason for each hard rule that e would break, or nil if it breaks
// none. The codes are PersonPlaced, SeatTaken, HasExit and SeatsOccupied; if e takes back an
// exit, also PostNotOpen and NoSuchSeat. A hire must name its seat.
func (s *State) Contradictions(e *events.Event) events.Reasons {
	j := s.judge(e)
	for i := range j.after {
		j.judgeDays(&j.after[i])
		j.judgeEmpty(&j.after[i])
	}
	j.judgeExit()
	j.judgeSeats()
	return j.reasons
}

// A judgement collects the reasons against one event.
type judgement struct {
	state           *State
	change          change
	supersededField string              // path of the field that names the superseded event
	field           string              // path of the field for reasons that have none of their own
	persons         []uint32            // whom the change affects
	after           []placing.Placement // of persons, as they would be after the change; repeated hires included
	reasons         events.Reasons
}

// judge computes what e would change. A person or post that no event has named yet has number 0.
func (s *State) judge(e *events.Event) *judgement {
	j := &judgement{state: s, change: change{superseded: s.supersededFact(e)}, supersededField: "replaces"}
	said := stated(e)
	f := said.fact
	if f.kind != noFact {
		f.post = s.named(said.post)
		if f.kind.ofPerson() {
			f.of = s.known(said.person)
		}
		j.change.new, j.change.detail = &f, said.detail
	}
	if e.Type == events.EventWithdrawnType {
		j.supersededField = "data.id"
	}
	switch j.field = j.supersededField; e.Type {
	case events.HirePlacedType:
		j.field = "data.from"
	case events.ExitRecordedType, events.PostClosedType:
		j.field = "data.on"
	case events.PostResizedType:
		j.field = "data.seats"
	default: // the others need nothing here
	}
	j.affects(s.facts.At(j.change.superseded))
	if j.change.new != nil {
		j.affects(&f)
	}
	return j
}

// affects adds the person of a fact, and the placements of the person after the change.
func (j *judgement) affects(f *fact) {
	if !f.kind.ofPerson() || slices.Contains(j.persons, f.of) {
		return
	}
	j.persons = append(j.persons, f.of)
	j.after = j.state.paired(j.after, f.of, j.change)
}

// others yields the hires on a post of the persons whom the change does not affect.
func (j *judgement) others(post uint32) iter.Seq2[uint32, *fact] {
	return func(yield func(uint32, *fact) bool) {
		for n, f := range j.state.hires(post) {
			if !slices.Contains(j.persons, f.of) && !yield(n, f) {
				return
			}
		}
	}
}

// takes returns a placement of another person on the seat of t that has a day of [from, until)
// after the change, and false if there is none.
func (j *judgement) takes(t *placing.Placement, from, until civil.Date) (placing.Placement, bool) {
	for _, o := range j.after {
		if o.Post == t.Post && o.Person != t.Person && o.Seat == t.Seat && o.Overlaps(from, until) {
			return o, true
		}
	}
	for n, f := range j.others(t.Post) {
		if f.of != t.Person && int32(f.seats) == t.Seat && placing.Overlap(f.day, f.exit, from, until) {
			return f.ended(n), true
		}
	}
	return placing.Placement{}, false
}

// judgeDays checks the days that the change newly adds to a placement. On these days nobody
// else may be on the seat, and the person may be on no other seat.
func (j *judgement) judgeDays(t *placing.Placement) {
	from, until := t.From, t.Exit
	if t.Hire != 0 {
		before := j.state.facts.At(t.Hire).exit
		if before == 0 || t.Exit != 0 && t.Exit <= before {
			return
		}
		from = max(from, before)
		j.judgeOpen(t, from)
	}
	for i := range j.after {
		if o := &j.after[i]; o != t && o.Person == t.Person && o.Overlaps(from, until) {
			j.refuse(PersonPlaced, "data.person", events.Say(
				"is in place on post %s from %s on%s; record the exit there first, or correct that hire",
				"该人员自%[2]s起在岗位%[1]s上%[3]s；请先登记其退出，或更正该上岗", j.name(o.Post), o.From, ended(o.Exit)))
			break
		}
	}
	if o, taken := j.takes(t, from, until); taken {
		j.refuse(SeatTaken, "data.seat", events.Say(
			"seat %d is taken from %s on%s; record that exit first, or choose another seat",
			"%d号名额自%s起有人%s；请先登记其退出，或另选名额", t.Seat, o.From, ended(o.Exit)))
	}
}

// ended returns the end of a sentence that names an exit, if there is one.
func ended(exit civil.Date) events.Sentence {
	if exit == 0 {
		return events.Sentence{}
	}
	return events.Say(" until %s", "，至%s为止", exit)
}

// judgeOpen refuses to put a person back on a seat that was taken away since.
func (j *judgement) judgeOpen(t *placing.Placement, from civil.Date) {
	h := j.state.posts.At(t.Post).shape
	if from == t.From && h.Seats(from) < int(t.Seat) {
		j.refuse(NoSuchSeat, "", events.Say(
			"the person would be in place on seat %d, which the post has not on %s; correct the hire first",
			"该人员将在%d号名额上岗，而岗位在%s没有这个名额；请先更正上岗", t.Seat, from))
		return
	}
	if h.closed != 0 && placing.Overlap(from, t.Exit, h.closed, 0) {
		j.refuse(PostNotOpen, "", events.Say(
			"the person would be in place again on a post that closed on %s; withdraw the closing first",
			"该人员将重新在岗，而岗位已于%s撤销；请先撤回岗位撤销", h.closed))
		return
	}
	for i, p := range h.Steps {
		var next civil.Date
		if i+1 < len(h.Steps) {
			next = h.Steps[i+1].From
		}
		if p.Seats < int(t.Seat) && placing.Overlap(from, t.Exit, p.From, next) {
			j.refuse(NoSuchSeat, "", events.Say(
				"the person would be in place again on seat %d, which the post has not from %s on; correct the number of seats first",
				"该人员将重新在%d号名额上，而岗位自%s起没有这个名额；请先更正名额数", t.Seat, p.From))
			return
		}
	}
}

// judgeEmpty refuses a new hire that an exit in the books ends on the day it begins:
// the agency would be told that the hire was taken, and it would never count. A
// correction may leave a placement empty, since that is how a hire that never was is
// said to have ended, but not by an exit that has ended another hire.
func (j *judgement) judgeEmpty(t *placing.Placement) {
	if t.Hire != 0 || t.Exit == 0 || t.Exit != t.From {
		return
	}
	another := func(o placing.Placement) bool { return o.Hire != 0 && o.Holder == t.Holder && o.Exit == t.Exit }
	if j.change.superseded == 0 || slices.ContainsFunc(j.after, another) {
		j.refuse(HasExit, "data.from", events.Say(
			"an exit on %s is in the books, so that the hire would end on the day it begins and never count; withdraw that exit first, or hire from a later day",
			"账上有%s的退出，上岗当天即告结束，不会计数；请先撤销该退出，或改为更晚的日期上岗", t.Exit))
	}
}

// judgeExit refuses to take back a hire that an exit ends, unless the exit would still end a
// placement of the person on that post.
func (j *judgement) judgeExit() {
	g := j.state.facts.At(j.change.superseded)
	if g.kind != hired || g.exit == 0 {
		return
	}
	for _, t := range j.after {
		if t.Holder == g.holder() && t.Exit == g.exit && (t.Hire == 0 || j.state.facts.At(t.Hire).exit == g.exit) {
			return
		}
	}
	j.add(HasExit, j.supersededField, events.Say(
		"the placement ended on %s, and the exit would end nothing; withdraw the exit first",
		"该上岗已于%s退出，撤销后退出将无所对应；请先撤销退出", g.exit))
}

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

func (j *judgement) name(post uint32) string { return j.state.posts.At(post).name }

// refuse adds a reason. If e is no hire, it has no field of that name, and the reason points
// at j.field.
func (j *judgement) refuse(code events.Code, field string, s events.Sentence) {
	if n := j.change.new; n == nil || n.kind != hired || field == "" {
		field = j.field
	}
	j.add(code, field, s)
}

// add adds a reason, unless there is one with the same code.
func (j *judgement) add(code events.Code, field string, s events.Sentence) {
	if !slices.ContainsFunc(j.reasons, func(r events.Reason) bool { return r.Code == code }) {
		j.reasons = append(j.reasons, events.ReasonOf(code, field, s))
	}
}
