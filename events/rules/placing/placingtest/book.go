// Package placingtest holds the oracle of package placing: the placement rule
// written down once more, as plainly as possible and without a thought of speed.
//
// The oracle shares nothing with package placing but the contract of the events.
// The deciding services and the timelines of the projections are both compared
// with it, so that all three must agree.
package placingtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// A Book is a set of events in any order. Their keys differ.
type Book []*events.Event

// Standing returns the events that no other event replaces or withdraws,
// without the withdrawals.
func (b Book) Standing() Book {
	gone := map[events.Key]bool{}
	for _, e := range b {
		if superseded, ok := e.Supersedes(); ok {
			gone[superseded] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(b), func(e *events.Event) bool {
		return e.Type == events.EventWithdrawnType || gone[e.Key()]
	})
}

// String lists the events, a line each.
func (b Book) String() string {
	var s strings.Builder
	for _, e := range b {
		fmt.Fprintf(&s, "%s %s %s %s %+v\n", e.ID, e.Source, e.Type, e.Replaces, e.Data)
	}
	return s.String()
}

// Development returns the post.developed that holds for a post, nil when the post
// was never developed. The events of b stand.
func (b Book) Development(post string) *events.Event {
	var first *events.Event
	for _, e := range b {
		if d, ok := e.Data.(*events.PostDeveloped); ok && d.Post == post {
			if first == nil || content(e, d) < content(first, first.Data.(*events.PostDeveloped)) {
				first = e
			}
		}
	}
	return first
}

// content is a text that sorts as post.developed events are compared.
func content(e *events.Event, d *events.PostDeveloped) string {
	return fmt.Sprintf("%09d\x00%09d\x00%s\x00%s\x00%s\x00%s\x00%09d\x00%s\x00%s\x00%020d\x00%09d\x00%s",
		d.From, d.Until, DivisionOf(e), d.Category, d.Kind, d.Area, d.Seats, d.Employer, d.Fund, d.Standard, d.RequiredDays, e.Agency())
}

// DivisionOf returns the division in which a post.developed puts its post.
func DivisionOf(e *events.Event) string {
	if d := e.Data.(*events.PostDeveloped); d.Division != "" {
		return string(d.Division)
	}
	return string(e.Division)
}

// Seats returns how many seats a post has on a day. The events of b stand.
func (b Book) Seats(post string, on civil.Date) int {
	e := b.Development(post)
	if e == nil {
		return 0
	}
	d := e.Data.(*events.PostDeveloped)
	if on < d.From || d.Until != 0 && on >= d.Until {
		return 0
	}
	seats, since := d.Seats, civil.Date(0)
	for _, e := range b {
		switch d := e.Data.(type) {
		case *events.PostClosed:
			if d.Post == post && on >= d.On {
				return 0
			}
		case *events.PostResized:
			if d.Post != post || d.From > on || d.From < since {
				continue
			}
			if d.From > since || d.Seats > seats {
				seats, since = d.Seats, d.From
			}
		}
	}
	return seats
}
