package sheets

import (
	"fmt"
	"strconv"

	"github.com/muster-works/muster/events"
)

// partLines is how many lines of a run one event has at most.
const partLines = 500

// groups collects rows that become lines of one event. The groups are in the order of
// their first rows.
type groups struct {
	list []*group
	by   map[string]*group
	runs map[string]int // how many lines of each run have no name of their own
}

// A group is the attendance of one post and month, or a payment run.
type group struct {
	layout *layout
	event  events.Event // without lines
	said   string       // the event without lines as JSON, which must be equal for all rows
	row    int          // the first row
	rows   []int
	days   []events.AttendanceLine
	pays   []events.PayLine
	people map[string]int // of attendance: the row of each person
}

// splits reports whether the events of a kind are cut into parts.
func (k *kind) splits() bool { return k.typ == events.PaymentInstructedType }

// add adds a row to its group, or returns why it cannot.
func (s *groups) add(d *draft) []Problem {
	if s.by == nil {
		s.by, s.runs = map[string]*group{}, map[string]int{}
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
	key := string(join(append([]string{d.layout.kind.name, e.ID, e.Source}, natural...)...))
	raw, err := e.Append(nil)
	if err != nil {
		d.refuse("", events.Malformed, "cannot be written as JSON")
		return d.problems
	}
	g := s.by[key]
	if g == nil {
		g = &group{layout: d.layout, event: e, said: string(raw), row: d.row, people: map[string]int{}}
		s.by[key] = g
		s.list = append(s.list, g)
	}
	if g.said != string(raw) {
		d.refuse("", events.Invalid, fmt.Sprintf("differs from row %d in what is said of all rows of the same %s: %s",
			g.row, d.layout.kind.name, shared(d.layout.kind)))
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
		g.days = append(g.days, *day)
	case pay != nil:
		if pay.Line == "" {
			run := string(join(e.Source, natural[0]))
			s.runs[run]++
			pay.Line = strconv.Itoa(s.runs[run])
		}
		g.pays = append(g.pays, *pay)
	}
	g.rows = append(g.rows, d.row)
	return nil
}

// shared lists the columns that must be equal in all rows of a group.
func shared(k *kind) string {
	if k.splits() {
		return "month, fund, division, submode, replaces"
	}
	return "recorder, division, submode, replaces"
}

// A part is an event and the numbers of the rows of its lines.
type part struct {
	event *events.Event
	rows  []int
}

// parts returns the events of a group.
func (g *group) parts() (list []part) {
	e := g.event
	if data, ok := e.Data.(*events.AttendanceReported); ok {
		c := *data
		c.Lines, e.Data = g.days, &c
		return []part{{&e, g.rows}}
	}
	for from := 0; from < len(g.pays); from += partLines {
		e, c := g.event, *g.event.Data.(*events.PaymentInstructed)
		to := min(from+partLines, len(g.pays))
		c.Lines = g.pays[from:to:to]
		e.Data = &c
		list = append(list, part{&e, g.rows[from:to:to]})
	}
	return list
}
