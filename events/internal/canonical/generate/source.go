package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// A source is the parsed source of one package. Types are resolved by name and
// not by a type checker, so the package need not compile: its generated files
// may be missing or stale.
type source struct {
	folder  string
	name    string // of the package
	types   map[string]*declaration
	methods map[string]map[string]*ast.FuncDecl // by name of the type, then of the method
	other   map[string]*source                  // packages of the same module, by folder
}

// A declaration is a type with the imports of its file.
type declaration struct {
	*ast.TypeSpec
	imports map[string]string // paths by name
}

// parseSource parses the package in a folder, without its tests and without the
// generated files.
func parseSource(folder string) (*source, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	s := &source{
		folder: folder, types: map[string]*declaration{}, methods: map[string]map[string]*ast.FuncDecl{}, other: map[string]*source{},
	}
	for _, name := range names {
		if base := filepath.Base(name); strings.HasSuffix(base, "_test.go") || base == scanFile || base == writeFile {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		s.add(file)
	}
	if len(s.types) == 0 {
		return nil, fmt.Errorf("no types in %s", folder)
	}
	return s, nil
}

func (s *source) add(file *ast.File) {
	s.name = file.Name.Name
	imports := map[string]string{}
	for _, i := range file.Imports {
		at, _ := strconv.Unquote(i.Path.Value)
		name := path.Base(at)
		if i.Name != nil {
			name = i.Name.Name
		}
		imports[name] = at
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if t, ok := spec.(*ast.TypeSpec); ok {
					s.types[t.Name.Name] = &declaration{t, imports}
				}
			}
		case *ast.FuncDecl:
			if name := receiver(d); name != "" {
				if s.methods[name] == nil {
					s.methods[name] = map[string]*ast.FuncDecl{}
				}
				s.methods[name][d.Name.Name] = d
			}
		}
	}
}

// receiver returns the name of the type that a method belongs to, and "" for a
// function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) != 1 {
		return ""
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if name, ok := t.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// ownCoding reports whether a type decides by methods of its own how the JSON
// library reads or writes it, or when it is zero.
func (s *source) ownCoding(name string) bool {
	for _, method := range []string{
		"MarshalJSON", "MarshalJSONTo", "UnmarshalJSON", "UnmarshalJSONFrom", "MarshalText", "AppendText", "UnmarshalText", "IsZero",
	} {
		if s.methods[name][method] != nil {
			return true
		}
	}
	return false
}

// eventType returns the constant that the method Type of a payload returns, and
// "" for a type that is no payload.
func (s *source) eventType(name string) (string, error) {
	method := s.methods[name]["Type"]
	if method == nil || !returnsType(method.Type) {
		return "", nil
	}
	if method.Body != nil && len(method.Body.List) == 1 {
		if r, ok := method.Body.List[0].(*ast.ReturnStmt); ok && len(r.Results) == 1 {
			if constant, ok := r.Results[0].(*ast.Ident); ok {
				return constant.Name, nil
			}
		}
	}
	return "", fmt.Errorf("method Type of %s must have one statement, which returns the constant of an event type", name)
}

// returnsType reports whether a method has no parameters and returns a Type.
func returnsType(f *ast.FuncType) bool {
	if f.Params.NumFields() != 0 || f.Results.NumFields() != 1 {
		return false
	}
	result, ok := f.Results.List[0].Type.(*ast.Ident)
	return ok && result.Name == "Type"
}

// importSource returns the source of another package of the same module, and nil
// for a package of another module.
func (s *source) importSource(importPath string) (*source, error) {
	root, module, err := findModule(s.folder)
	if err != nil {
		return nil, err
	}
	rest, ok := strings.CutPrefix(importPath, module+"/")
	if !ok {
		return nil, nil
	}
	if s.other[rest] == nil {
		s.other[rest], err = parseSource(filepath.Join(root, rest))
	}
	return s.other[rest], err
}

// findModule returns the folder of the module that a folder belongs to, and the
// path of the module.
func findModule(folder string) (root, module string, err error) {
	root, err = filepath.Abs(folder)
	for err == nil {
		var content []byte
		content, err = os.ReadFile(filepath.Join(root, "go.mod"))
		if err == nil {
			first, _, _ := strings.Cut(string(content), "\n")
			return root, strings.TrimPrefix(first, "module "), nil
		}
		if parent := filepath.Dir(root); errors.Is(err, os.ErrNotExist) && parent != root {
			root, err = parent, nil
		}
	}
	return "", "", err
}
