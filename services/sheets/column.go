package sheets

import (
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// A column is a column that a sheet of some kind may have.
type column struct {
	name       string   // path of the field in the data, with dots; for a field of a line, the path in the line
	labels     []string // other headers of the column
	required   bool
	set        func(*rowDraft, string) *cellProblem // sets the field from the text of a cell; nil for columns that only people read
	dayOfMonth int                                  // day of the month, from 1; 0 for all other columns
}

// A rowKind is a kind of row, with the type of event that the rows become.
type rowKind struct {
	name    string
	labels  []string // names of the kind in titles of sheets and in the column type
	typ     events.Type
	columns []column
	anyOf   [][]string // groups of columns; a sheet has at least one of each group
	// names returns the natural key of an event without its person. The first name is
	// what people call the event by.
	names func(events.Data) []string
	// lines reaches the lines of an event that has many rows; it is nil if each row is an
	// event of its own.
	lines lineAccess
	// finish completes a row after all cells were set; it may be nil.
	finish func(*rowDraft)
}

// splitLabels splits a list of labels at white space.
func splitLabels(s string) []string { return strings.Fields(s) }

// columnOf makes a column from a function that sets a field of the payload D.
func columnOf[D any](name, also string, set func(*D, string, *rowDraft) *cellProblem) column {
	return column{name: name, labels: splitLabels(also), set: func(d *rowDraft, s string) *cellProblem {
		return set(any(d.event.Data).(*D), s, d)
	}}
}

// namesOf makes the names of a kind from those of the payload D.
func namesOf[D any](names func(*D) []string) func(events.Data) []string {
	return func(d events.Data) []string { return names(any(d).(*D)) }
}

// finishWith makes the finish of a kind from a function that completes the payload D.
func finishWith[D any](finish func(*D, *rowDraft)) func(*rowDraft) {
	return func(d *rowDraft) { finish(any(d.event.Data).(*D), d) }
}

// naturalKey returns the natural key of an event, and whether it holds a person. The
// person comes first.
func (k *rowKind) naturalKey(d events.Data) (key []string, personal bool) {
	who := d.About()
	if who == nil {
		return k.names(d), false
	}
	return append([]string{personKey(*who)}, k.names(d)...), true
}

// personKey returns the person's part of a natural key.
func personKey(w events.Who) string {
	if w.Identity != nil && w.Identity.IDNumber != "" {
		return w.Identity.IDNumber
	}
	return w.Person.String()
}

// asRequired returns the column as one that a sheet must have.
func (c column) asRequired() column { c.required = true; return c }

func textColumn[D any](name, also string, at func(*D) *string) column {
	return columnOf(name, also, func(d *D, s string, _ *rowDraft) *cellProblem { *at(d) = s; return nil })
}

func codeColumn[D any](name, also string, c codeTable, at func(*D) *string) column {
	return columnOf(name, also, func(d *D, s string, _ *rowDraft) *cellProblem { *at(d) = c.lookup(s); return nil })
}

func dateColumn[D any](name, also string, at func(*D) *civil.Date) column {
	return columnOf(name, also, func(d *D, s string, r *rowDraft) (f *cellProblem) { *at(d), f = r.epoch.parseDate(s); return f })
}

// endColumns makes two columns for the first day that no longer counts: one holds that
// day, the other the last day that counts. Chinese sheets use both, so the labels say
// which.
func endColumns[D any](name, title string, at func(*D) *civil.Date) []column {
	until := dateColumn(name, title+"(不含)", at)
	last := columnOf(name+".last", title+"(含)", func(d *D, s string, r *rowDraft) (f *cellProblem) {
		day, f := r.epoch.parseDate(s)
		if f == nil {
			*at(d) = day + 1
		}
		return f
	})
	return []column{until, last}
}

func monthColumn[D any](name, also string, at func(*D) *civil.Month) column {
	return columnOf(name, also, func(d *D, s string, r *rowDraft) (f *cellProblem) { *at(d), f = r.epoch.parseMonth(s); return f })
}

func intColumn[D any](name, also string, at func(*D) *int) column {
	return columnOf(name, also, func(d *D, s string, _ *rowDraft) (f *cellProblem) { *at(d), f = parseInt(s); return f })
}

// moneyColumns makes two columns for an amount: whole fen under the name of the field,
// and yuan.
func moneyColumns[D any](name, yuanLabels string, at func(*D) *events.Fen) []column {
	return []column{
		columnOf(name, name+"(fen)", func(d *D, s string, _ *rowDraft) *cellProblem {
			n, f := parseInt(s)
			if f != nil {
				return invalid("must be a whole number of fen; for yuan name the column %s_yuan", "须为整数，以分为单位；以元为单位时请将列名改为%s_yuan", name)
			}
			*at(d) = events.Fen(n)
			return nil
		}),
		columnOf(name+"_yuan", yuanLabels, func(d *D, s string, _ *rowDraft) (f *cellProblem) { *at(d), f = parseYuan(s); return f }),
	}
}

// personColumns makes the columns that say whom a row is about.
func personColumns[D any](at func(*D) *events.Who) []column {
	identity := func(d *D) *events.Identity {
		w := at(d)
		if w.Identity == nil {
			w.Identity = new(events.Identity)
		}
		return w.Identity
	}
	return []column{
		columnOf("person", "人员代号", func(d *D, s string, _ *rowDraft) (f *cellProblem) { at(d).Person, f = parsePseudonym(s); return f }),
		columnOf("identity.id_number", "id_number "+idLabels, func(d *D, s string, _ *rowDraft) (f *cellProblem) { identity(d).IDNumber, f = parseNumber(s); return f }),
		columnOf("identity.name", "name 姓名", func(d *D, s string, _ *rowDraft) *cellProblem { identity(d).Name = s; return nil }),
		columnOf("identity.phone", "phone 电话 手机 手机号 手机号码 联系电话", func(d *D, s string, _ *rowDraft) *cellProblem { identity(d).Phone = s; return nil }),
		columnOf("identity.household", "household 户号 家庭编号 户籍地址", func(d *D, s string, _ *rowDraft) *cellProblem { identity(d).Household = s; return nil }),
	}
}

const idLabels = "身份证号 身份证号码 公民身份号码 身份证"

// parsePseudonym parses the pseudonym of a person.
func parsePseudonym(s string) (events.Person, *cellProblem) {
	p, err := uuid.Parse(s)
	if err != nil {
		return p, invalid("must be a pseudonym as an earlier receipt gave it", "须为以前回执中的人员代号")
	}
	return p, nil
}

// commonColumns are the columns of every kind, for the attributes of the event.
var commonColumns = []column{
	{name: "id", labels: splitLabels("事件编号 业务编号"), set: func(d *rowDraft, s string) *cellProblem { d.event.ID = s; return nil }},
	{name: "type", labels: splitLabels("类型 业务类型"), set: func(*rowDraft, string) *cellProblem { return nil }}, // sheet.kindOf has read it
	{name: "source", labels: splitLabels("来源 报送来源"), set: func(d *rowDraft, s string) *cellProblem { d.event.Source = s; return nil }},
	{name: "division", labels: splitLabels("区划 区划代码 行政区划代码 统计用区划代码"), set: func(d *rowDraft, s string) *cellProblem { d.event.Division = division.Code(s); return nil }},
	{name: "replaces", labels: splitLabels("更正编号"), set: func(d *rowDraft, s string) *cellProblem { d.event.Replaces = s; return nil }},
	{name: "submode", labels: splitLabels("模式"), set: func(d *rowDraft, s string) *cellProblem {
		d.event.Submode = events.Mode(modeCodes.lookup(s))
		return nil
	}},
	{name: "no", labels: splitLabels("序号 no.")},
	{name: "remark", labels: splitLabels("备注")},
}

// A Column describes a column for people.
type Column struct {
	Kind, Name string
	Labels     []string
	Required   bool
}

// Columns lists the columns of all kinds of sheets.
func Columns() (list []Column) {
	for _, k := range rowKinds {
		for _, c := range k.allColumns() {
			list = append(list, Column{k.name, c.name, c.labels, c.required})
		}
	}
	return list
}

// allColumns returns the columns of a kind: its own, and the common ones. A label that
// an own column uses is taken off the common ones.
func (k *rowKind) allColumns() []column {
	list := slices.Clone(k.columns)
	for _, c := range commonColumns {
		c.labels = slices.DeleteFunc(slices.Clone(c.labels), func(l string) bool {
			return slices.ContainsFunc(k.columns, func(own column) bool { return own.named(l) })
		})
		list = append(list, c)
	}
	return list
}

// named reports whether a normalised header is the name or a label of the column.
func (c *column) named(header string) bool {
	return c.name == header || slices.Contains(c.labels, header)
}

// kindNamed returns the kind with a name, label or event type, nil if there is none.
func kindNamed(s string) *rowKind {
	s = normalizeHeader(s)
	for i := range rowKinds {
		if k := &rowKinds[i]; k.name == s || string(k.typ) == s || slices.Contains(k.labels, s) {
			return k
		}
	}
	return nil
}

// kindTitled returns the kind whose name or label begins the title of a sheet, nil if
// there is none. The longest one counts: 岗位变更 is no sheet of 岗位.
func kindTitled(s string) (titled *rowKind) {
	s = strings.ToLower(cleanCell(s))
	longest := 0
	for i := range rowKinds {
		k := &rowKinds[i]
		if rest, ok := strings.CutPrefix(s, k.name); ok && len(k.name) > longest && (rest == "" || rest[0] < 'a' || rest[0] > 'z') {
			titled, longest = k, len(k.name)
		}
		for _, l := range k.labels {
			if strings.HasPrefix(s, l) && len(l) > longest {
				titled, longest = k, len(l)
			}
		}
	}
	return titled
}

// normalizeHeader returns the form of a header in which headers are compared.
func normalizeHeader(s string) string {
	s = strings.NewReplacer("（", "(", "）", ")", " ", "", "\n", "", "\r", "", "*", "", "＊", "", "：", "", ":", "").Replace(cleanCell(s))
	return strings.ToLower(s)
}
