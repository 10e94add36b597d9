package contract_test

import (
	"go/ast"
	"slices"
	"strconv"
	"testing"
)

// catchAll are patterns that lead to another mux, or to the answer for unknown paths.
var catchAll = []string{"/", "/v1/", "/v1/events", "POST /v1/persons/"}

// TestRoutes fails if a route is mounted by a literal pattern that is not described: then
// the document would lack it.
func TestRoutes(t *testing.T) {
	found := 0
	for _, dir := range []string{"../../deployment", "../../gateway", "../contract", "../../../projections/query"} {
		for _, file := range sources(t, dir) {
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) != 2 {
					return true
				}
				to, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || to.Sel.Name != "Handle" && to.Sel.Name != "HandleFunc" {
					return true
				}
				found++
				literal, ok := call.Args[0].(*ast.BasicLit)
				if !ok {
					return true // the pattern comes from a table, which TestOpenAPI reads
				}
				pattern, err := strconv.Unquote(literal.Value)
				if _, known := described()[pattern]; err != nil || !known && !slices.Contains(catchAll, pattern) {
					t.Errorf("%s mounts %s, which is not described", dir, literal.Value)
				}
				return true
			})
		}
	}
	if found < 10 {
		t.Errorf("only %d mounts were found", found)
	}
}
