package access

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Read decodes an access file, of this format or of the one before, and checks
// it. Its errors name the entry and the field, and say what would mend it.
func Read(r io.Reader) (*File, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if err := refuseNull(text); err != nil {
		return nil, err
	}
	f, before, err := decode(text)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(requireDivision(text), f.check(&checker{before: before})); err != nil {
		return nil, err
	}
	return f, nil
}

// decode decodes a file by the version that it says it has. before says that it
// has none, and so is of the format before.
func decode(text []byte) (f *File, before bool, err error) {
	var head struct {
		Version jsontext.Value `json:"version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, false, placed(text, err)
	}
	switch string(head.Version) {
	case "":
		f, err = decodeBefore(text)
		return f, true, err
	case strconv.Itoa(Version):
		f = &File{}
		return f, false, placed(text, json.Unmarshal(text, f, json.RejectUnknownMembers(true)))
	}
	return nil, false, &Fault{"", "version", fmt.Sprintf("is %s, and this Muster reads %d and the format before, which has no version; run the Muster that wrote the file, or a newer one", head.Version, Version)}
}

// Marshal encodes a file as [Edit] writes it: indented, with a line feed at
// its end.
func (f *File) Marshal() ([]byte, error) {
	f.Version = Version
	if f.Agencies == nil {
		f.Agencies = []Agency{}
	}
	text, err := json.Marshal(f, jsontext.WithIndent("  "))
	return append(text, '\n'), err
}

// UnmarshalJSONFrom reads a limit. Zero is refused: somebody who writes it may
// mean that nothing is let through, or that everything is.
func (l *Limit) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var n int64
	if err := json.UnmarshalDecode(d, &n); err != nil {
		return err
	}
	if n < 1 {
		return errors.New("want a whole number from 1; leave it out for no limit")
	}
	*l = Limit(n)
	return nil
}

// refuseNull finds the first null. A null division would be read as an empty
// one, which is everywhere.
func refuseNull(text []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	for {
		t, err := d.ReadToken()
		switch {
		case errors.Is(err, io.EOF) && d.StackDepth() == 0:
			return nil
		case err != nil:
			return placed(text, err)
		case t.Kind() == 'n':
			return fault(text, d.StackPointer(), "null says nothing; give it a value, or leave the member out")
		}
	}
}

// requireDivision finds entries that leave out their division. An agency whose
// division was forgotten must not answer for everywhere.
func requireDivision(text []byte) error {
	var file struct {
		Agencies, Readers []map[string]jsontext.Value
	}
	if err := json.Unmarshal(text, &file, json.MatchCaseInsensitiveNames(true)); err != nil {
		return placed(text, err)
	}
	var faults []error
	missing := func(kind string, entries []map[string]jsontext.Value) {
		for i, e := range entries {
			if _, ok := e["division"]; !ok {
				at := jsontext.Pointer("").AppendToken(kind).AppendToken(strconv.Itoa(i)).AppendToken("division")
				faults = append(faults, fault(text, at, `is missing; "" is everywhere`))
			}
		}
	}
	missing("agencies", file.Agencies)
	missing("readers", file.Readers)
	return errors.Join(faults...)
}

// placed turns an error of decoding into a [Fault].
func placed(text []byte, err error) error {
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax) && errors.Is(syntax.Err, jsontext.ErrDuplicateName):
		return fault(text, syntax.JSONPointer, "stands there twice; leave one")
	case errors.As(err, &syntax):
		return &Fault{"", "", fmt.Sprintf("is not JSON: line %d: %v", 1+bytes.Count(text[:min(int(syntax.ByteOffset), len(text))], []byte("\n")), syntax.Err)}
	case errors.As(err, &meaning) && errors.Is(meaning.Err, json.ErrUnknownName):
		return fault(text, meaning.JSONPointer, "is no member that this Muster knows; want some of "+strings.Join(members(meaning.GoType), ", "))
	case errors.As(err, &meaning) && meaning.Err != nil && meaning.GoType == reflect.TypeFor[Limit]():
		return fault(text, meaning.JSONPointer, meaning.Err.Error())
	case errors.As(err, &meaning):
		return fault(text, meaning.JSONPointer, "want "+wanted(meaning.GoType))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &Fault{"", "", "is not JSON: it ends in the middle"}
	}
	return err
}

// wanted names the form of a value as JSON has it.
func wanted(t reflect.Type) string {
	switch {
	case t == nil:
		return "another value"
	case t.Name() == "Time":
		return "an instant as RFC 3339 has it, for one 2027-01-31T00:00:00Z"
	}
	switch t.Kind() {
	case reflect.Struct:
		return "an object of " + strings.Join(members(t), ", ")
	case reflect.Slice:
		return "a list"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text in quotes"
	}
	return "a whole number"
}

// members lists the JSON names of the fields of a struct.
func members(t reflect.Type) (names []string) {
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}
