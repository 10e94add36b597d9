package contract_test

import (
	"go/ast"
	"go/token"
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// describe gives the schemas of Go types descriptions: the comments of the types and their
// fields.
func describe(t *testing.T, registry huma.Registry) {
	t.Helper()
	const own = "github.com/muster-works/muster/"
	read := map[string]map[string]string{}
	words := func(typ reflect.Type, field string) string {
		dir, ours := strings.CutPrefix(typ.PkgPath(), own)
		if !ours {
			return ""
		}
		if read[dir] == nil {
			read[dir] = comments(t, "../../../"+dir)
		}
		return read[dir][typ.Name()+"."+field]
	}
	for name, s := range registry.Map() {
		typ := registry.TypeFromRef("#/components/schemas/" + name)
		if typ == nil || name == "Problem" {
			continue
		}
		s.Description = words(typ, "")
		for _, f := range reflect.VisibleFields(typ) {
			member, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			owner := typ
			if n := len(f.Index); n > 1 {
				owner = typ.FieldByIndex(f.Index[:n-1]).Type
			}
			if m := s.Properties[member]; m != nil && m.Description == "" && m.Ref == "" && !f.Anonymous {
				m.Description = words(owner, f.Name)
			}
		}
	}
}

// comments returns the comments of the structs and fields in a folder, by "Type.Field", and
// by "Type." for the struct itself.
func comments(t *testing.T, dir string) map[string]string {
	t.Helper()
	says := map[string]string{}
	line := func(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }
	for _, file := range sources(t, dir) {
		for _, decl := range file.Decls {
			d, ok := decl.(*ast.GenDecl)
			if !ok || d.Tok != token.TYPE {
				continue
			}
			for _, spec := range d.Specs {
				typ := spec.(*ast.TypeSpec)
				says[typ.Name.Name+"."] = line(d.Doc)
				if s, ok := typ.Type.(*ast.StructType); ok {
					for _, f := range s.Fields.List {
						for _, n := range f.Names {
							says[typ.Name.Name+"."+n.Name] = line(f.Comment)
						}
					}
				}
			}
		}
	}
	return says
}
