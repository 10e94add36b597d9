package policy

import (
	_ "embed" // embeds the reference pack
	"errors"
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events/civil"
)

//go:embed reference.json
var reference []byte

//go:embed reference-2025.json
var reference2025 []byte

// Reference returns the pack of the reference programme, the expansion of
// public-welfare posts in Shandong from 2022 on.
func Reference() (*Pack, error) { return Parse(reference) }

// References returns the packs of the reference programme in the order in which they come
// into force: that of 2022, and that of 2025, since when the retirement ages rise. The pack
// of 2022 stays as it was, since what was decided by it was decided without knowing of 2025.
func References() ([]*Pack, error) {
	first, err := Reference()
	if err != nil {
		return nil, err
	}
	second, err := Parse(reference2025)
	if err != nil {
		return nil, err
	}
	return []*Pack{first, second}, nil
}

// Parse parses a pack in JSON and checks it. It refuses unknown members. The error is
// one *[FieldError] or several joined, each with its line and column in b.
func Parse(b []byte) (*Pack, error) {
	p := new(Pack)
	err := json.Unmarshal(b, p, json.RejectUnknownMembers(true))
	if err != nil {
		return nil, unread(b, err)
	}
	if jsontext.Value(b).Kind() != '{' {
		return nil, &FieldError{Detail: "must be a JSON object", DetailZH: "应为JSON对象", Line: 1, Column: 1}
	}
	if err := p.Check(); err != nil {
		return nil, Locate(b, err)
	}
	return p, nil
}

// A FieldError says which member of a pack is wrong, and why.
type FieldError struct {
	Field     string // path, such as groups[2].female.until; empty for the whole pack
	Detail    string // what is wrong, in English
	DetailZH  string // the same in Chinese
	Character int    // number of the wrong character of a text, from 1; 0 if the whole text is meant

	// Line and Column are the place in the file, from 1. Columns count characters. If
	// a member is missing, they are the place of the object in which it is missing.
	// Both are 0 if no file was read.
	Line, Column int
}

func (e *FieldError) Error() string {
	at := "policy pack: "
	if e.Line > 0 {
		at += fmt.Sprintf("line %d, column %d: ", e.Line, e.Column)
	}
	if e.Field == "" {
		return at + e.Detail
	}
	return at + e.Field + " " + e.Detail
}

// Errors returns the *FieldErrors that are joined in err. An error of another kind is
// returned as a FieldError about the whole pack.
func Errors(err error) (all []*FieldError) {
	switch e := err.(type) { //nolint:errorlint // the tree of joined errors is walked here
	case nil:
	case *FieldError:
		all = append(all, e)
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			all = append(all, Errors(err)...)
		}
	default:
		all = append(all, &FieldError{Detail: err.Error(), DetailZH: err.Error()})
	}
	return all
}

// unread turns an error of the JSON library into a FieldError.
func unread(b []byte, err error) error {
	var semantic *json.SemanticError
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic):
		e := &FieldError{Field: path(semantic.JSONPointer)}
		e.Detail, e.DetailZH = mismatch(semantic)
		if offset, ok := find(b, e.Field, errors.Is(err, json.ErrUnknownName)); ok {
			e.Line, e.Column = place(b, offset)
		}
		return e
	case errors.As(err, &syntax):
		e := &FieldError{Field: path(syntax.JSONPointer), Detail: "is not valid JSON: " + syntax.Err.Error(), DetailZH: "不是合法的JSON：" + syntax.Err.Error()}
		if errors.Is(err, jsontext.ErrDuplicateName) {
			e.Detail, e.DetailZH = twiceEN, twiceZH
		}
		e.Line, e.Column = place(b, int(syntax.ByteOffset))
		return e
	}
	return fmt.Errorf("policy pack: %w", err)
}

// mismatch says in English and Chinese which value a member should have.
func mismatch(e *json.SemanticError) (en, zh string) {
	switch {
	case errors.Is(e.Err, json.ErrUnknownName):
		return "is no member of a policy pack; check its spelling", "政策包中没有这一项，请检查拼写"
	case e.GoType == nil:
		return "has the wrong type", "类型不对"
	}
	switch e.GoType {
	case reflect.TypeFor[civil.Date]():
		return "must be a date that exists, as YYYY-MM-DD", "应为真实存在的日期，格式为YYYY-MM-DD"
	case reflect.TypeFor[civil.Month]():
		return "must be a month, as YYYY-MM", "应为月份，格式为YYYY-MM"
	}
	switch e.GoType.Kind().String() {
	case "int", "int64":
		return "must be a whole number", "应为整数"
	case "bool":
		return "must be true or false", "应为 true 或 false"
	case "slice":
		return "must be a list", "应为列表"
	case "struct":
		return "must be an object", "应为对象"
	}
	return "must be a text", "应为文本"
}
