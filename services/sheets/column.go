package sheets

import (
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// A column is one of those that a sheet of a kind may have.
type column struct {
	name     string   // of the field in the data, with dots; without the prefix lines[i].
	labels   []string // other headers that the column may have
	required bool
	set      func(*draft, string) *flaw // nil for a column that only people read
	day      int                        // of the month, from 1; 0 for a column that is not a day
}

// A kind is a kind of sheet.
type kind struct {
	name    string
	labels  []string // in the name of a sheet or the column type
	typ     events.Type
	columns []column
	either  [][]string // a sheet has at least one column of each list
	lines   bool       // an event has several rows
	// natural returns the natural key of an event, and whether the key holds a
	// person.
	natural func(events.Data) (key []string, personal bool)
	// finish completes a row when all cells are set; may be nil.
	finish func(*draft)
}

// labels splits a list of labels at white space.
func labels(s string) []string { return strings.Fields(s) }

// of returns a column that sets a field of the payload D.
func of[D any](name, also string, set func(*D, string, *draft) *flaw) column {
	return column{name: name, labels: labels(also), set: func(d *draft, s string) *flaw {
		return set(any(d.event.Data).(*D), s, d)
	}}
}

func (c column) needed() column { c.required = true; return c }

func textOf[D any](name, also string, at func(*D) *string) column {
	return of(name, also, func(d *D, s string, _ *draft) *flaw { *at(d) = s; return nil })
}

func codeOf[D any](name, also string, c code, at func(*D) *string) column {
	return of(name, also, func(d *D, s string, _ *draft) *flaw { *at(d) = c.read(s); return nil })
}

func dateOf[D any](name, also string, at func(*D) *civil.Date) column {
	return of(name, also, func(d *D, s string, r *draft) (f *flaw) { *at(d), f = r.epoch.date(s); return f })
}

// endsOf returns two columns for the end of an interval: the first day that no longer
// counts (不含), and the last day that counts (含). Chinese sheets have either, so the
// label must say which it is.
func endsOf[D any](name, title string, at func(*D) *civil.Date) []column {
	until := dateOf(name, title+"(不含)", at)
	last := of(name+".last", title+"(含)", func(d *D, s string, r *draft) (f *flaw) {
		day, f := r.epoch.date(s)
		if f == nil {
			*at(d) = day + 1
		}
		return f
	})
	return []column{until, last}
}

func monthOf[D any](name, also string, at func(*D) *civil.Month) column {
	return of(name, also, func(d *D, s string, r *draft) (f *flaw) { *at(d), f = r.epoch.month(s); return f })
}

func wholeOf[D any](name, also string, at func(*D) *int) column {
	return of(name, also, func(d *D, s string, _ *draft) (f *flaw) { *at(d), f = whole(s); return f })
}

// moneyOf returns two columns for an amount: one in whole fen, which has the name of the
// field, and one in yuan.
func moneyOf[D any](name, yuanLabels string, at func(*D) *events.Fen) []column {
	return []column{
		of(name, name+"(fen)", func(d *D, s string, _ *draft) *flaw {
			n, f := whole(s)
			if f != nil {
				return invalid("must be a whole number of fen; for yuan name the column " + name + "_yuan")
			}
			*at(d) = events.Fen(n)
			return nil
		}),
		of(name+"_yuan", yuanLabels, func(d *D, s string, _ *draft) (f *flaw) { *at(d), f = yuan(s); return f }),
	}
}

// personOf returns the columns for the person that a row is about.
func personOf[D any](at func(*D) *events.Who) []column {
	identity := func(d *D) *events.Identity {
		w := at(d)
		if w.Identity == nil {
			w.Identity = new(events.Identity)
		}
		return w.Identity
	}
	return []column{
		of("person", "人员代号", func(d *D, s string, _ *draft) (f *flaw) { at(d).Person, f = pseudonym(s); return f }),
		of("identity.id_number", "id_number "+idLabels, func(d *D, s string, _ *draft) (f *flaw) { identity(d).IDNumber, f = number(s); return f }),
		of("identity.name", "name 姓名", func(d *D, s string, _ *draft) *flaw { identity(d).Name = s; return nil }),
		of("identity.phone", "phone 电话 手机 手机号 手机号码 联系电话", func(d *D, s string, _ *draft) *flaw { identity(d).Phone = s; return nil }),
		of("identity.household", "household 户号 家庭编号 户籍地址", func(d *D, s string, _ *draft) *flaw { identity(d).Household = s; return nil }),
	}
}

const idLabels = "身份证号 身份证号码 公民身份号码 身份证"

func pseudonym(s string) (events.Person, *flaw) {
	p, err := uuid.Parse(s)
	if err != nil {
		return p, invalid("must be a pseudonym as an earlier receipt gave it")
	}
	return p, nil
}

// common lists the columns that every kind has, for the attributes of the event.
var common = []column{
	{name: "id", labels: labels("事件编号 业务编号"), set: func(d *draft, s string) *flaw { d.event.ID = s; return nil }},
	{name: "type", labels: labels("类型 业务类型"), set: func(*draft, string) *flaw { return nil }}, // sheet.kindOf reads it
	{name: "source", labels: labels("来源 报送来源"), set: func(d *draft, s string) *flaw { d.event.Source = s; return nil }},
	{name: "division", labels: labels("区划 区划代码 行政区划代码 统计用区划代码"), set: func(d *draft, s string) *flaw { d.event.Division = division.Code(s); return nil }},
	{name: "replaces", labels: labels("更正编号"), set: func(d *draft, s string) *flaw { d.event.Replaces = s; return nil }},
	{name: "submode", labels: labels("模式"), set: func(d *draft, s string) *flaw { d.event.Submode = events.Mode(modeCodes.read(s)); return nil }},
	{name: "no", labels: labels("序号 no.")},
	{name: "remark", labels: labels("备注")},
}

// A Column is the description of a column, for documents.
type Column struct {
	Kind, Name string
	Labels     []string
	Required   bool
}

// Kinds lists every column of every kind of sheet.
func Kinds() (list []Column) {
	for _, k := range kinds {
		for _, c := range k.all() {
			list = append(list, Column{k.name, c.name, c.labels, c.required})
		}
	}
	return list
}

// all returns the columns of a kind: its own and the common ones. A common column loses
// the labels that the kind uses for a column of its own.
func (k *kind) all() []column {
	list := slices.Clone(k.columns)
	for _, c := range common {
		c.labels = slices.DeleteFunc(slices.Clone(c.labels), func(l string) bool {
			return slices.ContainsFunc(k.columns, func(own column) bool { return own.named(l) })
		})
		list = append(list, c)
	}
	return list
}

// named reports whether a header, in the form of heading, belongs to the column.
func (c *column) named(header string) bool {
	return c.name == header || slices.Contains(c.labels, header)
}

// kindNamed returns the kind with a name, label or event type, nil if there is none.
func kindNamed(s string) *kind {
	s = heading(s)
	for i := range kinds {
		if k := &kinds[i]; k.name == s || string(k.typ) == s || slices.Contains(k.labels, s) {
			return k
		}
	}
	return nil
}

// kindTitled returns the kind whose name or label the title of a sheet begins with, nil if
// there is none.
func kindTitled(s string) *kind {
	s = strings.ToLower(clean(s))
	for i := range kinds {
		k := &kinds[i]
		if rest, ok := strings.CutPrefix(s, k.name); ok && (rest == "" || rest[0] < 'a' || rest[0] > 'z') {
			return k
		}
		for _, l := range k.labels {
			if strings.HasPrefix(s, l) {
				return k
			}
		}
	}
	return nil
}

// heading returns the form of a header in which headers are compared.
func heading(s string) string {
	s = strings.NewReplacer("（", "(", "）", ")", " ", "", "\n", "", "\r", "", "*", "", "＊", "", "：", "", ":", "").Replace(clean(s))
	return strings.ToLower(s)
}
