package sheets

import (
	"slices"
	"strconv"
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
)

// A sheet is a sheet that is being read, row by row.
type sheet struct {
	Options
	name  string // name of the sheet in a workbook; empty for CSV
	title string // title that may begin with the kind
	epoch epoch
	yield func(Result) bool

	header  []string // nil until the header line was read
	typeAt  int      // column that says the kind of a row; -1 is none
	refused bool     // the header was refused, so that no row is read
	layouts map[*rowKind]*kindLayout
	groups  eventGroups
}

// A kindLayout is the layout of a kind in the sheet, or the problems that prevent it.
type kindLayout struct {
	*layout
	problems []Problem
}

func newSheet(name, title string, e epoch, o Options, yield func(Result) bool) *sheet {
	return &sheet{Options: o, name: displayTitle(name), title: title, epoch: e, yield: yield, typeAt: -1, layouts: map[*rowKind]*kindLayout{}}
}

// displayTitle returns the name of a sheet as results quote it.
func displayTitle(s string) string {
	if idnumber.In(s) {
		return "(withheld)"
	}
	return s
}

// takeRow takes the next row. It returns false if the caller wants no more results.
func (s *sheet) takeRow(n int, cells []string) bool {
	blank := !slices.ContainsFunc(cells, func(c string) bool { return cleanCell(c) != "" })
	switch {
	case blank || s.refused:
		return true
	case s.header == nil:
		return s.takeHeader(n, slices.Clone(cells))
	}
	k, problem := s.kindOf(cells)
	if problem != nil {
		problem.Row = n
		return s.refuse([]int{n}, *problem)
	}
	l := s.layoutOf(k)
	if len(l.problems) > 0 {
		return s.refuse([]int{n}, inRow(n, l.problems)...)
	}
	d := newRowDraft(l.layout, n, cells, s.epoch, s.Options)
	d.event.Subject = k.names(d.event.Data)[0]
	if len(d.problems) == 0 && k.lines != nil {
		d.problems = s.groups.add(d)
		if len(d.problems) == 0 {
			return true
		}
	}
	if len(d.problems) > 0 {
		return s.refuse([]int{n}, d.problems...)
	}
	return s.sendEvent(d.layout, &d.event, []int{n}, 1)
}

// takeHeader takes the header line.
func (s *sheet) takeHeader(n int, header []string) bool {
	s.header = header
	fail := func(problems ...Problem) bool {
		s.refused = true
		return s.refuse([]int{n}, inRow(n, problems)...)
	}
	for i, h := range header {
		if idnumber.In(h) {
			return fail(Problem{Column: displayHeader("", i), Reason: events.ReasonOf(events.Malformed, "", events.Say(
				"holds an identity number: the line is no header; put one above it", "含有公民身份号码：这一行不是表头；请在其上方加表头"))})
		}
		if name := normalizeHeader(h); name == "type" || name == "类型" || name == "业务类型" {
			s.typeAt = i
		}
	}
	if s.typeAt >= 0 {
		return true
	}
	k, problem := s.kindOf(nil)
	if problem != nil {
		return fail(*problem)
	}
	if l := s.layoutOf(k); len(l.problems) > 0 {
		return fail(l.problems...)
	}
	return true
}

// kindOf returns the kind of a row, from its type column, the options or the title.
func (s *sheet) kindOf(cells []string) (*rowKind, *Problem) {
	if said := cleanCell(cell(cells, s.typeAt)); said != "" {
		if k := kindNamed(said); k != nil {
			return k, nil
		}
		return nil, &Problem{Column: displayHeader(s.header[s.typeAt], s.typeAt),
			Reason: events.ReasonOf(events.UnknownType, "type", events.Say("must be one of %s", "须为下列之一：%s", kindNames()))}
	}
	if s.Kind != "" {
		if k := kindNamed(s.Kind); k != nil {
			return k, nil
		}
	} else if k := kindTitled(s.title); k != nil {
		return k, nil
	}
	return nil, &Problem{Reason: events.ReasonOf(events.UnknownType, "type", events.Say(
		"is of no known kind; name the sheet or file after one of %s, give --type, or a column type",
		"看不出是哪种表；请将工作表或文件以下列之一命名：%s，或用--type指明，或加类型列", kindNames()))}
}

func cell(cells []string, i int) string {
	if i < 0 || i >= len(cells) {
		return ""
	}
	return cells[i]
}

// kindNames lists the kinds for error messages.
func kindNames() string {
	var list []string
	for _, k := range rowKinds {
		list = append(list, k.name+" "+k.labels[0])
	}
	return strings.Join(list, ", ")
}

// layoutOf returns the layout of a kind, which is made once.
func (s *sheet) layoutOf(k *rowKind) *kindLayout {
	l := s.layouts[k]
	if l == nil {
		l = &kindLayout{}
		l.layout, l.problems = newLayout(k, s.header, s.typeAt >= 0)
		s.layouts[k] = l
	}
	return l
}

// inRow returns a copy of problems with the row set.
func inRow(row int, problems []Problem) []Problem {
	problems = slices.Clone(problems)
	for i := range problems {
		problems[i].Row = row
	}
	return problems
}

func (s *sheet) refuse(rows []int, problems ...Problem) bool {
	return s.yield(Result{Sheet: s.name, Rows: rows, Problems: problems})
}

// sendEvent gives an event its id and yields it.
func (s *sheet) sendEvent(l *layout, e *events.Event, rows []int, part int) bool {
	base, natural := s.identify(l.kind, e, part)
	content := *e
	content.ID = ""
	raw, err := content.Append(nil)
	if err != nil {
		return s.refuse(rows, Problem{Row: rows[0], Reason: events.ReasonOf(events.Malformed, "", notJSON)})
	}
	c := s.IDs.next(natural, raw)
	if s.IDs.conflicts(c) {
		field := ""
		if e.ID != "" {
			field = "id"
		}
		return s.refuse(rows, Problem{Row: rows[0], Column: l.label(field), Reason: events.ReasonOf(events.Invalid, field, events.Say(
			"says otherwise than an earlier row of the same %s; keep one of them, or tell them apart by a column id",
			"与前面同一%s的行说法不同；请只保留一行，或用编号列加以区分", l.kind.sentence()))})
	}
	e.ID = versionedID(base, c.version)
	if c.replaces > 0 {
		e.Replaces = versionedID(base, c.replaces)
	}
	return s.yield(Result{Sheet: s.name, Rows: rows, Event: e, Record: c, layout: l})
}

// notJSON is said of an event that has no JSON form.
var notJSON = events.Say("cannot be written as JSON", "无法写成JSON")

// identify returns the id of the first version of an event, and its key in the IDStore.
func (s *sheet) identify(k *rowKind, e *events.Event, part int) (base string, natural []byte) {
	if e.ID != "" {
		if base = e.ID; part > 1 {
			base += "-" + strconv.Itoa(part)
		}
		return base, joinKey("id", string(k.typ.Family()), e.Source, base)
	}
	key, personal := k.naturalKey(e.Data)
	natural = joinKey(append([]string{k.name, e.Source, strconv.Itoa(part)}, key...)...)
	return s.IDs.hashedID(k.name, natural, personal), natural
}

// finish yields the events whose rows were held until the end of the sheet.
func (s *sheet) finish() bool {
	for _, g := range s.groups.list {
		if !s.sendGroup(g) {
			return false
		}
	}
	return true
}

// sendGroup yields the parts of a group. Before that it withdraws the parts that were
// sent once and that the group no longer has.
func (s *sheet) sendGroup(g *eventGroup) bool {
	parts := g.parts()
	for part := len(parts) + 1; ; part++ {
		e := g.event
		base, natural := s.identify(g.layout.kind, &e, part)
		old, known := s.IDs.known[keyedHash(s.IDs.key, []byte("natural"), natural)]
		if !known || !g.layout.kind.inParts() {
			break
		}
		if old.gone {
			continue
		}
		id := versionedID(base, old.version)
		old.gone = true
		e.Type, e.Subject, e.Replaces, e.ID = events.EventWithdrawnType, g.event.Subject, "", id+"-withdrawn"
		e.Data = &events.EventWithdrawn{Of: g.layout.kind.typ, ID: id, Reason: "the run has fewer parts now"}
		if !s.yield(Result{Sheet: s.name, Event: &e, Record: old, layout: g.layout}) {
			return false
		}
	}
	for i, p := range parts {
		if !s.sendEvent(g.layout, p.event, p.rows, i+1) {
			return false
		}
	}
	return true
}
