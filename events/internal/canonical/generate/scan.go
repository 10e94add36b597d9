package main

import (
	"slices"
	"strings"
)

// scanSource returns the file by which a Scanner reads payloads.
func scanSource(s *source, payloads []payload) ([]byte, error) {
	supported := supportedOnly(payloads)
	p := newPrinter(supported)
	p.scanRecords(supported)
	p.scanDispatch(payloads)
	for _, each := range supported {
		p.scanPayload(each)
	}
	for _, each := range p.sortedStructs() {
		p.line("func scan%s(c *canonical.Cursor, d *%[1]s) {", each.name)
		p.scanFields(each.fields, false)
		p.line("}\n")
	}
	p.scanLists()
	return p.source(s.name)
}

func (p *printer) scanRecords(payloads []payload) {
	p.line("// records is what a Scanner reads into: for each type of event, the memory of the")
	p.line("// last event of that type. It is allocated when the first one is read.")
	p.line("type records struct {")
	for _, each := range payloads {
		p.line("%s *%s", each.name, recordName(each))
	}
	p.line("}\n")
}

// recordName returns the name of the type that holds a payload with its event.
func recordName(p payload) string {
	return strings.ToLower(p.name[:1]) + p.name[1:] + "Record"
}

func (p *printer) scanDispatch(payloads []payload) {
	p.line("// scan reads the data of an event whose attributes are given, and returns the")
	p.line("// whole event. It returns nil if the type is left to the JSON library:")
	p.line("//")
	for _, each := range payloads {
		if each.unsupported != nil {
			p.line("//   - %s: %v", each.name, each.unsupported)
		}
	}
	p.line("func (all *records) scan(c *canonical.Cursor, e *Event) *Event {")
	p.line("switch e.Type {")
	for _, each := range supportedOnly(payloads) {
		p.line("case %s:\nreturn recordAt(&all.%s).scan(c, e)", each.constant, each.name)
	}
	p.line("}\nreturn nil\n}\n")
}

// scanPayload writes the record of a type and the method that reads into it. The
// lists of a record, and what its pointers point to, are part of the record, so
// that their memory is used again.
func (p *printer) scanPayload(each payload) {
	p.line("type %s struct {\nevent Event\ndata %s", recordName(each), each.name)
	p.keptFields(each)
	p.line("}\n")
	p.line("func (r *%s) scan(c *canonical.Cursor, e *Event) *Event {", recordName(each))
	p.line("d := &r.data\n*d = %s{}", each.name)
	p.scanFields(each.fields, true)
	p.line("r.event = *e\nr.event.Data = d\nreturn &r.event\n}\n")
}

// keptFields writes the part of a record that its payload points to.
func (p *printer) keptFields(each payload) {
	pointed := slices.DeleteFunc(slices.Clone(each.fields), func(f field) bool { return f.kind != kindPointer && f.kind != kindList })
	if len(pointed) == 0 {
		return
	}
	p.line("kept struct { // what data points to")
	for _, f := range pointed {
		if f.kind == kindPointer {
			p.line("%s %s", f.name, f.spelled)
		} else {
			p.line("%s []%s", f.name, p.spelled(*f.element))
		}
	}
	p.line("}")
}

// scanFields writes the statements that read the object of d.
func (p *printer) scanFields(fields []field, keep bool) {
	at := opening
	for _, f := range fields {
		if at == opening && f.optional {
			p.line("c.Expect(`{`)")
			at = first
		}
		if f.optional {
			p.line("if %s {", takeName(at, f.quoted))
			p.scanField(f, keep)
			p.line("}")
		} else {
			p.line("%s", expectName(at, f.quoted))
			p.scanField(f, keep)
		}
		at = at.after(f)
	}
	if at == opening {
		p.line("c.Expect(`{`)")
	}
	p.line("c.Expect(`}`)")
}

func takeName(at place, quoted string) string {
	switch at {
	case first:
		return "c.Take(`" + quoted + "`)"
	case later:
		return "c.Take(`," + quoted + "`)"
	default: // the others need nothing here
	}
	return "c.Name(`" + quoted + "`)"
}

func expectName(at place, quoted string) string {
	switch at {
	case opening:
		return "c.Expect(`{" + quoted + "`)"
	case later:
		return "c.Expect(`," + quoted + "`)"
	default: // the others need nothing here
	}
	return "c.Require(`" + quoted + "`)"
}

// scanField writes the statements that read the value of a field.
func (p *printer) scanField(f field, keep bool) {
	switch {
	case f.kind == kindPointer && keep:
		p.line("r.kept.%s = %s{}", f.name, f.spelled)
		p.line("scan%s(c, &r.kept.%s)", f.spelled, f.name)
		p.line("d.%s = &r.kept.%[1]s", f.name)
	case f.kind == kindPointer:
		p.line("d.%s = new(%s)\nscan%[2]s(c, d.%[1]s)", f.name, f.spelled)
	case f.kind == kindList && keep:
		p.line("r.kept.%s = scan%s(c, r.kept.%[1]s[:0])", f.name, listName(f.value))
		p.line("d.%s = r.kept.%[1]s", f.name)
	case f.kind == kindList:
		p.line("d.%s = scan%s(c, nil)", f.name, listName(f.value))
	case f.kind == kindStruct:
		p.line("scan%s(c, &d.%s)", f.spelled, f.name)
	default:
		p.line("d.%s = %s", f.name, p.scanned(f.value))
	}
}

// scanned returns the expression that reads a value that is neither a struct nor
// a list.
func (p *printer) scanned(v value) string {
	call := map[kind]string{
		kindString: "c.String()", kindInt: "c.Int()", kindBool: "c.Bool()", kindUUID: "c.UUID()", kindDate: "c.Date()", kindMonth: "c.Month()",
	}[v.kind]
	if v.convert {
		return p.spelled(v) + "(" + call + ")"
	}
	return call
}

// scanLists writes the functions that read lists.
func (p *printer) scanLists() {
	for _, list := range p.sortedLists() {
		element := *list.element
		p.line("func scan%s(c *canonical.Cursor, list []%s) []%[2]s {", listName(list), p.spelled(element))
		p.line("c.Expect(`[`)")
		if element.kind == kindStruct {
			p.line("list = canonical.Room(list, c)")
			p.line("for c.Element(len(list) == 0) {\nlist = append(list, %s{})", element.spelled)
			p.line("scan%s(c, &list[len(list)-1])", element.spelled)
		} else {
			p.line("if list == nil {\nlist = []%s{}\n}", p.spelled(element))
			p.line("for c.Element(len(list) == 0) {\nlist = append(list, %s)", p.scanned(element))
		}
		p.line("}\nreturn list\n}\n")
	}
}
