package sheets

import (
	"fmt"
	"strconv"

	"github.com/muster-works/muster/events"
)

// partLines is the largest number of lines of a pay run in one event.
const partLines = 500

// eventGroups gathers the rows that become lines of one event, in the order of the
// first row of each event.
type eventGroups struct {
	list []*eventGroup
	by   map[string]*eventGroup
	runs map[string]int // for each run, the number of lines without a name of their own
}

// An eventGroup is the attendance sheet of one post and month, or one pay run.
type eventGroup struct {
	layout     *layout
	event      events.Event // the event without its lines
	common     string       // event as JSON, to compare the rows with each other
	row        int          // number of the first row
	rows       []int
	attendance []events.AttendanceLine
	payments   []events.PayLine
	people     map[string]int // for attendance, the row of each person
}

// inParts reports whether rows of the kind become several events if there are many.
func (k *rowKind) inParts() bool { return k.typ == events.PaymentInstructedType }

// add puts a row into its group. It returns problems if the row contradicts the group.
func (s *eventGroups) add(d *rowDraft) []Problem {
	if s.by == nil {
		s.by, s.runs = map[string]*eventGroup{}, map[string]int{}
	}
	e := d.event
	var day *events.AttendanceLine
	var pay *events.PayLine
	switch data := e.Data.(type) {
	case *events.AttendanceReported:
		c := *data
		day, c.Lines, e.Data = &data.Lines[0], nil, &c
	case *events.PaymentInstructed:
		c := *data
		pay, c.Lines, e.Data = &data.Lines[0], nil, &c
	}
	natural, _ := d.layout.kind.natural(e.Data)
	key := string(joinKey(append([]string{d.layout.kind.name, e.ID, e.Source}, natural...)...))
	raw, err := e.Append(nil)
	if err != nil {
		d.refuse("", events.Malformed, "cannot be written as JSON")
		return d.problems
	}
	g := s.by[key]
	if g == nil {
		g = &eventGroup{layout: d.layout, event: e, common: string(raw), row: d.row, people: map[string]int{}}
		s.by[key] = g
		s.list = append(s.list, g)
	}
	if g.common != string(raw) {
		d.refuse("", events.Invalid, fmt.Sprintf("differs from row %d in what is said of all rows of the same %s: %s",
			g.row, d.layout.kind.name, sharedColumns(d.layout.kind)))
		return d.problems
	}
	switch {
	case day != nil:
		who := day.IDNumber
		if who == "" {
			who = day.Person.String()
		}
		if first, again := g.people[who]; again {
			d.refuse("id_number", events.Invalid, fmt.Sprintf("is of a person who stands in row %d already, for the same post and month", first))
			return d.problems
		}
		g.people[who] = d.row
		g.attendance = append(g.attendance, *day)
	case pay != nil:
		if pay.Line == "" {
			run := string(joinKey(e.Source, natural[0]))
			s.runs[run]++
			pay.Line = strconv.Itoa(s.runs[run])
		}
		g.payments = append(g.payments, *pay)
	}
	g.rows = append(g.rows, d.row)
	return nil
}

// sharedColumns names the columns that all rows of one event have in common.
func sharedColumns(k *rowKind) string {
	if k.inParts() {
		return "month, fund, division, submode, replaces"
	}
	return "recorder, division, submode, replaces"
}

// An eventPart is an event and the rows that its lines come from.
type eventPart struct {
	event *events.Event
	rows  []int
}

// parts returns the events of a group.
func (g *eventGroup) parts() (list []eventPart) {
	e := g.event
	if data, ok := e.Data.(*events.AttendanceReported); ok {
		c := *data
		c.Lines, e.Data = g.attendance, &c
		return []eventPart{{&e, g.rows}}
	}
	for from := 0; from < len(g.payments); from += partLines {
		e, c := g.event, *g.event.Data.(*events.PaymentInstructed)
		to := min(from+partLines, len(g.payments))
		c.Lines = g.payments[from:to:to]
		e.Data = &c
		list = append(list, eventPart{&e, g.rows[from:to:to]})
	}
	return list
}
