package main

// writeSource returns the file by which Event.Append writes payloads.
func writeSource(s *source, payloads []payload) ([]byte, error) {
	payloads = supportedOnly(payloads)
	p := newPrinter(payloads)
	p.writeDispatch(payloads)
	for _, each := range payloads {
		if p.structs[each.name] == nil {
			p.writeStruct(&each.structure)
		}
	}
	for _, each := range p.sortedStructs() {
		p.writeStruct(each)
	}
	p.writeLists()
	return p.source(s.name)
}

func (p *printer) writeDispatch(payloads []payload) {
	p.line("// writeData appends the data of an event in the canonical form. It appends")
	p.line("// nothing and returns false if the type is left to the JSON library.")
	p.line("func writeData(w *canonical.Writer, data Data) bool {")
	p.line("switch d := data.(type) {")
	for _, each := range payloads {
		p.line("case *%s:\nwrite%[1]s(w, d)", each.name)
	}
	p.line("default:\nreturn false\n}\nreturn true\n}\n")
}

// writeStruct writes the function that appends a struct as an object.
func (p *printer) writeStruct(each *structure) {
	p.line("func write%s(w *canonical.Writer, d *%[1]s) {", each.name)
	at := opening
	for _, f := range each.fields {
		if at == opening && f.optional {
			p.line("w.Literal(`{`)")
			at = first
		}
		if f.optional {
			p.line("if %s {", p.notZero(f))
			p.line("%s", writtenName(at, f.quoted))
			p.line("%s", p.written("d."+f.name, f.value))
			p.line("}")
		} else {
			p.line("%s", writtenName(at, f.quoted))
			p.line("%s", p.written("d."+f.name, f.value))
		}
		at = at.after(f)
	}
	if at == opening {
		p.line("w.Literal(`{`)")
	}
	p.line("w.Literal(`}`)\n}\n")
}

func writtenName(at place, quoted string) string {
	switch at {
	case opening:
		return "w.Literal(`{" + quoted + "`)"
	case first:
		return "w.Literal(`" + quoted + "`)"
	case later:
		return "w.Literal(`," + quoted + "`)"
	default: // the others need nothing here
	}
	return "w.Name(`" + quoted + "`)"
}

// notZero returns the condition under which a field with omitzero is written.
func (p *printer) notZero(f field) string {
	switch f.kind {
	case kindString:
		return "d." + f.name + ` != ""`
	case kindInt, kindDate, kindMonth:
		return "d." + f.name + " != 0"
	case kindBool:
		return "d." + f.name
	case kindUUID, kindStruct:
		return "d." + f.name + " != (" + p.spelled(f.value) + "{})"
	default: // the others need nothing here
	}
	return "d." + f.name + " != nil"
}

// written returns the statement that appends the value of an expression.
func (p *printer) written(expression string, v value) string {
	convert := func(to string) string {
		if v.convert {
			return to + "(" + expression + ")"
		}
		return expression
	}
	switch v.kind {
	case kindString:
		return "w.String(" + convert("string") + ")"
	case kindInt:
		return "w.Int(" + convert("int64") + ")"
	case kindBool:
		return "w.Bool(" + convert("bool") + ")"
	case kindUUID:
		return "w.UUID(" + expression + ")"
	case kindDate:
		return "w.Date(" + expression + ")"
	case kindMonth:
		return "w.Month(" + expression + ")"
	case kindStruct:
		return "write" + v.spelled + "(w, &" + expression + ")"
	case kindPointer:
		return "write" + v.spelled + "(w, " + expression + ")"
	default: // the others need nothing here
	}
	return "write" + listName(v) + "(w, " + expression + ")"
}

// writeLists writes the functions that append lists.
func (p *printer) writeLists() {
	for _, list := range p.sortedLists() {
		p.line("func write%s(w *canonical.Writer, list []%s) {", listName(list), p.spelled(*list.element))
		p.line("w.Literal(`[`)\nfor i := range list {\nw.Element()")
		p.line("%s", p.written("list[i]", *list.element))
		p.line("}\nw.Literal(`]`)\n}\n")
	}
}
