package events_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
)

// Goal: a payload struct that is missing in the catalogue is noticed.
// Method: the source of the package is searched for structs with a method Type.
func TestCatalogue(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var declared, listed []string
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == "Type" && f.Recv != nil {
				if pointer, ok := f.Recv.List[0].Type.(*ast.StarExpr); ok {
					declared = append(declared, pointer.X.(*ast.Ident).Name)
				}
			}
		}
	}
	for _, typ := range events.Types() {
		d := events.New(typ)
		if d.Type() != typ {
			t.Errorf("the payload of %s says that it is of type %s", typ, d.Type())
		}
		listed = append(listed, strings.TrimPrefix(fmt.Sprintf("%T", d), "*events."))
	}
	slices.Sort(declared)
	slices.Sort(listed)
	if !slices.Equal(declared, listed) {
		t.Errorf("payloads declared: %v\npayloads in the catalogue: %v", declared, listed)
	}
}

// Goal: numbers of types, which stand in durable forms, never change.
// Method: the types are listed in a file in the order of their numbers. With -update a
// new type is added at its end; nothing else ever changes in it.
func TestTypeNumbers(t *testing.T) {
	const file = "testdata/v1/types.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	frozen := strings.Fields(string(text))
	for n, typ := range events.Types() {
		if number, ok := typ.Number(); !ok || number != n {
			t.Errorf("number of %s is %d, %v; want %d", typ, number, ok, n)
		}
		switch {
		case n < len(frozen) && frozen[n] != string(typ):
			t.Errorf("type number %d is %s and was %s; a new type comes last", n, typ, frozen[n])
		case n >= len(frozen) && *update:
			text = append(text, typ+"\n"...)
		case n >= len(frozen):
			t.Errorf("%s has no frozen number: run the tests with -update", typ)
		}
	}
	if len(frozen) > len(events.Types()) {
		t.Errorf("types are gone: %v", frozen[len(events.Types()):])
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if n, ok := events.Type("hire.imagined").Number(); ok {
		t.Errorf("a type that does not exist has number %d", n)
	}
}

// Goal: what the gateway changes in a clone does not reach the original.
// Method: each filled sample is cloned, and everything that the gateway may set is
// set in the clone.
func TestClone(t *testing.T) {
	for name, e := range records(t) {
		t.Run(name, func(t *testing.T) {
			named(e.Data)
			before, err := e.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			c := e.Data.Clone()
			if place := c.Place(); place != nil {
				*place = "370211000000"
			}
			if who := c.About(); who != nil {
				who.Person[0]++
				if who.Identity != nil {
					who.Identity.IDNumber, who.Identity.Sealed = "changed", "changed"
				}
			}
			if lines := c.PersonLines(); lines != nil {
				for i := range lines.Len() {
					if number := lines.IDNumber(i); number != nil && *number != "" {
						lines.Person(i)[0]++
						*number = "changed"
					}
				}
			}
			events.ClearPrivate(c)
			after, err := e.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			if string(after) != string(before) {
				t.Errorf("the original became\n%s\nand was\n%s", after, before)
			}
		})
	}
}

// named replaces the pseudonyms in a payload by identities, as a submission may have
// them.
func named(d events.Data) {
	if who := d.About(); who != nil {
		who.Identity = &events.Identity{IDNumber: "11010519491231002X"}
	}
	if lines := d.PersonLines(); lines != nil && lines.Len() > 0 && lines.IDNumber(0) != nil {
		*lines.IDNumber(0) = "11010519491231002X"
	}
}
