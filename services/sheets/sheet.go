package sheets

import (
	"slices"
	"strconv"
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
)

// A sheet reads the rows of one sheet and yields entries. Its methods return false if the
// consumer wants no more.
type sheet struct {
	Options
	name  string // of the sheet in a workbook; empty for CSV
	title string // may begin with the name of a kind
	epoch epoch
	yield func(Entry) bool

	header  []string // nil until the header line was read
	typeAt  int      // index of the column type, -1 if there is none
	refused bool     // the header line was refused, so that all rows are skipped
	layouts map[*kind]*laid
	groups  groups
}

// laid is the layout of one kind in the sheet, or why there is none.
type laid struct {
	*layout
	problems []Problem
}

func newSheet(name, title string, e epoch, o Options, yield func(Entry) bool) *sheet {
	return &sheet{Options: o, name: presentableTitle(name), title: title, epoch: e, yield: yield, typeAt: -1, layouts: map[*kind]*laid{}}
}

func presentableTitle(s string) string {
	if idnumber.In(s) {
		return "(withheld)"
	}
	return s
}

// row reads a row. n is its number, from 1.
func (s *sheet) row(n int, cells []string) bool {
	blank := !slices.ContainsFunc(cells, func(c string) bool { return clean(c) != "" })
	switch {
	case blank || s.refused:
		return true
	case s.header == nil:
		return s.head(n, slices.Clone(cells))
	}
	k, problem := s.kindOf(cells)
	if problem != nil {
		problem.Row = n
		return s.refuse([]int{n}, *problem)
	}
	l := s.lay(k)
	if len(l.problems) > 0 {
		return s.refuse([]int{n}, at(n, l.problems)...)
	}
	d := newDraft(l.layout, n, cells, s.epoch, s.Options)
	d.event.Subject = subject(d.event.Data)
	if len(d.problems) == 0 && k.lines {
		d.problems = s.groups.add(d)
		if len(d.problems) == 0 {
			return true
		}
	}
	if len(d.problems) > 0 {
		return s.refuse([]int{n}, d.problems...)
	}
	return s.send(d.layout, &d.event, []int{n}, 1)
}

// head reads the header line.
func (s *sheet) head(n int, header []string) bool {
	s.header = header
	fail := func(problems ...Problem) bool {
		s.refused = true
		return s.refuse([]int{n}, at(n, problems)...)
	}
	for i, h := range header {
		if idnumber.In(h) {
			return fail(Problem{Column: presentable("", i), Reason: events.Reason{Code: events.Malformed, Detail: "holds an identity number: the line is no header; put one above it"}})
		}
		if name := heading(h); name == "type" || name == "类型" || name == "业务类型" {
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
	if l := s.lay(k); len(l.problems) > 0 {
		return fail(l.problems...)
	}
	return true
}

// kindOf returns the kind of a row.
func (s *sheet) kindOf(cells []string) (*kind, *Problem) {
	if said := clean(cell(cells, s.typeAt)); said != "" {
		if k := kindNamed(said); k != nil {
			return k, nil
		}
		return nil, &Problem{Column: presentable(s.header[s.typeAt], s.typeAt),
			Reason: events.Reason{Code: events.UnknownType, Field: "type", Detail: "must be one of " + names()}}
	}
	if s.Kind != "" {
		if k := kindNamed(s.Kind); k != nil {
			return k, nil
		}
	} else if k := kindTitled(s.title); k != nil {
		return k, nil
	}
	return nil, &Problem{Reason: events.Reason{Code: events.UnknownType, Field: "type",
		Detail: "is of no known kind; name the sheet or file after one of " + names() + ", give --type, or a column type"}}
}

// cell returns the cell of column i, empty if the row is shorter.
func cell(cells []string, i int) string {
	if i < 0 || i >= len(cells) {
		return ""
	}
	return cells[i]
}

// names lists the kinds, for errors.
func names() string {
	var list []string
	for _, k := range kinds {
		list = append(list, k.name+" "+k.labels[0])
	}
	return strings.Join(list, ", ")
}

// lay returns the layout of a kind, which is made once.
func (s *sheet) lay(k *kind) *laid {
	l := s.layouts[k]
	if l == nil {
		l = &laid{}
		l.layout, l.problems = lay(k, s.header, s.typeAt >= 0)
		s.layouts[k] = l
	}
	return l
}

// at returns problems with the number of a row.
func at(row int, problems []Problem) []Problem {
	problems = slices.Clone(problems)
	for i := range problems {
		problems[i].Row = row
	}
	return problems
}

func (s *sheet) refuse(rows []int, problems ...Problem) bool {
	return s.yield(Entry{Sheet: s.name, Rows: rows, Problems: problems})
}

// send gives an event its id and yields it. part is the number of the event in its group,
// from 1.
func (s *sheet) send(l *layout, e *events.Event, rows []int, part int) bool {
	base, natural := s.identify(l.kind, e, part)
	content := *e
	content.ID = ""
	raw, err := content.Append(nil)
	if err != nil {
		return s.refuse(rows, Problem{Row: rows[0], Reason: events.Reason{Code: events.Malformed, Detail: "cannot be written as JSON"}})
	}
	c := s.Book.claim(natural, raw)
	if s.Book.clash(c) {
		field := ""
		if e.ID != "" {
			field = "id"
		}
		return s.refuse(rows, Problem{Row: rows[0], Column: l.label(field), Reason: events.Reason{Code: events.Invalid, Field: field,
			Detail: "says otherwise than an earlier row of the same " + l.kind.name + "; keep one of them, or tell them apart by a column id"}})
	}
	e.ID = versioned(base, c.version)
	if c.replaces > 0 {
		e.Replaces = versioned(base, c.replaces)
	}
	return s.yield(Entry{Sheet: s.name, Rows: rows, Event: e, Claim: c, layout: l})
}

// identify returns the id of the first version of an event, and the key under which the
// book knows the event.
func (s *sheet) identify(k *kind, e *events.Event, part int) (base string, natural []byte) {
	if e.ID != "" {
		if base = e.ID; part > 1 {
			base += "-" + strconv.Itoa(part)
		}
		return base, join("id", string(k.typ.Family()), e.Source, base)
	}
	key, personal := k.natural(e.Data)
	natural = join(append([]string{k.name, e.Source, strconv.Itoa(part)}, key...)...)
	return s.Book.hashed(k.name, natural, personal), natural
}

// end sends the groups, which were held until the end of the sheet.
func (s *sheet) end() bool {
	for _, g := range s.groups.list {
		if !s.sendGroup(g) {
			return false
		}
	}
	return true
}

// sendGroup sends the parts of a group. Before them it withdraws the parts that were sent
// earlier and that the group no longer has.
func (s *sheet) sendGroup(g *group) bool {
	parts := g.parts()
	for part := len(parts) + 1; ; part++ {
		e := g.event
		base, natural := s.identify(g.layout.kind, &e, part)
		old, known := s.Book.known[sum(s.Book.key, []byte("natural"), natural)]
		if !known || !g.layout.kind.splits() {
			break
		}
		if old.gone {
			continue
		}
		id := versioned(base, old.version)
		old.gone = true
		e.Type, e.Subject, e.Replaces, e.ID = events.EventWithdrawnType, g.event.Subject, "", id+"-withdrawn"
		e.Data = &events.EventWithdrawn{Of: g.layout.kind.typ, ID: id, Reason: "the run has fewer parts now"}
		if !s.yield(Entry{Sheet: s.name, Event: &e, Claim: old, layout: g.layout}) {
			return false
		}
	}
	for i, p := range parts {
		if !s.send(g.layout, p.event, p.rows, i+1) {
			return false
		}
	}
	return true
}
