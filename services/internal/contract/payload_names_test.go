package contract_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
)

// maxPayloadNames is how many places outside of module events may name a payload type.
// Such a place is one that a new event type can be forgotten in. What the methods of
// [events.Data] say, or the type of the event, needs no place here.
//
// The limit was 60 for 22 types. Contract 1.1 has some ten types more, each with an arm where it
// is decided, folded and packed.
const maxPayloadNames = 90

// TestPayloadNames fails if more than maxPayloadNames places of the projections and the
// services, tests excepted, name a payload type in an arm of a type switch or in a type
// assertion.
func TestPayloadNames(t *testing.T) {
	var found []string
	for _, module := range []string{"../../../projections", "../../../services"} {
		err := filepath.WalkDir(module, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				found = append(found, payloadNames(t, path, nil)...)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) == 0 {
		t.Error("no place names a payload type: the test looks in the wrong files")
	}
	if len(found) > maxPayloadNames {
		t.Errorf("%d places name a payload type, at most %d may: ask a method of events.Data, compare the type of the event, or share a switch\n%s",
			len(found), maxPayloadNames, strings.Join(found, "\n"))
	}
}

// payloadNames returns the places of a file that name a payload type, each as
// "file:line:column: type". src is the text of the file, nil to read it.
func payloadNames(t *testing.T, path string, src any) (found []string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	note := func(types ...ast.Expr) {
		for _, x := range types {
			if name := payloadName(x); name != "" {
				found = append(found, fmt.Sprintf("%s: %s", files.Position(x.Pos()), name))
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSwitchStmt:
			for _, arm := range n.Body.List {
				note(arm.(*ast.CaseClause).List...)
			}
		case *ast.TypeAssertExpr:
			note(n.Type)
		}
		return true
	})
	return found
}

// payloads holds the name of each payload type.
var payloads = func() map[string]bool {
	names := map[string]bool{}
	for _, typ := range events.Types() {
		names[reflect.TypeOf(events.New(typ)).Elem().Name()] = true
	}
	return names
}()

// payloadName returns the name of the payload type that an expression points to, or "" if
// the expression is no such type.
func payloadName(x ast.Expr) string {
	pointer, ok := x.(*ast.StarExpr)
	if !ok {
		return ""
	}
	name, ok := pointer.X.(*ast.SelectorExpr)
	if !ok || !payloads[name.Sel.Name] {
		return ""
	}
	if of, ok := name.X.(*ast.Ident); !ok || of.Name != "events" {
		return ""
	}
	return name.Sel.Name
}

// TestPayloadNamesCounts checks what counts as a place that names a payload type.
func TestPayloadNamesCounts(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"an arm":               {"switch e.Data.(type) { case *events.HirePlaced: }", 1},
		"an arm of two types":  {"switch e.Data.(type) { case *events.HirePlaced, *events.ExitRecorded: }", 2},
		"an assertion":         {"_, _ = e.Data.(*events.HirePlaced)", 1},
		"an arm inside an arm": {"switch e.Data.(type) { case *events.HirePlaced: switch e.Data.(type) { case *events.ExitRecorded: } }", 2},
		"an interface":         {"switch e.Data.(type) { case events.Restitution, nil: default: }", 0},
		"another struct":       {"_, _ = x.(*events.Event)", 0},
		"another package":      {"_, _ = x.(*other.HirePlaced)", 0},
		"a new payload":        {"e.Data = &events.HirePlaced{}", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := payloadNames(t, "x.go", "package x; func f() { "+c.body+" }")
			if len(got) != c.want {
				t.Errorf("found %d: %q, want %d", len(got), got, c.want)
			}
		})
	}
}
