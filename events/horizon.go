package events

import (
	"strconv"

	"github.com/muster-works/muster/events/civil"
)

// A Horizon receives the days that an event speaks of, each by the method that says how far
// ahead of the day of the decision it may lie. Ends of intervals and terms, plans, policy
// packs and allocations of funds may lie as far ahead as they do, so they are not given.
type Horizon interface {
	// Happened receives a day on which something happened: it may be the day of the
	// decision at the latest. The field is a path in data.
	Happened(field Path, on civil.Date)
	// Attended receives the last day on which a line of a sheet says that the person was
	// present or absent: it may be the day after the decision.
	Attended(field Path, on civil.Date)
	// Planned receives a day from which something holds on a post: it may lie as far ahead
	// as the policy pack says.
	Planned(field Path, post string, on civil.Date)
}

// A Path is the place of a field in the data of an event: the name of a field, or a field
// of a line. It is written out only when it is needed, since most days are in order.
type Path struct {
	Name string
	Line int // number of the line from 1; 0 is none
}

// String returns the path with data, such as data.lines[3].on.
func (p Path) String() string {
	if p.Line == 0 {
		return "data." + p.Name
	}
	return "data.lines[" + strconv.Itoa(p.Line-1) + "]." + p.Name
}

// happenedByLine tells h the day of each line that came back.
func happenedByLine(h Horizon, lines []ReturnedLine) {
	for i := range lines {
		h.Happened(Path{"on", i + 1}, lines[i].On)
	}
}
