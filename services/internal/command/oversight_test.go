package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log/memlog"
	"pgregory.net/rapid"
)

// of returns e as an agency with an authdivision submits it.
func of(e *events.Event, agency, authDivision string) *events.Event {
	e.Source, e.AuthDivision, e.Division = "/agency/"+agency, authDivision, "370211102231"
	return e
}

// correction returns an agency's correction of an event of another agency.
func correction(id, agency, authDivision, original, source string) *events.Event {
	e := of(replace(id, original, "course-"+id, 1), agency, authDivision)
	e.ReplacesSource = "/agency/" + source
	return e
}

// Goal: whether an agency oversees the event that it corrects depends on the divisions of
// the two agencies alone. Method: a table of pairs, each with an original that an agency
// said for itself, and with one by which an overseer corrected another agency.
func TestWhoOverseesWhom(t *testing.T) {
	for _, c := range []struct {
		name, theirs, mine   string
		plainly, asOverseers bool // whether mine may correct what theirs said
	}{
		{"a county its township", "370211102", "370211", true, true},
		{"a township its county", "370211", "370211102", false, false},
		{"two of one county", "370211", "370211", true, false},
		{"another county", "370211", "370212", false, false},
		{"the province a county", "370211", "37", true, true},
		{"everywhere the province", "37", "00", true, true},
		{"the province everywhere", "00", "37", false, false},
		{"two of everywhere", "00", "00", true, false},
		{"an operator everywhere", "00", "", true, true},
		{"a county, of before 1.1", "", "370211", true, true},
		{"another county, of before 1.1", "", "370212", false, false},
	} {
		for _, overseers := range []bool{false, true} {
			d := start(t, memlog.New())
			submit(t, d, of(take("1", "a", 1), "first", ""))
			original, may := "1", c.plainly
			if overseers {
				original, may = "2", c.asOverseers
				submit(t, d, correction("2", "theirs", c.theirs, "1", "first"))
			} else {
				submit(t, d, of(take("1", "b", 2), "theirs", c.theirs))
			}
			r := submit(t, d, correction("3", "mine", c.mine, original, "theirs"))[0]
			if want := map[bool]string{true: "accepted", false: "rejected not_entitled"}[may]; summary(r) != want {
				t.Errorf("%s, overseer's %v: %+v, want %s", c.name, overseers, r, want)
			}
			if !may && (r.Reasons[0].Field != "replacessource" || r.Reasons[0].DetailZH == "") {
				t.Errorf("%s: %+v", c.name, r.Reasons[0])
			}
		}
	}
}

// Goal: who superseded whom does not depend on the order in which corrections come, and is
// the same in every handler. Method: a chain of an event, corrections by its own source in
// record mode, and corrections by overseers that each answer for more. They are sent in any
// order, again and again, until all are taken. Every event but the last one is then refused
// as already_voided by the event after it.
func TestOversightInAnyOrder(t *testing.T) {
	agencies := []struct{ name, division string }{{"village", "370211102231"}, {"town", "370211102"}, {"county", "370211"}, {"city", "3702"}, {"province", "37"}, {"all", "00"}}
	rapid.Check(t, func(rt *rapid.T) {
		chain := []*events.Event{of(take("e-0", "course-0", 0), "village", "370211102231")}
		length := rapid.IntRange(2, 8).Draw(rt, "length")
		for at, n := 0, 1; n < length; n++ {
			before := chain[n-1]
			e := correction(fmt.Sprintf("e-%d", n), agencies[at].name, agencies[at].division, before.ID, agencies[at].name)
			if at+1 < len(agencies) && rapid.Bool().Draw(rt, "overseer") {
				at += rapid.IntRange(1, len(agencies)-1-at).Draw(rt, "above")
				e = correction(e.ID, agencies[at].name, agencies[at].division, before.ID, strings.TrimPrefix(before.Source, "/agency/"))
			}
			e.Submode = events.ModeRecord
			chain = append(chain, e)
		}
		l := memlog.New()
		d := start(t, l)
		for waiting := chain; len(waiting) > 0; {
			waiting = rapid.Permutation(waiting).Draw(rt, "order")
			var rest []*events.Event
			for i, r := range submit(t, d, waiting...) {
				if r.Status == events.Rejected && r.Reasons[0].Code == UnknownReplaced {
					rest = append(rest, waiting[i])
				} else if r.Status != events.Accepted {
					rt.Fatalf("%s: %+v", waiting[i].ID, r)
				}
			}
			if len(rest) == len(waiting) {
				rt.Fatalf("%d events are never taken", len(rest))
			}
			waiting = rest
		}
		for _, d := range []*Handler{d, start(t, l)} {
			for i, r := range submit(t, d, chain...) {
				if i == len(chain)-1 {
					if r.Status != events.Duplicate {
						rt.Fatalf("the last one: %+v", r)
					}
					continue
				}
				by := chain[i+1]
				if summary(r) != "rejected already_voided" || !strings.Contains(r.Reasons[0].Detail, "by event "+by.ID+" of "+by.Source+" on ") {
					rt.Fatalf("%s: %+v, want by %s", chain[i].ID, r, by.ID)
				}
			}
		}
	})
}
