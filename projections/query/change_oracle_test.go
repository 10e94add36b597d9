package query_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// postOn returns a post as it is on a day: of each member the value of the latest change up to
// that day holds, of several from one day the largest.
func postOn(stand []events.Data, developed *events.PostDeveloped, day civil.Date) *events.PostDeveloped {
	post := *developed
	since := map[string]civil.Date{}
	day = max(day, developed.From)
	for _, d := range stand {
		c, ok := d.(*events.PostChanged)
		if !ok || c.Post != post.Post || c.On > day {
			continue
		}
		holds := func(member string, given, larger bool) bool {
			if !given || c.On < since[member] || c.On == since[member] && !larger {
				return false
			}
			since[member] = c.On
			return true
		}
		if holds("division", c.Division != "", c.Division > post.Division) {
			post.Division = c.Division
		}
		if holds("category", c.Category != "", c.Category > post.Category) {
			post.Category = c.Category
		}
		if holds("kind", c.Kind != "", c.Kind > post.Kind) {
			post.Kind = c.Kind
		}
		if holds("area", c.Area != "", c.Area > post.Area) {
			post.Area = c.Area
		}
		if holds("standard", c.Standard != 0, c.Standard > post.Standard) {
			post.Standard = c.Standard
		}
		if holds("required_days", c.RequiredDays != 0, c.RequiredDays > post.RequiredDays) {
			post.RequiredDays = c.RequiredDays
		}
	}
	return &post
}

// changes makes random changes of posts: moves to other villages, counties and prefectures, other
// kinds of work, other money. Some are corrected and some withdrawn; some begin on one day, or
// before the post.
func changes(w *world, r *rand.Rand, posts, n int, places []division.Code, day func() civil.Date) (all []*events.Event) {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	change := func(post string) *events.PostChanged {
		c := &events.PostChanged{
			Post: post, On: day(), Category: pick("", "", "public_service", "public_management"), Kind: pick("", "", "cleaning", "patrol"),
			Area: pick("", "", "rural", "urban"), Standard: events.Fen(10000 * r.IntN(9)), RequiredDays: 1 + r.IntN(24),
		}
		if r.IntN(2) == 0 {
			c.Division = places[r.IntN(len(places))]
		}
		return c
	}
	for range n {
		post := fmt.Sprint("p", r.IntN(posts))
		e := w.event(places[r.IntN(len(places))], change(post))
		all = append(all, e)
		switch r.IntN(5) {
		case 0:
			all = append(all, replacing(w.event(e.Division, change(fmt.Sprint("p", r.IntN(posts)))), e.ID))
		case 1:
			all = append(all, w.event(e.Division, &events.EventWithdrawn{Of: e.Type, ID: e.ID, Reason: "a mistake"}))
		case 2: // another one from the same day
			again := change(post)
			again.On = e.Data.(*events.PostChanged).On
			all = append(all, w.event(e.Division, again))
		}
	}
	return all
}
