package placement

import (
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/rules/placing"
)

// ChangedBefore returns the members of d that another change of the post changes from the same
// day, and the number of that event. Both are zero if there is none. e has the data d, and
// what it replaces does not count.
func (s *State) ChangedBefore(e *events.Event, d *events.PostChanged) (members []string, by uint32) {
	said := changeOf(d)
	for n, f := range s.standing(s.posts.At(s.named(d.Post)).facts, change{superseded: s.supersededFact(e)}, nil) {
		if f.kind == changed && f.day == d.On {
			if members = said.common(s.details.At(f.of)); members != nil {
				return members, n
			}
		}
	}
	return nil, 0
}

// common returns the members that two changes both give, by the names of the contract.
func (d *detail) common(o *detail) (members []string) {
	a, b := d.details(), o.details()
	for _, m := range [...]struct {
		name string
		both bool
	}{
		{"category", a.Category != "" && b.Category != ""}, {"kind", a.Kind != "" && b.Kind != ""}, {"title", d.titled && o.titled},
		{"employer", a.Employer != "" && b.Employer != ""}, {"division", a.Division != "" && b.Division != ""},
		{"area", a.Area != "" && b.Area != ""}, {"standard", a.Standard != 0 && b.Standard != 0},
		{"required_days", a.RequiredDays != 0 && b.RequiredDays != 0}, {"fund", a.Fund != "" && b.Fund != ""},
	} {
		if m.both {
			members = append(members, m.name)
		}
	}
	return members
}

// Moved returns the divisions that a post has or gets on the days on which e changes where it
// lies, each once: those of the books as they are, and those with e. e is a change of a post,
// or takes one back.
func (s *State) Moved(e *events.Event) (all []division.Code) {
	j := s.judge(e)
	var posts []uint32
	for _, f := range [...]*fact{s.facts.At(j.change.superseded), j.change.new} {
		if f != nil && f.kind == changed && !slices.Contains(posts, f.post) {
			posts = append(posts, f.post)
		}
	}
	for _, post := range posts {
		before, after := s.periods(s.posts.At(post).shape), s.periods(s.shaped(post, j.change))
		for _, day := range append(starts(before), starts(after)...) {
			if len(before) == 0 || len(after) == 0 {
				break // no development of the post stands
			}
			from, to := before.On(day).Division, after.On(day).Division
			for _, d := range [...]division.Code{from, to} {
				if from != to && !slices.Contains(all, d) {
					all = append(all, d)
				}
			}
		}
	}
	return all
}

// periods returns the details of a post over time, none if no development of it stands.
func (s *State) periods(h shape) placing.Periods {
	if len(h.periods) > 0 || h.Steps == nil {
		return h.periods
	}
	return placing.Periods{{From: h.Steps[0].From, Details: s.details.At(h.detail).details()}}
}

// starts returns the days on which periods begin.
func starts(p placing.Periods) (days []civil.Date) {
	for i := range p {
		days = append(days, p[i].From)
	}
	return days
}
