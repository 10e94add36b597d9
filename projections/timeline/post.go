package timeline

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// A Post is what is known of one post: its attributes, its seats and its
// placements. Read one with ReadPost.
type Post struct {
	developed []fact[Attributes]
	resized   []fact[Step]
	closed    []fact[civil.Date]
	sheets    []fact[posted]
	placed    []Placement
	room      []Placement // memory for placed
	steps     []Step
	spells
	trail
}

// Attributes are what was said when the post was developed.
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
type Step struct {
	From  civil.Date
	Seats int
}

// ReadPost reads the packed facts of a post as they were known at an ordinal:
// those of later commits are left out, and so is what was voided by then. The
// post keeps parts of facts. It fails with ErrDamaged.
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
		developed: p.developed[:0], resized: p.resized[:0], closed: p.closed[:0], sheets: p.sheets[:0], room: p.room,
		spells: spells{p.hires[:0], p.exits[:0], p.renewals[:0]}, trail: trail{refs: p.refs[:0]},
	}
}

// Extend adds the packed facts that follow those which were read. What p
// returned before is no longer valid. It fails with ErrDamaged.
func (p *Post) Extend(facts []byte) error { return p.extend(facts, Head) }

func (p *Post) extend(facts []byte, known uint64) error {
	p.placed, p.steps = nil, nil
	r := reader{b: facts}
	for r.more() {
		ref, tag := r.ref(), Tag(r.byte())
		later := ref.Ord() > known
		if tag == tagVoid {
			p.void(r.ref(), r.ref(), later)
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
	if p.voids != nil {
		p.developed = standing(p.developed, p.voids)
		p.resized = standing(p.resized, p.voids)
		p.closed = standing(p.closed, p.voids)
		p.sheets = standing(p.sheets, p.voids)
		p.leaveOut(p.voids)
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
		if s := (Step{r.date(), r.int()}); !out {
			p.resized = append(p.resized, fact[Step]{ref, s})
		}
	case TagClosed:
		if on := r.date(); !out {
			p.closed = append(p.closed, fact[civil.Date]{ref, on})
		}
	case TagHired, TagExited, TagRenewed:
		return p.spells.read(r, tag, ref, holder{person: Number(r.uint())}, out)
	case TagSheet:
		if s := (posted{r.month(), r.bytes(r.int())}); !out {
			p.sheets = append(p.sheets, fact[posted]{ref, s})
		}
	default:
		return false
	}
	return true
}

// Attributes returns what was said when the post was developed, and false
// while nobody said so: such a post counts nowhere. Should two events say so,
// the one that sorts first by content holds.
func (p *Post) Attributes() (Attributes, bool) {
	switch len(p.developed) {
	case 0:
		return Attributes{}, false
	case 1:
		return p.developed[0].what, true
	}
	return slices.MinFunc(p.developed, func(a, b fact[Attributes]) int {
		return compareAttributes(a.what, b.what)
	}).what, true
}

func compareAttributes(a, b Attributes) int {
	return cmp.Or(
		cmp.Compare(a.From, b.From), cmp.Compare(a.Until, b.Until), cmp.Compare(a.Division, b.Division),
		cmp.Compare(a.Category, b.Category), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Area, b.Area),
		cmp.Compare(a.Seats, b.Seats), cmp.Compare(a.Employer, b.Employer), cmp.Compare(a.Fund, b.Fund),
		cmp.Compare(a.Standard, b.Standard), cmp.Compare(a.RequiredDays, b.RequiredDays), cmp.Compare(a.Agency, b.Agency),
	)
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
	end := a.Until
	for _, c := range p.closed {
		if end == 0 || c.what < end {
			end = c.what
		}
	}
	return end
}

// Seats returns how many seats the post has, from which day on, ascending; a
// post that ends has a last step to 0. Of two sizes for one day the larger
// holds. A post not developed has no steps. They are worked out once, as
// Placements are.
func (p *Post) Seats() []Step {
	if p.steps == nil {
		p.steps = p.seats()
	}
	return p.steps
}

func (p *Post) seats() []Step {
	a, ok := p.Attributes()
	if !ok {
		return nil
	}
	end := p.End()
	if end != 0 && end <= a.From {
		return nil
	}
	sizes := slices.Clone(p.resized)
	slices.SortFunc(sizes, func(x, y fact[Step]) int {
		return cmp.Or(cmp.Compare(x.what.From, y.what.From), cmp.Compare(x.what.Seats, y.what.Seats))
	})
	// A size for a day before the post began holds from its beginning on.
	steps := []Step{{a.From, a.Seats}}
	for _, r := range sizes {
		if s := (Step{max(r.what.From, a.From), r.what.Seats}); end == 0 || s.From < end {
			steps = append(steps, s)
		}
	}
	kept := steps[:0]
	for i, s := range steps {
		if i+1 < len(steps) && steps[i+1].From == s.From {
			continue
		}
		if n := len(kept); n > 0 && kept[n-1].Seats == s.Seats {
			continue
		}
		kept = append(kept, s)
	}
	if end != 0 && kept[len(kept)-1].Seats != 0 {
		kept = append(kept, Step{From: end})
	}
	return kept
}
