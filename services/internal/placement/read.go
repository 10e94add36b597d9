package placement

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// A Placement is one person on one seat, from From until Exit.
type Placement struct {
	Post  string
	Seat  int
	From  civil.Date // on-duty day
	Exit  civil.Date // first day on which the person is no longer in place; 0 if there is none
	Until civil.Date // end of the agreed term, renewals included; 0 where none was agreed
}

// HasPost reports whether a development of the post stands.
func (s *State) HasPost(post string) bool { return s.posts.At(s.named(post)).shape.detail != 0 }

// Post returns a post by name with the details of its first day, and false if no development
// of it stands. [Post.On] returns it with those of another day.
func (s *State) Post(post string) (Post, bool) { return s.view(s.posts.At(s.named(post)).shape) }

// PostWithout is Post as if the event that e replaces or withdraws had never been recorded.
func (s *State) PostWithout(e *events.Event, post string) (Post, bool) {
	if c := (change{superseded: s.supersededFact(e)}); c.superseded != 0 {
		return s.view(s.shaped(s.named(post), c))
	}
	return s.Post(post)
}

// Find returns the post that e names, as PostWithout does, or the reason why e may not name it:
// UnknownPost, or DivisionOutside if the post lies outside the division of the event, for which
// the agency is entitled to report. The post counts as lying where it lies on the business date
// of the event; if that is a month, where it lies on any day of it. The details are those of the
// first of these days. An event without a division may name any post.
func (s *State) Find(e *events.Event, post string) (Post, events.Reasons) {
	first, last := events.BusinessDays(e.Data)
	return s.FindWithin(e, post, first, last+1)
}

// FindWithin is Find for what happened from one day until before another, such as a pay line
// about a month before that of its run.
func (s *State) FindWithin(e *events.Event, post string, from, until civil.Date) (Post, events.Reasons) {
	p, ok := s.PostWithout(e, post)
	if !ok {
		return p, events.Refusal(UnknownPost, "data.post", unknownPost)
	}
	if !p.Lies(string(e.Division), from, until) {
		return p, events.Refusal(DivisionOutside, "division", p.elsewhere(until-1))
	}
	return p.On(from), nil
}

var unknownPost = events.Say(
	"is not the name of a post in the books; submit post.developed first", "账上没有这个岗位；请先报送岗位开发")

// elsewhere says that the division of an event is not the one in which the post lies on a day.
func (p Post) elsewhere(on civil.Date) events.Sentence {
	if len(p.shape.periods) == 0 {
		return events.Say(
			"is not where the post lies; give the post's division, %s, or one that it lies in",
			"不是岗位所在地；请填岗位所在的行政区划%s，或其上级", p.Division)
	}
	now, moved := p.shape.periods.On(on), events.Sentence{}
	for at := now; at.From > p.From; {
		before := p.shape.periods.On(at.From - 1)
		if before.Division != now.Division {
			moved = events.Say(", to which it moved from %s on %s", "（%[2]s由%[1]s划入）", before.Division, at.From)
			break
		}
		at = before
	}
	return events.Say(
		"is not where the post lies on %s; give the division in which it lies that day, %s%s, or one above it",
		"不是岗位在%s的所在地；请填岗位当日所在的行政区划%s%s，或其上级", on, now.Division, moved)
}

// Known reports whether a hire of the person stands.
func (s *State) Known(p events.Person) bool {
	for range s.placed(p) {
		return true
	}
	return false
}

// PlacedOn reports whether a person was in place on a post on a day.
func (s *State) PlacedOn(p events.Person, post string, on civil.Date) bool {
	return s.PlacedWithin(p, post, on, on+1)
}

// PlacedWithin reports whether a person was in place on a post on any day from day from on and
// before day until.
func (s *State) PlacedWithin(p events.Person, post string, from, until civil.Date) bool {
	n := s.named(post)
	for f := range s.placed(p) {
		if f.post == n && placing.Overlap(f.day, f.exit, from, until) {
			return true
		}
	}
	return false
}

// AnswersFor reports whether a person was in place, on any day from a day on, on a post that lay
// in the division of e while the person was on it. placed says whether the person was in place
// on any post in that time.
func (s *State) AnswersFor(e *events.Event, p events.Person, from civil.Date) (answers, placed bool) {
	for f := range s.placed(p) {
		if !placing.Overlap(f.day, f.exit, from, 0) {
			continue
		}
		placed = true
		if post, ok := s.view(s.posts.At(f.post).shape); ok && post.Lies(string(e.Division), max(from, f.day), f.exit) {
			return true, true
		}
	}
	return false, placed
}

// PlacedBefore reports whether a placement of a person, on any post, began before a day. A
// placement that ended on its on-duty day does not count.
func (s *State) PlacedBefore(p events.Person, day civil.Date) bool {
	for f := range s.placed(p) {
		if f.day < day && !placing.Empty(f.day, f.exit) {
			return true
		}
	}
	return false
}

// Placements returns the placements of a person, ordered by on-duty day, post and seat.
func (s *State) Placements(p events.Person) []Placement {
	return s.list(s.known(p), change{})
}

// PlacementsWithout is Placements as if the event that e replaces or withdraws had never been
// recorded.
func (s *State) PlacementsWithout(e *events.Event, p events.Person) []Placement {
	return s.list(s.known(p), change{superseded: s.supersededFact(e)})
}

// list returns the placements of a person as they would be after a change.
func (s *State) list(n uint32, c change) []Placement {
	var few [8]placing.Placement
	placements := s.paired(few[:0], n, c)
	s.renew(placements, n, c)
	list := make([]Placement, 0, len(placements))
	for _, p := range placements {
		if !p.Repeated {
			list = append(list, Placement{s.posts.At(p.Post).name, int(p.Seat), p.From, p.Exit, p.Term})
		}
	}
	slices.SortFunc(list, func(a, b Placement) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Post, b.Post), cmp.Compare(a.Seat, b.Seat))
	})
	return list
}

// placed yields the standing hires of a person.
func (s *State) placed(p events.Person) func(func(*fact) bool) {
	return func(yield func(*fact) bool) {
		for _, f := range s.chain(s.persons.At(s.known(p)).facts) {
			if f.kind == hired && !yield(f) {
				return
			}
		}
	}
}

// supersededFact returns the standing fact that e replaces or withdraws, or 0 if there is none.
func (s *State) supersededFact(e *events.Event) uint32 {
	if n := s.SupersededNumber(e); s.facts.At(n).kind != noFact {
		return n
	}
	return 0
}
