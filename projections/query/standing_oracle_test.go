package query_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// A tenure is a hire with all that was said of the person on that post, recounted day by day.
type tenure struct {
	hire    *events.HirePlaced
	post    *events.PostDeveloped // nil if nobody developed it
	exit    *events.ExitRecorded  // nil if nothing ended the placement
	until   civil.Date            // end of the term
	changes []*events.HireChanged
	begins  []*events.HireSuspended
	resumed []civil.Date
	mates   []*tenure // of others on the seat
	renamed []*events.PersonIdentified
}

// tenures returns the tenures of the hires that stand. In the histories of these tests a person
// is hired once on a post and leaves it once.
func (o oracle) tenures(known time.Time) (all []*tenure) {
	stand := o.standing(known)
	posts, of := map[string]*events.PostDeveloped{}, map[string]*tenure{}
	key := func(who events.Who, post string) string { return who.Person.String() + post }
	for _, d := range stand {
		switch d := d.(type) {
		case *events.PostDeveloped:
			posts[d.Post] = d
		case *events.HirePlaced:
			t := &tenure{hire: d, until: d.Until}
			all, of[key(d.Who, d.Post)] = append(all, t), t
		}
	}
	for _, d := range stand {
		switch d := d.(type) {
		case *events.ExitRecorded:
			if t := of[key(d.Who, d.Post)]; t != nil && d.On >= t.hire.From {
				t.exit = d
			}
		case *events.HireRenewed:
			if t := of[key(d.Who, d.Post)]; t != nil && d.Until > t.hire.From {
				t.until = max(t.until, d.Until)
			}
		case *events.HireChanged:
			if t := of[key(d.Who, d.Post)]; t != nil {
				t.changes = append(t.changes, d)
			}
		case *events.PersonIdentified:
			for _, post := range d.Posts {
				if t := of[key(d.Who, post)]; t != nil && d.Renumbers() {
					t.renamed = append(t.renamed, d)
				}
			}
		case *events.HireSuspended:
			if t := of[key(d.Who, d.Post)]; t != nil {
				t.begins = append(t.begins, d)
			}
		case *events.HireResumed:
			if t := of[key(d.Who, d.Post)]; t != nil {
				t.resumed = append(t.resumed, d.On)
			}
		}
	}
	for _, t := range all {
		t.post = posts[t.hire.Post]
		for _, m := range all {
			if m.hire.Post == t.hire.Post && m.hire.Seat == t.hire.Seat && m.hire.Person != t.hire.Person {
				t.mates = append(t.mates, m)
			}
		}
	}
	return all
}

// holds reports whether the person is in place on a day.
func (t *tenure) holds(on civil.Date) bool {
	return t.hire.From <= on && (t.exit == nil || on < t.exit.On)
}

// suspended plays the tenure day by day.
func (t *tenure) suspended(on civil.Date) bool {
	if !t.holds(on) || len(t.begins) == 0 {
		return false
	}
	var lasting []*events.HireSuspended
	for day := t.hire.From; day <= on; day++ {
		lasting = slices.DeleteFunc(lasting, func(s *events.HireSuspended) bool { return s.Until != 0 && s.Until <= day })
		fresh := slices.DeleteFunc(slices.Clone(t.begins), func(s *events.HireSuspended) bool { return s.From != day })
		if slices.Contains(t.resumed, day) {
			if len(lasting) == 0 {
				fresh = nil
			}
			lasting = nil
		}
		lasting = append(lasting, fresh...)
	}
	return len(lasting) > 0
}

func (t *tenure) standing(on civil.Date) string {
	switch {
	case t.suspended(on):
		return "suspended"
	case t.hire.StandingInFor != (events.Person{}) && slices.ContainsFunc(t.mates, func(m *tenure) bool { return m.suspended(on) }):
		return "stand_in"
	}
	return "working"
}

func (t *tenure) group(on civil.Date) string {
	group, since := t.hire.Group, civil.Date(0)
	for _, c := range t.changes {
		if c.On <= on && t.holds(c.On) && (c.On > since || c.On == since && c.Group > group) {
			group, since = c.Group, c.On
		}
	}
	return group
}

// birth returns the month of birth and the sex on a day. A mistyped number was never the
// person's: the last one that corrects such a number counts from the first day on.
func (t *tenure) birth(on civil.Date) placing.Birth {
	birth, since := placing.Birth{Month: t.hire.BirthMonth, Sex: t.hire.Sex}, civil.Date(0)
	for _, d := range t.renamed {
		if d.Reason == events.Mistyped && d.On > since {
			birth, since = placing.Birth{Month: d.BirthMonth, Sex: d.Sex}, d.On
		}
	}
	for _, d := range t.renamed {
		if d.Reason != events.Mistyped && d.On > since && d.On <= on {
			birth, since = placing.Birth{Month: d.BirthMonth, Sex: d.Sex}, d.On
		}
	}
	return birth
}

// identifications draws new numbers of the person of a hire, each of another day.
func identifications(w *world, r *rand.Rand, i int, d *events.HirePlaced) (all []*events.Event) {
	if r.IntN(4) > 0 {
		return nil
	}
	for n := range 1 + r.IntN(3) {
		e := w.event(langya, &events.PersonIdentified{
			Who: who(i), On: d.From - 10 + civil.Date(3*r.IntN(20)+n), Reason: []string{events.Mistyped, events.Changed, events.FifteenDigits, events.Renamed}[r.IntN(4)],
			Sex: []string{"F", "M"}[r.IntN(2)], BirthMonth: civil.MustMonth("1957-01") + civil.Month(r.IntN(180)), Posts: []string{d.Post},
		})
		if all = append(all, e); r.IntN(6) == 0 {
			all = append(all, w.event(langya, &events.EventWithdrawn{Of: e.Type, ID: e.ID, Reason: "a mistake"}))
		}
	}
	return all
}

// estimatedOn returns month or year if the person left, or leaves, on a day of that day's month
// or year that nobody knows.
func (t *tenure) estimatedOn(on civil.Date) string {
	if t.exit == nil || t.exit.On <= t.hire.From {
		return ""
	}
	same := map[string]int{"month": len("2022-05"), "year": len("2022")}[t.exit.Estimated]
	if same == 0 || !strings.HasPrefix(on.String(), t.exit.On.String()[:same]) {
		return ""
	}
	return t.exit.Estimated
}

// estimated counts the exits on a day of a day's month or year that nobody knows, where the post
// lay on the last day before the exit.
func (o oracle) estimated(on civil.Date, known time.Time, prefix string) (n int) {
	stand := o.standing(known)
	for _, t := range o.tenures(known) {
		if t.post == nil || t.estimatedOn(on) == "" {
			continue
		}
		if last := postOn(stand, t.post, t.exit.On-1); strings.HasPrefix(string(last.Division), prefix) {
			n++
		}
	}
	return n
}

// standings draws suspensions, resumptions, changes of group and stand-ins of a hire. Few of
// them hold together.
func standings(w *world, r *rand.Rand, i int, d *events.HirePlaced) (all []*events.Event) {
	day := func() civil.Date { return d.From - 5 + civil.Date(r.IntN(60)) }
	add := func(data events.Data) {
		e := w.event(langya, data)
		if all = append(all, e); r.IntN(6) == 0 {
			all = append(all, w.event(langya, &events.EventWithdrawn{Of: e.Type, ID: e.ID, Reason: "a mistake"}))
		}
	}
	if r.IntN(3) > 0 {
		return nil
	}
	for range r.IntN(3) {
		s := &events.HireSuspended{Who: who(i), Post: d.Post, From: day(), Reason: "illness"}
		if r.IntN(2) == 0 {
			s.Until = s.From + 1 + civil.Date(r.IntN(40))
		}
		add(s)
	}
	for range r.IntN(3) {
		add(&events.HireResumed{Who: who(i), Post: d.Post, On: day()})
	}
	for range r.IntN(3) {
		add(&events.HireChanged{Who: who(i), Post: d.Post, On: day(), Group: []string{"older", "low_income", "other"}[r.IntN(3)]})
	}
	if r.IntN(2) == 0 {
		add(&events.HirePlaced{Who: who(1000 + i), Post: d.Post, Seat: d.Seat, From: day(), Group: "older", Sex: "F", StandingInFor: person(i)})
	}
	return all
}
