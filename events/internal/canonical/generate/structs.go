package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A kind is a class of field types that are read and written in the same way.
type kind int

// The kinds that are supported.
const (
	kindString  kind = iota // string, or a type of this module that is one
	kindInt                 // int, int64, or a type of this module that is one
	kindBool                // bool, or a type of this module that is one
	kindUUID                // uuid.UUID
	kindDate                // civil.Date
	kindMonth               // civil.Month
	kindStruct              // a struct of the package
	kindPointer             // a pointer to a struct of the package, with omitzero
	kindList                // a slice of any of the kinds above but the pointer
)

// wellKnown are types of other packages that the primitives of package canonical
// read and write, although they have methods for JSON of their own.
var wellKnown = map[string]kind{
	"github.com/google/uuid.UUID":                       kindUUID,
	"github.com/muster-works/muster/events/civil.Date":  kindDate,
	"github.com/muster-works/muster/events/civil.Month": kindMonth,
}

// A value is a type of a field or of an element.
type value struct {
	kind     kind
	spelled  string     // type as the package spells it, such as division.Code; of a pointer, what it points to
	convert  bool       // the type is not the one that the primitives have
	imported string     // import of the package that spelled names, if any
	members  *structure // of a struct, or of the struct that a pointer points to
	element  *value     // of a list
}

// A structure is a struct whose fields are all of a supported kind.
type structure struct {
	name   string
	fields []field
}

// A field is a member of the JSON object that a struct is written as.
type field struct {
	name     string // of the field in Go
	quoted   string // name of the member with quotes and colon
	optional bool   // left out if zero
	value
}

// A payload is the struct of an event type.
type payload struct {
	structure
	constant    string // of the event type
	unsupported error  // why it is left to the JSON library
}

// payloads returns the payloads of the package in the order of their names, so
// that the generated files do not depend on how the package is divided in files.
func (s *source) payloads() (all []payload, err error) {
	for _, name := range slices.Sorted(maps.Keys(s.types)) {
		constant, err := s.eventType(name)
		if err != nil {
			return nil, err
		}
		if constant == "" {
			continue
		}
		p := payload{structure: structure{name: name}, constant: constant}
		if members, err := s.structure(name, nil); err != nil {
			p.unsupported = err
		} else {
			p.structure = *members
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		return nil, errors.New("no struct has a method Type that returns an event type")
	}
	return all, nil
}

// structure resolves the struct of a name. The names of the structs that it is a
// part of are given, since a struct that contains itself is not supported.
func (s *source) structure(name string, within []string) (*structure, error) {
	declared := s.types[name]
	if declared == nil || declared.Assign.IsValid() || declared.TypeParams != nil {
		return nil, fmt.Errorf("%s is not a struct of the package", name)
	}
	t, ok := declared.Type.(*ast.StructType)
	switch {
	case !ok:
		return nil, fmt.Errorf("%s is not a struct", name)
	case s.ownCoding(name):
		return nil, fmt.Errorf("%s has JSON methods of its own", name)
	case slices.Contains(within, name):
		return nil, fmt.Errorf("%s contains itself", name)
	}
	all := &structure{name: name}
	within = append(slices.Clip(within), name)
	for _, f := range t.Fields.List {
		fields, err := s.fields(declared, f, within)
		if err != nil {
			return nil, err
		}
		for _, f := range fields {
			if slices.ContainsFunc(all.fields, func(other field) bool { return other.quoted == f.quoted }) {
				return nil, fmt.Errorf("%s has two members %s", name, strings.TrimSuffix(f.quoted, ":"))
			}
			all.fields = append(all.fields, f)
		}
	}
	return all, nil
}

// fields returns the members that one declaration of a struct stands for. An
// embedded struct stands for its own members.
func (s *source) fields(in *declaration, f *ast.Field, within []string) (all []field, err error) {
	tag := tagOf(f)
	name, options, _ := strings.Cut(tag, ",")
	switch {
	case options != "" && options != "omitzero":
		return nil, fmt.Errorf("%s has a field with tag %s", in.Name.Name, tag)
	case len(f.Names) == 0 && name == "":
		return s.embedded(in, f, within)
	case len(f.Names) == 0:
		return nil, fmt.Errorf("%s embeds %s under a name", in.Name.Name, spelling(f.Type))
	}
	for _, ident := range f.Names {
		if !ident.IsExported() || tag == "-" {
			continue
		}
		member := field{name: ident.Name, quoted: strconv.Quote(cmp.Or(name, ident.Name)) + ":", optional: options == "omitzero"}
		if member.value, err = s.value(in, f.Type, within); err == nil {
			err = member.supported()
		}
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", in.Name.Name, ident.Name, err)
		}
		all = append(all, member)
	}
	return all, nil
}

// embedded returns the members of a struct that is embedded.
func (s *source) embedded(in *declaration, f *ast.Field, within []string) ([]field, error) {
	name, ok := f.Type.(*ast.Ident)
	if !ok || !name.IsExported() {
		return nil, fmt.Errorf("%s embeds %s", in.Name.Name, spelling(f.Type))
	}
	members, err := s.structure(name.Name, within)
	if err != nil {
		return nil, err
	}
	return members.fields, nil
}

var plainName = regexp.MustCompile(`^"[A-Za-z0-9_]+":$`)

// tagOf returns what the tag of a field says to the JSON library.
func tagOf(f *ast.Field) string {
	if f.Tag == nil {
		return ""
	}
	tag, _ := strconv.Unquote(f.Tag.Value)
	return reflect.StructTag(tag).Get("json")
}

// supported returns an error if the member cannot be written as the tag of the
// field says.
func (f *field) supported() error {
	switch {
	case !plainName.MatchString(f.quoted):
		return errors.New("a member name with other characters than letters, digits and _")
	case f.kind == kindPointer && !f.optional:
		return errors.New("a pointer without omitzero")
	case f.kind == kindStruct && f.optional && !f.members.comparable():
		return errors.New("omitzero of a struct that holds a list")
	}
	return nil
}

// comparable reports whether values of the struct can be compared with ==.
func (s *structure) comparable() bool {
	return !slices.ContainsFunc(s.fields, func(f field) bool {
		return f.kind == kindList || f.kind == kindStruct && !f.members.comparable()
	})
}
