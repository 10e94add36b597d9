package events

import "strings"

// A RunKey finds a pay run. A run belongs to the source that ordered it, so the runs of two
// agencies never meet, even if both have the name 2022-05.
//
// Source is the source that ordered the run, such as /agency/370211-rsj. It is "" in records
// of before 1.1, which mean the run by its name alone, among the orders that have no day
// (on) either. The two kinds of runs never meet: an order has a day and a source, or neither.
type RunKey struct{ Source, Run string }

// RunData is the payload of an event about one pay run.
type RunData interface {
	Data

	// RunKey returns the key of the run. In a submission its Source is what the agency
	// gave, see [OrderingSource]; in a record it is that of the run.
	RunKey() RunKey

	// FirstLine returns the id of the first line, or "" if there is none.
	FirstLine() string
}

// OrderingSource returns the source that the member ordered_by of a submission names: the
// source itself, or the name of an agency, whose source is /agency/<name>.
func OrderingSource(orderedBy string) string {
	if strings.HasPrefix(orderedBy, "/") {
		return orderedBy
	}
	return "/agency/" + orderedBy
}

// String returns a text that only this run has: the name of the run, after the source if
// there is one. No name holds a line end.
func (k RunKey) String() string {
	if k.Source == "" {
		return k.Run
	}
	return k.Source + "\n" + k.Run
}

func (k RunKey) check(c *checker) {
	c.name("run", k.Run)
	c.optionalName("ordered_by", k.Source)
}
