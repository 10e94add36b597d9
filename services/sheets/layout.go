package sheets

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
)

// A layout maps the columns of a sheet to the columns of a kind.
type layout struct {
	kind    *kind
	columns []*column // nil for a column that the kind does not have
	headers []string  // as the sheet has them, in the form of presentable
}

// lay finds the columns of a kind in a header line. In a mixed sheet the rows may be of
// different kinds, and a column may belong to any of them. In any other sheet every column
// must belong to the kind.
func lay(k *kind, header []string, mixed bool) (*layout, []Problem) {
	l := &layout{kind: k, columns: make([]*column, len(header)), headers: make([]string, len(header))}
	var problems []Problem
	complain := func(column string, code events.Code, detail string) {
		problems = append(problems, Problem{Column: column, Reason: events.Reason{Code: code, Detail: detail}})
	}
	all := k.all()
	for i, h := range header {
		name := heading(h)
		l.headers[i] = presentable(h, i)
		if name == "" {
			continue
		}
		at := slices.IndexFunc(all, func(c column) bool { return c.named(name) })
		switch {
		case at >= 0:
			l.columns[i] = &all[at]
		case !mixed || !slices.ContainsFunc(kinds, func(k kind) bool { return k.has(name) }):
			complain(l.headers[i], events.UnknownField, "is no column of a sheet of "+k.name+hint(all, name))
		}
		for j := range i {
			if c := l.columns[i]; c != nil && l.columns[j] != nil && base(l.columns[j].name) == base(c.name) {
				complain(l.headers[i], events.Malformed, "says the same as the column "+l.headers[j]+"; keep one of them")
			}
		}
	}
	for _, c := range all {
		if c.required && !l.has(c.name) {
			complain(c.name, events.Missing, "is a column that a sheet of "+k.name+" must have"+also(c))
		}
	}
	for _, names := range k.either {
		if !slices.ContainsFunc(names, l.has) {
			complain(names[0], events.Missing, "is missing: a sheet of "+k.name+" must have a column "+strings.Join(names, " or "))
		}
	}
	return l, problems
}

// has reports whether the kind has a column with a header.
func (k *kind) has(header string) bool {
	return slices.ContainsFunc(k.all(), func(c column) bool { return c.named(header) })
}

// has reports whether the sheet has a column with a name.
func (l *layout) has(name string) bool {
	return slices.ContainsFunc(l.columns, func(c *column) bool { return c != nil && c.name == name })
}

// label returns the header of the column for a field, or the field if there is no column.
func (l *layout) label(field string) string {
	for i, c := range l.columns {
		if c != nil && base(c.name) == field {
			return l.headers[i]
		}
	}
	if field == "person" || field == "identity" {
		for i, c := range l.columns {
			if c != nil && strings.HasSuffix(c.name, "id_number") {
				return l.headers[i]
			}
		}
	}
	return field
}

// base returns the field that a column sets. Two columns may set the same field, such as
// an amount in fen and in yuan.
func base(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, "_yuan"), ".last")
}

// field returns the field of the contract that a column sets.
func (c *column) field() string {
	if c.day > 0 || c.name == "days" {
		return "marks"
	}
	return base(c.name)
}

// hint says how to mend a header that is almost one of a column. For example, 公示截止日期
// does not say whether that day still counts.
func hint(all []column, name string) string {
	for _, c := range all {
		if slices.Contains(c.labels, name+"(不含)") {
			return ": write " + c.labels[0] + " where that is the first day that no longer counts, else (含)"
		}
	}
	if name == "出勤天数" {
		return ": a number of days does not say which; give marks, columns 1 to 31, or days"
	}
	return ""
}

// also lists the headers that a column may have.
func also(c column) string {
	if len(c.labels) == 0 {
		return ""
	}
	return ", as " + c.name + " or " + strings.Join(c.labels, " or ")
}

// presentable returns a header in the form in which errors and receipts name it. A header
// that may be data is replaced by the number of the column: in a file without a header line
// the first row of data stands in its place.
func presentable(h string, i int) string {
	h = strings.Join(strings.Fields(h), " ")
	digits := 0
	for _, r := range h {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	if h == "" || digits > 4 || len(h) > 64 || idnumber.In(h) {
		return fmt.Sprintf("column %d", i+1)
	}
	return h
}
