package events_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
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

// Goal: the number of a type, which stands in durable forms, never changes.
// Method: the order of the first types is frozen here. A new type is appended to both
// lists.
func TestTypeNumbers(t *testing.T) {
	frozen := []events.Type{
		"plan.set", "post.developed", "post.resized", "post.closed", "hire.placed", "hire.renewed", "exit.recorded",
		"training.completed", "attendance.reported", "fund.allocated", "account.assigned", "payment.instructed",
		"payment.settled", "payment.returned", "payment.reversed", "registry.reported", "finding.reviewed",
		"policy.adopted", "event.withdrawn", "submissions.tallied", "person.erased", "person.revealed",
	}
	if got := events.Types(); !slices.Equal(got, frozen) {
		t.Errorf("the catalogue lists %v\nwant %v", got, frozen)
	}
	for want, typ := range frozen {
		if n, ok := typ.Number(); !ok || n != want {
			t.Errorf("number of %s is %d, %v; want %d", typ, n, ok, want)
		}
	}
	if n, ok := events.Type("hire.cancelled").Number(); ok {
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
