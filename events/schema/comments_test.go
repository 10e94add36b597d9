package schema_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
)

var anyIndex = regexp.MustCompile(`\[\d+\]`)

// comments returns the comments of the types and their fields in the source, by
// package, type and field.
func comments(t testing.TB) map[string]string {
	says := map[string]string{}
	for _, dir := range []string{"..", "../policy"} {
		paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no source in %s: %v", dir, err)
		}
		for _, path := range paths {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			for _, decl := range file.Decls {
				if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.TYPE {
					read(file.Name.Name, d, says)
				}
			}
		}
	}
	return says
}

func read(pkg string, d *ast.GenDecl, says map[string]string) {
	for _, spec := range d.Specs {
		typ := spec.(*ast.TypeSpec)
		name := pkg + "." + typ.Name.Name
		says[name] = strings.TrimPrefix(line(d.Doc.Text()), typ.Name.Name+" ")
		s, ok := typ.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, f := range s.Fields.List {
			for _, n := range f.Names {
				says[name+"."+n.Name] = line(f.Comment.Text())
			}
		}
	}
}

func line(comment string) string { return strings.Join(strings.Fields(comment), " ") }

// describe adds the comments of the source to a document as descriptions.
func describe(s *jsonschema.Schema, typ reflect.Type, says map[string]string) {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		if typ.Kind() == reflect.Slice {
			s = s.Items
		}
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || s.Type != "object" {
		return
	}
	s.Description = says[typ.String()]
	for _, f := range reflect.VisibleFields(typ) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		member := s.Properties[name]
		if f.Anonymous || member == nil {
			continue
		}
		describe(member, f.Type, says)
		owner := typ
		if n := len(f.Index); n > 1 {
			owner = typ.FieldByIndex(f.Index[:n-1]).Type
		}
		if words := says[owner.String()+"."+f.Name]; words != "" {
			member.Description = words
		}
	}
}
