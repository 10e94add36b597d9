package timeline

import (
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/rules/placing"
)

// A Post is what is known of one post: its attributes, its seats and its
// placements. Read one with ReadPost.
type Post struct {
	developed  []fact[Attributes]
	resized    []fact[Step]
	closed     []fact[civil.Date]
	changed    []fact[placing.Change]
	sheets     []fact[postSheet]
	placed     []Placement
	room       []Placement // memory for placed
	steps      []Step
	stepRoom   []Step // memory for steps
	periods    Periods
	periodRoom Periods // memory for periods
	placementFacts
	trail
}

// Attributes are what holds of a post: what was said when it was developed, and what changes
// have changed by a day, see [Post.Periods].
type Attributes struct {
	Division     division.Code
	Category     string
	Kind         string
	Area         string
	Employer     string
	Fund         string
	Seats        int
	From         civil.Date
	Until        civil.Date // first day no longer; 0 is open
	Standard     events.Fen
	RequiredDays int
	Agency       string // that answers for the post: the one that said so
}

// A Step is the number of seats from a day on.
type Step = placing.Step

// ReadPost reads the packed facts of a post as they were known at an ordinal: facts of
// later commits are left out, and so are events that were retracted by then. The post
// keeps parts of facts. It fails with ErrDamaged.
func ReadPost(facts []byte, known uint64) (*Post, error) {
	p := new(Post)
	if err := p.extend(facts, known); err != nil {
		return nil, err
	}
	return p, nil
}

// Reset makes p a post of which nothing is known.
func (p *Post) Reset() {
	*p = Post{
		developed: p.developed[:0], resized: p.resized[:0], closed: p.closed[:0], changed: p.changed[:0], sheets: p.sheets[:0],
		room: p.room, stepRoom: p.stepRoom, periodRoom: p.periodRoom,
		placementFacts: p.emptied(), trail: trail{refs: p.refs[:0]},
	}
}

// Extend adds the packed facts that follow those which were read. What p
// returned before is no longer valid. It fails with ErrDamaged.
func (p *Post) Extend(facts []byte) error { return p.extend(facts, Head) }

func (p *Post) extend(facts []byte, known uint64) error {
	p.placed, p.steps, p.periods = nil, nil, nil
	r := reader{b: facts}
	for r.more() {
		ref, tag := r.ref(), Tag(r.byte())
		later := ref.Ord() > known
		if tag == tagRetracted {
			p.retract(r.ref(), r.ref(), later)
			continue
		}
		p.mention(ref, later)
		if !p.read(&r, tag, ref, later) {
			return ErrDamaged
		}
	}
	if r.bad {
		return ErrDamaged
	}
	if p.retractions != nil {
		p.developed = withoutRetracted(p.developed, p.retractions)
		p.resized = withoutRetracted(p.resized, p.retractions)
		p.closed = withoutRetracted(p.closed, p.retractions)
		p.changed = withoutRetracted(p.changed, p.retractions)
		p.sheets = withoutRetracted(p.sheets, p.retractions)
		p.dropRetracted(p.retractions)
	}
	return nil
}

// read reads one fact, and keeps it unless it is to be left out.
func (p *Post) read(r *reader, tag Tag, ref Ref, out bool) bool {
	switch tag {
	case TagDeveloped:
		a := Attributes{
			Division: division.Code(r.text()), Category: r.code(categories), Kind: r.text(), Area: r.code(areas),
			Employer: r.text(), Fund: r.text(), Seats: r.int(), From: r.date(), Until: r.date(),
			Standard: events.Fen(r.uint()), RequiredDays: r.int(), Agency: r.text(),
		}
		if !out {
			p.developed = append(p.developed, fact[Attributes]{ref, a})
		}
	case TagResized:
		if s := (Step{From: r.date(), Seats: r.int()}); !out {
			p.resized = append(p.resized, fact[Step]{ref, s})
		}
	case TagClosed:
		if on := r.date(); !out {
			p.closed = append(p.closed, fact[civil.Date]{ref, on})
		}
	case TagChanged:
		if c := readChange(r); !out {
			p.changed = append(p.changed, fact[placing.Change]{ref, c})
		}
	case TagHired, TagExited, TagRenewed, TagGroupChanged, TagSuspended, TagResumed, TagIdentified:
		return p.placementFacts.read(r, tag, ref, placing.Holder{Person: uint32(r.uint())}, out)
	case TagSheet:
		if s := (postSheet{r.month(), r.bytes(r.int())}); !out {
			p.sheets = append(p.sheets, fact[postSheet]{ref, s})
		}
	default:
		return false
	}
	return true
}

// readChange reads what PackChanged packed.
func readChange(r *reader) placing.Change {
	return placing.Change{On: r.date(), Details: placing.Details{
		Division: division.Code(r.text()), Category: r.code(categories), Kind: r.text(), Area: r.code(areas),
		Employer: r.text(), Fund: r.text(), Standard: int64(r.uint()), RequiredDays: r.int(),
	}}
}

// Attributes returns what was said when the post was developed, and false
// while nobody said so: such a post counts nowhere. Of several events that say so
// the one holds that is the first in the order of [placing.Development].
func (p *Post) Attributes() (Attributes, bool) {
	switch len(p.developed) {
	case 0:
		return Attributes{}, false
	case 1:
		return p.developed[0].what, true
	}
	return slices.MinFunc(p.developed, func(a, b fact[Attributes]) int {
		x, y := a.what.development(), b.what.development()
		return x.Compare(&y)
	}).what, true
}

func (a *Attributes) development() placing.Development {
	return placing.Development{
		From: a.From, Until: a.Until, Division: a.Division, Category: a.Category, Kind: a.Kind, Area: a.Area, Seats: a.Seats,
		Employer: a.Employer, Fund: a.Fund, Standard: int64(a.Standard), RequiredDays: a.RequiredDays, Agency: a.Agency,
	}
}

// Placements returns the placements on the post by on-duty day and seat. They
// are worked out once, so a Post is not safe for concurrent use; do not change
// them.
func (p *Post) Placements() []Placement {
	if p.placed == nil {
		if p.placed = p.placements(p.room); p.placed != nil {
			p.room = p.placed
		}
	}
	return p.placed
}

// End returns the first day that the post is no more, and 0 while it is open.
func (p *Post) End() civil.Date {
	a, _ := p.Attributes()
	return p.end(&a)
}

func (p *Post) end(a *Attributes) civil.Date {
	end := a.Until
	for _, c := range p.closed {
		end = placing.EarlierEnd(end, c.what)
	}
	return end
}

// Seats returns how many seats the post has, from which day on, ascending; a
// post that ends has a last step to 0. Of two sizes for one day the larger
// holds. A post not developed has no steps. They are worked out once, as
// Placements are.
func (p *Post) Seats() []Step {
	if p.steps == nil {
		if p.steps = p.seats(); p.steps != nil {
			p.stepRoom = p.steps
		}
	}
	return p.steps
}

func (p *Post) seats() []Step {
	a, ok := p.Attributes()
	if !ok {
		return nil
	}
	var few [4]Step // enough for most posts
	resized := few[:0]
	for i := range p.resized {
		resized = append(resized, p.resized[i].what)
	}
	c := placing.CapacityOf(Step{From: a.From, Seats: a.Seats}, p.end(&a), resized)
	if steps := c.AppendChanges(p.stepRoom[:0]); len(steps) > 0 {
		return steps
	}
	return nil
}
