package sheets

import "github.com/muster-works/muster/events"

// partLines is the largest number of lines of a pay run in one event.
const partLines = 500

// eventGroups gathers the rows that become lines of one event, in the order of the
// first row of each event.
type eventGroups struct {
	list []*eventGroup
	by   map[string]*eventGroup
}

// An eventGroup is the attendance sheet of one post and month, or one pay run.
type eventGroup struct {
	layout *layout
	event  events.Event // with the lines of all rows
	common string       // the event without its lines as JSON, to compare the rows with each other
	row    int          // number of the first row
	rows   []int
	people map[string]int // if the lines have no names, the row of each person
}

// inParts reports whether rows of the kind become several events if there are many.
func (k *rowKind) inParts() bool { return k.typ == events.PaymentInstructedType }

// add puts a row into its group. It returns problems if the row contradicts the group.
func (s *eventGroups) add(d *rowDraft) []Problem {
	if s.by == nil {
		s.by = map[string]*eventGroup{}
	}
	e, kind := d.event, d.layout.kind
	e.Data = kind.lines.part(e.Data, 0, 0)
	natural, _ := kind.naturalKey(e.Data)
	key := string(joinKey(append([]string{kind.name, e.ID, e.Source}, natural...)...))
	raw, err := e.Append(nil)
	if err != nil {
		d.refuse("", events.Malformed, notJSON)
		return d.problems
	}
	g := s.by[key]
	if g == nil {
		g = &eventGroup{layout: d.layout, event: e, common: string(raw), row: d.row, people: map[string]int{}}
		s.by[key] = g
		s.list = append(s.list, g)
	}
	if g.common != string(raw) {
		d.refuse("", events.Invalid, events.Say("differs from row %d in what is said of all rows of the same %s: %s",
			"与第%d行不一致：同一%s的各行这些列须相同：%s", g.row, kind.sentence(), sharedColumns(kind)))
		return d.problems
	}
	// A pay line without a name gets one from the service, which makes it of the person.
	if d.lineName() == nil && !g.addPerson(d) {
		return d.problems
	}
	kind.lines.addLinesOf(g.event.Data, d.event.Data)
	g.rows = append(g.rows, d.row)
	return nil
}

// addPerson notes the person of a row. It returns false, and the row has a problem, if
// another row of the group is of the same person.
func (g *eventGroup) addPerson(d *rowDraft) bool {
	line := d.event.Data.PersonLines()
	who := *line.IDNumber(0)
	if who == "" {
		who = line.Person(0).String()
	}
	if first, again := g.people[who]; again {
		d.refuse("id_number", events.Invalid, events.Say(
			"is of a person who stands in row %d already, for the same post and month", "该人员在同一岗位、同一月份已列在第%d行", first))
		return false
	}
	g.people[who] = d.row
	return true
}

// sharedColumns names the columns that all rows of one event have in common.
func sharedColumns(k *rowKind) string {
	switch k.typ {
	case events.PaymentInstructedType:
		return "month, fund, on, division, submode, replaces"
	case events.PaymentSettledType, events.PaymentRejectedType:
		return "division, submode, replaces"
	default: // a sheet of attendance
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
	size := len(g.rows)
	if g.layout.kind.inParts() {
		size = partLines
	}
	for from := 0; from < len(g.rows); from += size {
		e, to := g.event, min(from+size, len(g.rows))
		e.Data = g.layout.kind.lines.part(e.Data, from, to)
		list = append(list, eventPart{&e, g.rows[from:to:to]})
	}
	return list
}
