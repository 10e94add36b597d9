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
	complain := func(column string, code events.Code, s events.Sentence) {
		problems = append(problems, Problem{Column: column, Reason: events.ReasonOf(code, "", s)})
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
			complain(l.headers[i], events.UnknownField, events.Say("is no column of a sheet of %s%s", "不是%s表的列%s", k.sentence(), headerHint(all, name)))
		}
		for j := range i {
			if c := l.columns[i]; c != nil && l.columns[j] != nil && baseField(l.columns[j].name) == baseField(c.name) {
				complain(l.headers[i], events.Malformed, events.Say("says the same as the column %s; keep one of them", "与“%s”列是同一内容；请只保留一列", l.headers[j]))
			}
		}
	}
	for _, c := range all {
		if c.required && !l.has(c.name) {
			complain(c.name, events.Missing, events.Say("is a column that a sheet of %s must have%s", "是%s表必须有的列%s", k.sentence(), headerAlternatives(c)))
		}
	}
	for _, names := range k.anyOf {
		if !slices.ContainsFunc(names, l.has) {
			complain(names[0], events.Missing, events.Say(
				"is missing: a sheet of %s must have a column %s", "缺少：%s表须有%s列", k.sentence(), oneOf(names)))
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
func headerHint(all []column, name string) events.Sentence {
	for _, c := range all {
		if slices.Contains(c.labels, name+"(不含)") {
			return events.Say(": write %s where that is the first day that no longer counts, else (含)",
				"：如该日不再计入，请写%s，否则请写(含)", c.labels[0])
		}
	}
	if name == "出勤天数" {
		return events.Say(": a number of days does not say which; give marks, columns 1 to 31, or days",
			"：只有天数看不出是哪几天；请填marks、1至31各列或days")
	}
	return events.Sentence{}
}

// headerAlternatives lists the headers that a missing column may have.
func headerAlternatives(c column) events.Sentence {
	if len(c.labels) == 0 {
		return events.Sentence{}
	}
	return events.Say(", as %s", "，列名为%s", oneOf(append([]string{c.name}, c.labels...)))
}

// oneOf lists the names of which a sheet has one.
func oneOf(names []string) events.Sentence {
	return events.Say(strings.Join(names, " or "), strings.Join(names, "或"))
}

// sentence names a kind of row for people.
func (k *rowKind) sentence() events.Sentence { return events.Say(k.name, k.labels[0]) }

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
