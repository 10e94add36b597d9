package placement

import (
	"iter"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/rules/placing"
)

// FreeSeat returns the seat for a hire that names none. If the hire replaces one on the post whose
// seat is free, it is that seat. Otherwise it is, among the seats that the post has on the on-duty
// day, the lowest of those with the fewest people on them from that day on. free reports whether
// nobody is on it. The seat is 0 if the post has none on that day.
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
		if int(f.seats) <= size && f.seats > 0 && !f.flags.has(again) && placing.Overlap(f.day, f.exit, mine.From, mine.Exit) {
			people[f.seats-1]++
		}
	}
	if g := s.facts.At(j.change.superseded); g.kind == hired && g.post == mine.Post && g.seats > 0 && int(g.seats) <= size && people[g.seats-1] == 0 {
		return int(g.seats), true
	}
	least := slices.Min(people)
	return slices.Index(people, least) + 1, least == 0
}

// Contradictions returns a reason for each hard rule that e would break, or nil if it breaks
// none. The codes are PersonPlaced, SeatTaken, HasExit, HasSuspension, AlreadyExited and
// SeatsOccupied; if e takes back an exit, also PostNotOpen and NoSuchSeat. A hire must name its
// seat.
func (s *State) Contradictions(e *events.Event) events.Reasons {
	j := s.judge(e)
	for i := range j.after {
		j.judgeDays(&j.after[i])
		if !j.after[i].Repeated {
			j.judgeSharing(&j.after[i])
		}
		j.judgeEmpty(&j.after[i])
	}
	j.judgeExit()
	j.judgeSuspensions()
	j.judgeSeats()
	if j.reasons == nil {
		j.judgePairs()
	}
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
	case events.HireSuspendedType:
		j.field = "data.from"
	case events.HireRenewedType:
		j.field = "data.until"
	case events.ExitRecordedType, events.PostClosedType, events.HireResumedType, events.HireChangedType, events.PersonIdentifiedType:
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
