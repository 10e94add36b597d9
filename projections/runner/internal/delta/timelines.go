package delta

import (
	"iter"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// addTimelines adds what the commit changed in the contributions of the timelines that
// it touched.
func (u *Updater) addTimelines(c *Change) error {
	for i := range c.Posts {
		if err := u.addPost(&c.Posts[i]); err != nil {
			return err
		}
	}
	for i := range c.Plans {
		if err := u.addPlan(&c.Plans[i]); err != nil {
			return err
		}
	}
	return nil
}

func (u *Updater) addPlan(t *Touched) error {
	before, err := timeline.ReadPlan(t.Plan, t.Facts[:t.Before], timeline.Head)
	if err != nil {
		return err
	}
	now, err := timeline.ReadPlan(t.Plan, t.Facts, timeline.Head)
	if err != nil {
		return err
	}
	for i, v := range u.views {
		if v.Plan != nil {
			r := u.rows[i]
			v.Plan(before, r.emitBefore)
			v.Plan(now, r.emitNow)
			r.addDifference(&u.cells)
		}
	}
	return nil
}

// addPost reads the post as it was before the commit, asks the views, extends it by the
// facts of the commit, and asks again.
func (u *Updater) addPost(t *Touched) error {
	p := &u.reading
	p.Reset()
	if err := p.Extend(t.Facts[:t.Before]); err != nil {
		return err
	}
	for i := range u.views {
		if v := &u.views[i]; v.Post != nil {
			v.Post(p, u.rows[i].emitBefore)
		}
	}
	before := stateOf(p)
	u.placed = append(u.placed[:0], before.placed...) // Extend uses the memory again
	u.periods = append(u.periods[:0], before.periods...)
	before.placed, before.periods = u.placed, u.periods
	if err := p.Extend(t.Facts[t.Before:]); err != nil {
		return err
	}
	now := stateOf(p)
	for i := range now.periods {
		within := u.Within(t.No)
		*within = enclosing(*within, now.periods[i].Division)
	}
	for i := range u.views {
		v, r := &u.views[i], u.rows[i]
		if v.Post != nil {
			v.Post(p, r.emitNow)
			r.addDifference(&u.cells)
		}
		if v.Placement != nil {
			r.addPlacements(v, before, now)
		}
		if v.Spans != nil {
			u.addSpans(i, timeline.Number(t.No), p)
		}
	}
	return nil
}

// A postState is what the views of placements need to know of a post.
type postState struct {
	periods timeline.Periods
	placed  []timeline.Placement // none if the post is not developed
}

func stateOf(p *timeline.Post) (s postState) {
	if s.periods = p.Periods(); len(s.periods) > 0 {
		s.placed = p.Placements()
	}
	return s
}

// without yields the placements that are not among others; all of them unless same is
// set. Both are ordered as [timeline.Post.Placements] orders them.
func without(all, others []timeline.Placement, same bool) iter.Seq[*timeline.Placement] {
	return func(yield func(*timeline.Placement) bool) {
		for i := range all {
			p := &all[i]
			for same && len(others) > 0 && others[0].Compare(p) < 0 {
				others = others[1:]
			}
			if same && len(others) > 0 && others[0] == *p {
				continue
			}
			if !yield(p) {
				return
			}
		}
	}
}

// enclosing returns the smallest division that holds both a, which may be none, and b.
func enclosing(a, b division.Code) division.Code {
	if a == "" || a == b {
		return b
	}
	if a.Valid() && b.Valid() {
		for level := min(a.Level(), b.Level()); level >= division.Province; level-- {
			if a.At(level) == b.At(level) {
				return a.At(level)
			}
		}
	}
	return readmodel.Anywhere
}
