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
	kind    *rowKind
	columns []*column // nil if the kind has no such column
	headers []string  // headers of the sheet, as errors quote them
}

// newLayout finds the columns of a kind in a header line. If mixed is set, rows of
// several kinds share the sheet, and a header may belong to any kind. Otherwise each
// header must belong to kind k.
func newLayout(k *rowKind, header []string, mixed bool) (*layout, []Problem) {
	l := &layout{kind: k, columns: make([]*column, len(header)), headers: make([]string, len(header))}
	var problems []Problem
	complain := func(column string, code events.Code, detail string) {
		problems = append(problems, Problem{Column: column, Reason: events.Reason{Code: code, Detail: detail}})
	}
	all := k.allColumns()
	for i, h := range header {
		name := normalizeHeader(h)
		l.headers[i] = displayHeader(h, i)
		if name == "" {
			continue
		}
		at := slices.IndexFunc(all, func(c column) bool { return c.named(name) })
		switch {
		case at >= 0:
			l.columns[i] = &all[at]
		case !mixed || !slices.ContainsFunc(rowKinds, func(k rowKind) bool { return k.has(name) }):
			complain(l.headers[i], events.UnknownField, "is no column of a sheet of "+k.name+headerHint(all, name))
		}
		for j := range i {
			if c := l.columns[i]; c != nil && l.columns[j] != nil && baseField(l.columns[j].name) == baseField(c.name) {
				complain(l.headers[i], events.Malformed, "says the same as the column "+l.headers[j]+"; keep one of them")
			}
		}
	}
	for _, c := range all {
		if c.required && !l.has(c.name) {
			complain(c.name, events.Missing, "is a column that a sheet of "+k.name+" must have"+headerAlternatives(c))
		}
	}
	for _, names := range k.anyOf {
		if !slices.ContainsFunc(names, l.has) {
			complain(names[0], events.Missing, "is missing: a sheet of "+k.name+" must have a column "+strings.Join(names, " or "))
		}
	}
	return l, problems
}

func (k *rowKind) has(header string) bool {
	return slices.ContainsFunc(k.allColumns(), func(c column) bool { return c.named(header) })
}

func (l *layout) has(name string) bool {
	return slices.ContainsFunc(l.columns, func(c *column) bool { return c != nil && c.name == name })
}

// label returns the header of the column for a field, or the field if there is no
// column.
func (l *layout) label(field string) string {
	for i, c := range l.columns {
		if c != nil && baseField(c.name) == field {
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

// baseField returns the field that a column sets. Some fields have two columns, whose
// names differ in the suffix.
func baseField(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, "_yuan"), ".last")
}

// field returns the field of the contract that a column sets.
func (c *column) field() string {
	if c.dayOfMonth > 0 || c.name == "days" {
		return "marks"
	}
	return baseField(c.name)
}

// headerHint explains a header that is almost known: 公示截止日期 does not say whether that
// day still counts.
func headerHint(all []column, name string) string {
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

// headerAlternatives lists the headers that a missing column may have.
func headerAlternatives(c column) string {
	if len(c.labels) == 0 {
		return ""
	}
	return ", as " + c.name + " or " + strings.Join(c.labels, " or ")
}

// displayHeader returns a header as errors and receipts quote it, or the number of the
// column. A file without a header line has data in its place, which must not be quoted.
func displayHeader(h string, i int) string {
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
