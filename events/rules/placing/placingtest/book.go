// Package placingtest contains the oracle for package placing: a second
// implementation of the placement rule, as simple as possible and without regard to
// speed.
//
// The oracle shares no code with package placing except the contract of the events.
// Both the services that decide and the timelines of the projections are compared
// with it in tests, so that all three must agree.
package placingtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// A Book is a set of events in any order. No two of them have the same key.
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

// Development returns the post.developed that holds for a post, or nil if the post
// was never developed. No event of b may be replaced or withdrawn (see
// [Book.Standing]).
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

// content returns a text whose order is the order in which developments are compared.
func content(e *events.Event, d *events.PostDeveloped) string {
	return fmt.Sprintf("%09d\x00%09d\x00%s\x00%s\x00%s\x00%s\x00%09d\x00%s\x00%s\x00%020d\x00%09d\x00%s",
		d.From, d.Until, DivisionOf(e), d.Category, d.Kind, d.Area, d.Seats, d.Employer, d.Fund, d.Standard, d.RequiredDays, e.Agency())
}

// DivisionOf returns the division that a post.developed gives its post.
func DivisionOf(e *events.Event) string {
	if d := e.Data.(*events.PostDeveloped); d.Division != "" {
		return string(d.Division)
	}
	return string(e.Division)
}

// Seats returns the number of seats of a post on a day. No event of b may be replaced
// or withdrawn.
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
