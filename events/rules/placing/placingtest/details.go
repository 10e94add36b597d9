package placingtest

import (
	"fmt"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// Details returns the details of a post on a day, as texts, in the order of the fields of
// [placing.Details]: division, category, kind, area, employer, fund, standard and required
// days. Numbers have 20 digits. The result is nil if the post was never developed. No event
// of b may be replaced or withdrawn.
func (b Book) Details(post string, on civil.Date) []string {
	e := b.Development(post)
	if e == nil {
		return nil
	}
	d := e.Data.(*events.PostDeveloped)
	all := texts(DivisionOf(e), d.Category, d.Kind, d.Area, d.Employer, d.Fund, int64(d.Standard), d.RequiredDays)
	since := make([]civil.Date, len(all)) // the day from which each value holds; 0 is that of the development
	for _, e := range b {
		c, ok := e.Data.(*events.PostChanged)
		if !ok || c.Post != post || c.On > max(on, d.From) {
			continue
		}
		said := texts(string(c.Division), c.Category, c.Kind, c.Area, c.Employer, c.Fund, int64(c.Standard), c.RequiredDays)
		for i, nothing := range texts("", "", "", "", "", "", 0, 0) {
			switch {
			case said[i] == nothing || c.On < since[i]:
			case c.On > since[i] || said[i] > all[i]:
				all[i], since[i] = said[i], c.On
			}
		}
	}
	return all
}

func texts(division, category, kind, area, employer, fund string, standard int64, days int) []string {
	return []string{division, category, kind, area, employer, fund, fmt.Sprintf("%020d", standard), fmt.Sprintf("%020d", days)}
}

// DivisionOn returns the division in which a post lies on a day, and "" if the post was
// never developed.
func (b Book) DivisionOn(post string, on civil.Date) string {
	if all := b.Details(post, on); all != nil {
		return all[0]
	}
	return ""
}
