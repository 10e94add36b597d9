package sheets

import (
	"errors"
	"slices"
	"strings"

	"github.com/muster-works/muster/events"
)

// A rowDraft is the event that a row becomes, while its cells are read.
type rowDraft struct {
	event    events.Event
	layout   *layout
	row      int
	epoch    epoch
	days     [31]byte // marks of an attendance row, 0 where nothing was said
	problems []Problem
}

// refuse adds a problem with a field.
func (d *rowDraft) refuse(field string, code events.Code, s events.Sentence) {
	d.problems = append(d.problems, Problem{d.row, d.layout.label(field), events.ReasonOf(code, field, s)})
}

// newRowDraft sets the fields from the cells of a row, and checks the event against the
// contract.
func newRowDraft(l *layout, row int, cells []string, e epoch, o Options) *rowDraft {
	d := &rowDraft{layout: l, row: row, epoch: e}
	d.event = events.Event{Type: l.kind.typ, Source: o.Source, Division: o.Division, Data: events.New(l.kind.typ)}
	if l.kind.lines != nil {
		l.kind.lines.addEmpty(d.event.Data)
	}
	for i, cell := range cells {
		if cell = cleanCell(cell); cell != "" {
			d.set(i, cell)
		}
	}
	if len(d.problems) == 0 && l.kind.finish != nil {
		l.kind.finish(d)
	}
	d.check()
	return d
}

// set sets the field of column i from the text of a cell.
func (d *rowDraft) set(i int, cell string) {
	var c *column
	header := displayHeader("", i)
	if i < len(d.layout.columns) {
		c, header = d.layout.columns[i], d.layout.headers[i]
	}
	var f *cellProblem
	switch {
	case c == nil:
		f = invalid("stands in a column that a row of %s does not have; the header and the rows may not fit",
			"所在的列不是%s表应有的列；表头与各行可能没有对齐", d.layout.kind.sentence())
	case c.set == nil:
	default:
		if f = checkText(cell); f == nil {
			f = c.set(d, cell)
		}
	}
	if f != nil {
		name := ""
		if c != nil {
			name = c.field()
		}
		d.problems = append(d.problems, Problem{d.row, header, events.ReasonOf(f.code, name, f.says)})
	}
}

// lineName returns the field that holds the name of the line that the row becomes. It
// returns nil if the row becomes no line, or a line that has no name.
func (d *rowDraft) lineName() *string {
	if d.layout.kind.lines == nil {
		return nil
	}
	return d.layout.kind.lines.nameOfFirst(d.event.Data)
}

// check checks the row against the contract as an event of its own. It adds no problem
// with a field whose cell was refused before.
func (d *rowDraft) check() {
	e := d.event
	if e.ID == "" {
		e.ID = "row"
	}
	if name := d.lineName(); name != nil && *name == "" {
		*name = "1" // the group names the line when it takes the row
		defer func() { *name = "" }()
	}
	raw, err := e.Append(nil)
	if err != nil {
		d.problems = append(d.problems, Problem{Row: d.row, Reason: events.ReasonOf(events.Malformed, "", events.Say("holds text that is not UTF-8", "含有不是UTF-8的文本"))})
		return
	}
	_, err = events.Submission(raw)
	var reasons events.Reasons
	if !errors.As(err, &reasons) {
		return
	}
	for _, r := range reasons {
		name := strings.TrimPrefix(strings.TrimPrefix(r.Field, "data."), "lines[0].")
		label := d.layout.label(name)
		if !slices.ContainsFunc(d.problems, func(p Problem) bool { return p.Field == name || p.Column == label }) {
			r.Field = name
			d.problems = append(d.problems, Problem{d.row, label, r})
		}
	}
}
