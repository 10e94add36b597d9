package placingtest

import (
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// Suspended reports whether the person of a placement is suspended on a day. It goes from
// day to day. No event of b may be replaced or withdrawn.
func (b Book) Suspended(p *Placement, on civil.Date) bool {
	if !p.On(on) {
		return false
	}
	var lasting []*events.HireSuspended
	for day := p.From; day <= on; day++ {
		lasting = slices.DeleteFunc(lasting, func(s *events.HireSuspended) bool { return s.Until != 0 && s.Until <= day })
		begin, resumed := b.suspensions(p, day)
		if resumed && len(lasting) == 0 {
			begin = nil
		}
		if resumed {
			lasting = nil
		}
		lasting = append(lasting, begin...)
	}
	return len(lasting) > 0
}

// suspensions returns the suspensions of a placement that begin on a day, and whether there
// is a resumption of that day.
func (b Book) suspensions(p *Placement, day civil.Date) (begin []*events.HireSuspended, resumed bool) {
	for _, e := range b {
		switch d := e.Data.(type) {
		case *events.HireSuspended:
			if d.Person == p.Person && d.Post == p.Post && d.From == day {
				begin = append(begin, d)
			}
		case *events.HireResumed:
			resumed = resumed || d.Person == p.Person && d.Post == p.Post && d.On == day
		}
	}
	return begin, resumed
}

// StandingOn returns how a person is in place on a day: working, suspended or stand_in, and
// empty if the placement does not hold on that day. all are the placements of b, no event of
// which may be replaced or withdrawn.
func (b Book) StandingOn(p *Placement, all []*Placement, on civil.Date) string {
	switch {
	case !p.On(on):
		return ""
	case b.Suspended(p, on):
		return "suspended"
	case p.Stands && slices.ContainsFunc(all, func(o *Placement) bool {
		return o.Person != p.Person && o.Post == p.Post && o.Seat == p.Seat && b.Suspended(o, on)
	}):
		return "stand_in"
	}
	return "working"
}

// Group returns the group to which the person of a placement belongs on a day on which it
// holds. No event of b may be replaced or withdrawn.
func (b Book) Group(p *Placement, on civil.Date) (group string) {
	for i, e := range p.Hires {
		if d := e.Data.(*events.HirePlaced); i == 0 || d.Group < group {
			group = d.Group
		}
	}
	since := civil.Date(0)
	for _, e := range b {
		d, ok := e.Data.(*events.HireChanged)
		if !ok || d.Person != p.Person || d.Post != p.Post || d.On > on || !p.On(d.On) || d.On < since {
			continue
		}
		if d.On > since || d.Group > group {
			group, since = d.Group, d.On
		}
	}
	return group
}
