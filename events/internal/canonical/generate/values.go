package main

import (
	"fmt"
	"go/ast"
	"path"
	"strconv"
)

// value resolves the type of a field or element.
func (s *source) value(in *declaration, t ast.Expr, within []string) (value, error) {
	switch t := t.(type) {
	case *ast.Ident:
		return s.named(t.Name, within)
	case *ast.SelectorExpr:
		return s.imported(in, t)
	case *ast.StarExpr:
		v, err := s.value(in, t.X, within)
		if err == nil && v.kind != kindStruct {
			err = fmt.Errorf("a pointer to %s", spelling(t.X))
		}
		v.kind = kindPointer
		return v, err
	case *ast.ArrayType:
		if t.Len == nil {
			return s.list(in, t.Elt, within)
		}
	}
	return value{}, fmt.Errorf("the type %s", spelling(t))
}

func (s *source) list(in *declaration, element ast.Expr, within []string) (value, error) {
	v, err := s.value(in, element, within)
	if err == nil && (v.kind == kindPointer || v.kind == kindList) {
		err = fmt.Errorf("a list of %s", spelling(element))
	}
	return value{kind: kindList, element: &v}, err
}

// named resolves a type that is predeclared or of the package.
func (s *source) named(name string, within []string) (value, error) {
	switch name {
	case "string":
		return value{kind: kindString, spelled: name}, nil
	case "bool":
		return value{kind: kindBool, spelled: name}, nil
	case "int64":
		return value{kind: kindInt, spelled: name}, nil
	case "int":
		return value{kind: kindInt, spelled: name, convert: true}, nil
	}
	declared := s.types[name]
	if declared == nil {
		return value{}, fmt.Errorf("the type %s", name)
	}
	if _, ok := declared.Type.(*ast.StructType); ok && !declared.Assign.IsValid() {
		members, err := s.structure(name, within)
		return value{kind: kindStruct, spelled: name, members: members}, err
	}
	v, err := s.underlying(declared)
	if err != nil {
		return v, err
	}
	v.spelled, v.imported = name, ""
	v.convert = v.convert || !declared.Assign.IsValid()
	return v, nil
}

// imported resolves a type of another package.
func (s *source) imported(in *declaration, t *ast.SelectorExpr) (value, error) {
	pkg, ok := t.X.(*ast.Ident)
	if !ok {
		return value{}, fmt.Errorf("the type %s", spelling(t))
	}
	from := in.imports[pkg.Name]
	v := value{spelled: spelling(t), imported: importSpec(pkg.Name, from)}
	if v.kind, ok = wellKnown[from+"."+t.Sel.Name]; ok {
		return v, nil
	}
	other, err := s.importSource(from)
	if err != nil {
		return v, err
	}
	if other == nil || other.types[t.Sel.Name] == nil {
		return v, fmt.Errorf("the type %s", spelling(t))
	}
	under, err := other.underlying(other.types[t.Sel.Name])
	v.kind, v.convert = under.kind, true
	return v, err
}

// importSpec returns how an import declaration names a package.
func importSpec(name, importPath string) string {
	if name == path.Base(importPath) {
		return strconv.Quote(importPath)
	}
	return name + " " + strconv.Quote(importPath)
}

// underlying resolves a declared type that is no struct: a string, a whole
// number, a bool, or an alias of a type of another package.
func (s *source) underlying(d *declaration) (value, error) {
	if alias, ok := d.Type.(*ast.SelectorExpr); ok && d.Assign.IsValid() {
		return s.imported(d, alias)
	}
	name, ok := d.Type.(*ast.Ident)
	if ok && !s.ownCoding(d.Name.Name) {
		switch name.Name {
		case "string":
			return value{kind: kindString}, nil
		case "int", "int64":
			return value{kind: kindInt}, nil
		case "bool":
			return value{kind: kindBool}, nil
		}
	}
	return value{}, fmt.Errorf("the type %s", d.Name.Name)
}

// spelling returns a type as the source spells it, as far as errors need it.
func spelling(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.Ident:
		return t.Name
	case *ast.SelectorExpr:
		return spelling(t.X) + "." + t.Sel.Name
	case *ast.StarExpr:
		return "*" + spelling(t.X)
	case *ast.ArrayType:
		if t.Len == nil {
			return "[]" + spelling(t.Elt)
		}
		return "an array of " + spelling(t.Elt)
	case *ast.MapType:
		return "map[" + spelling(t.Key) + "]" + spelling(t.Value)
	}
	return "of another kind"
}
