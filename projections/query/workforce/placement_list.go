package workforce

import (
	"cmp"
	"slices"
	"sync"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/timeline"
)

// A placementList is who is in place in the divisions under a prefix, in the order of the
// answer. It holds what the pages need in some 50 bytes a placement.
type placementList struct {
	posts  []placementPost // by name
	placed []inPlace       // by post, seat and on-duty day
	totals PlacementTotals
}

// A placementPost is a post with somebody on it.
type placementPost struct {
	name     string
	division division.Code
}

// inPlace is one placement.
type inPlace struct {
	post     int32 // index in posts
	seat     int32
	person   timeline.Number
	from     civil.Date
	until    civil.Date
	ageLimit civil.Month
	overTerm bool
	overAge  bool
	sex      string
	group    string
	standing string
	// estimated is month or year if the person left, or leaves, on a day of as_of's month or
	// year that nobody knows.
	estimated string
}

// row returns the row of a placement, without what only the timeline of the person says.
func (l *placementList) row(p *inPlace, asOf civil.Date) PlacementRow {
	post := &l.posts[p.post]
	row := PlacementRow{
		Post: post.name, Seat: int(p.seat), Division: post.division, Group: p.group, Sex: p.sex,
		From: p.from, Until: p.until, OverTerm: p.overTerm, OverAge: p.overAge, AgeLimit: p.ageLimit,
		Standing: p.standing, Estimated: p.estimated,
	}
	if p.until != 0 {
		left := int(p.until - asOf)
		row.TermEndsInDays = &left
	}
	return row
}

// add adds those who are in place on a post on a day, as far as they are to be shown.
func (l *placementList) add(name string, a *timeline.Attributes, p *timeline.Post, pack *policy.Pack, asOf civil.Date, which string) {
	post, before := int32(len(l.posts)), len(l.placed)
	for _, placed := range p.Placements() {
		if !placed.Holds(asOf) {
			continue
		}
		stretch := placed.On(asOf)
		in := inPlace{
			post: post, seat: int32(placed.Seat), person: placed.Person, from: placed.From, until: placed.Term, sex: stretch.Sex,
			overTerm: placed.Term != 0 && placed.Term <= asOf, group: stretch.Group, standing: stretch.Standing,
		}
		if from, until := placed.ExitWithin(); placed.Exit != 0 && from <= asOf && asOf < until {
			in.estimated = placed.Estimated
		}
		if pack != nil {
			in.ageLimit = pack.LastAgeLimitMonth(a.Area, in.group, stretch.Sex, stretch.BirthMonth)
			in.overAge = in.ageLimit != 0 && asOf.Month() > in.ageLimit
		}
		if in.shown(which) {
			l.placed = append(l.placed, in)
			l.totals.count(&in)
		}
	}
	if len(l.placed) > before {
		l.posts = append(l.posts, placementPost{name, a.Division})
	}
}

// shown reports whether a placement belongs to the answer to the parameter only.
func (p *inPlace) shown(which string) bool {
	switch which {
	case "over_age":
		return p.overAge
	case "over_term":
		return p.overTerm
	case "against_rules":
		return p.overAge || p.overTerm
	}
	return true
}

func (t *PlacementTotals) count(p *inPlace) {
	if p.overAge {
		t.OverAge++
	}
	if p.overTerm {
		t.OverTerm++
	}
	if p.estimated != "" {
		t.Estimated++
	}
	switch p.standing {
	case timeline.Suspended:
		t.Suspended++
	case timeline.StandIn:
		t.StandIns++
	}
}

// sort puts the placements in the order of the answer.
func (l *placementList) sort() {
	slices.SortFunc(l.placed, func(a, b inPlace) int {
		return cmp.Or(cmp.Compare(l.posts[a.post].name, l.posts[b.post].name), cmp.Compare(a.seat, b.seat), cmp.Compare(a.from, b.from), cmp.Compare(a.person, b.person))
	})
}

// A placementListKey is all that a list depends on.
type placementListKey struct {
	generation string
	division   string
	known      uint64
	asOf       civil.Date
	which      string
}

// A placementListCache keeps the list that was made last, for its next pages.
type placementListCache struct {
	mu   sync.Mutex
	key  placementListKey
	last *placementList
}

// of returns the list with a key. If it is not the last one, make makes it.
func (c *placementListCache) of(key placementListKey, make func() (*placementList, error)) (*placementList, error) {
	c.mu.Lock()
	last, hit := c.last, c.key == key
	c.mu.Unlock()
	if hit && last != nil {
		return last, nil
	}
	made, err := make()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.key, c.last = key, made
	return made, nil
}

// placementList returns the list that a request asks for.
func (s *Source) placementList(r *question.Request, which string) (*placementList, error) {
	key := placementListKey{r.Generation, r.Division, r.Known, r.AsOf, which}
	return s.lists.of(key, func() (*placementList, error) {
		book, err := s.Policies.Book(r.Context(), r.Position, r.AllSetAside()...)
		if err != nil {
			return nil, err
		}
		list := new(placementList)
		err = r.Model.PostsUnder(r.Context(), r.Division, r.Known, func(_ timeline.Number, name string, p *timeline.Post) {
			if a, developed := p.Periods().On(r.AsOf); developed && a.Division.Under(r.Division) {
				list.add(name, &a, p, book.InForce(a.Division, r.AsOf), r.AsOf, which)
			}
		})
		list.sort()
		return list, err
	})
}
