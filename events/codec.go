package events

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// SpecVersion is the version of CloudEvents that every event has.
const SpecVersion = "1.0"

// Schema returns the dataschema of an event type. It ends in the type and the version
// of the contract: urn:muster:schemas/hire.placed/v1.
func Schema(t Type) string { return schemaBegins + string(t) + schemaEnds }

const schemaBegins, schemaEnds = "urn:muster:schemas/", "/v1"

// attributes are the members of the JSON form of an Event other than its data, in
// canonical order.
type attributes struct {
	SpecVersion     string        `json:"specversion,omitzero"`
	ID              string        `json:"id,omitzero"`
	Source          string        `json:"source,omitzero"`
	Type            Type          `json:"type,omitzero"`
	Subject         string        `json:"subject,omitzero"`
	Time            string        `json:"time,omitzero"`
	DataContentType string        `json:"datacontenttype,omitzero"`
	DataSchema      string        `json:"dataschema,omitzero"`
	Division        division.Code `json:"division,omitzero"`
	Submode         Mode          `json:"submode,omitzero"`
	Replaces        string        `json:"replaces,omitzero"`
	ReplacesSource  string        `json:"replacessource,omitzero"`
	AuthType        string        `json:"authtype,omitzero"`
	AuthID          string        `json:"authid,omitzero"`
	AuthDivision    string        `json:"authdivision,omitzero"`
	CorrelationID   string        `json:"correlationid,omitzero"`
	PolicyVersion   string        `json:"policyversion,omitzero"`
	Digest          string        `json:"digest,omitzero"`
	RecordedTime    string        `json:"recordedtime,omitzero"`
}

// An envelope is the JSON form of an Event. D is the type of the data: raw JSON, or
// the payload into which the data is read.
type envelope[D any] struct {
	attributes
	Data D `json:"data,omitzero"`
}

var (
	strict  = json.RejectUnknownMembers(true)
	lenient = json.RejectUnknownMembers(false)
)

// Submission reads an event that an agency submits, and checks it against the
// contract. It refuses members that the contract does not have and members that only
// the engine sets. An error is of type [Reasons]. The Event is then returned as far
// as it was understood, so that the answer can name its id and source.
func Submission(raw []byte) (*Event, error) {
	if e := canonicalSubmission(raw); e != nil {
		return e, nil
	}
	return anySubmission(raw)
}

// canonicalSubmission reads a submission in the canonical form, with or without white
// space around it. It is several times as fast as anySubmission. It returns nil if
// the submission has another form or breaks the contract; anySubmission then says
// why.
func canonicalSubmission(raw []byte) *Event {
	var s Scanner
	own := bytes.Clone(bytes.Trim(raw, " \t\r\n")) // the strings of the event share the memory of this copy
	e := s.scan(own)
	if e == nil || e.check(&attributes{}, own) != nil {
		return nil
	}
	return e
}

// anySubmission reads a submission in any JSON form, and returns the reasons if it is
// refused.
func anySubmission(raw []byte) (*Event, error) {
	e, attr, err := read(raw, strict)
	if err != nil {
		return e, err
	}
	return e, e.check(attr, raw)
}

// Decode reads a record, an event as the log holds it. Decode checks the form of the
// record but not its content, since the engine checked the content when it wrote the
// record. An error is of type [Reasons], and the Event is returned as far as it was
// understood.
func Decode(raw []byte) (*Event, error) {
	e, _, err := read(raw, lenient)
	return e, err
}

// read reads raw in one pass if the type stands before the data. Otherwise, and if
// the first pass fails, it reads raw in two passes: first the attributes, then the
// data. The second way accepts every valid event and can tell what is wrong with any
// other.
func read(raw []byte, members json.Options) (*Event, *attributes, error) {
	var once envelope[payload]
	once.Data.of = &once.Type
	if json.Unmarshal(raw, &once, members) == nil && once.Data.is != nil {
		e, err := once.event()
		if err == nil {
			e.Data = once.Data.is
		}
		return e, &once.attributes, err
	}
	var env envelope[jsontext.Value]
	if err := json.Unmarshal(raw, &env, members); err != nil {
		return named(raw), nil, describe("", raw, err)
	}
	if jsontext.Value(raw).Kind() != '{' {
		return &Event{}, nil, Refuse(Malformed, "", "must be a JSON object")
	}
	e, err := env.event()
	if err == nil {
		e.Data, err = readData(e.Type, env.Data)
	}
	return e, &env.attributes, err
}

// A payload reads the data of an envelope in the same pass as the envelope. The type
// must stand before the data, as it does in the canonical form.
type payload struct {
	of *Type
	is Data
}

var errTwoPasses = errors.New("events: type unknown where the data begins")

// UnmarshalJSONFrom reads the data into the payload of the event's type.
func (p *payload) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	data := New(*p.of)
	if data == nil || dec.PeekKind() != '{' {
		return errTwoPasses
	}
	p.is = data
	return json.UnmarshalDecode(dec, data, strict)
}

func readData(t Type, raw jsontext.Value) (Data, error) {
	if len(raw) == 0 {
		return nil, Refuse(Missing, "data", "is required: a JSON object")
	}
	if raw.Kind() != '{' {
		return nil, Refuse(Malformed, "data", "must be a JSON object")
	}
	data := New(t)
	if err := json.Unmarshal(raw, data, strict); err != nil {
		return nil, describe("data", raw, err)
	}
	return data, nil
}

// named reads the id, source and type of an event that is malformed, so that an
// answer can name it. It reads up to the first error.
func named(raw []byte) *Event {
	var e Event
	dec := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	if dec.PeekKind() != '{' {
		return &e
	}
	_, _ = dec.ReadToken()
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			break
		}
		field := name.String() // the token is valid only until the next one is read
		if dec.PeekKind() != '"' {
			if dec.SkipValue() != nil {
				break
			}
			continue
		}
		value, err := dec.ReadToken()
		if err != nil {
			break
		}
		switch field {
		case "id":
			e.ID = value.String()
		case "source":
			e.Source = value.String()
		case "type":
			e.Type = Type(value.String())
		}
	}
	return &e
}

// event returns an Event with the attributes and without data.
func (a *attributes) event() (*Event, error) {
	e := &Event{
		ID: a.ID, Source: a.Source, Type: a.Type, Subject: a.Subject, Division: a.Division,
		Submode: a.Submode, Replaces: a.Replaces, ReplacesSource: a.ReplacesSource,
		AuthType: a.AuthType, AuthID: a.AuthID, AuthDivision: a.AuthDivision, CorrelationID: a.CorrelationID, PolicyVersion: a.PolicyVersion, Digest: a.Digest,
	}
	if a.SpecVersion != SpecVersion {
		return e, Refuse(UnknownVersion, "specversion", "must be 1.0")
	}
	if a.Type == "" {
		return e, Refuse(Missing, "type", "is required")
	}
	if New(a.Type) == nil {
		return e, Refuse(UnknownType, "type", "is not an event type of this contract")
	}
	if s := a.DataSchema; s != "" && !strings.HasSuffix(s, "/"+string(a.Type)+"/v1") {
		return e, Refuse(UnknownVersion, "dataschema", "must end in /"+string(a.Type)+"/v1, or be left out")
	}
	if t := a.DataContentType; t != "" && t != "application/json" {
		return e, Refuse(Invalid, "datacontenttype", "must be application/json, or be left out")
	}
	if a.Time != "" {
		t, err := time.Parse(time.RFC3339, a.Time)
		if err != nil {
			return e, Refuse(InvalidDate, "time", "must be an instant as RFC 3339 writes it, such as 2022-05-01T09:00:00+08:00")
		}
		e.Time = t
	}
	return e, nil
}

// check returns the Reasons for which a submission breaks the contract, or nil.
func (e *Event) check(env *attributes, raw []byte) error {
	c := checker{door: true, raw: raw}
	attr := func(ok bool, code Code, field, detail string) {
		if !ok {
			c.reasons = append(c.reasons, Reason{Code: code, Field: field, Detail: detail})
		}
	}
	attr(e.ID != "", Missing, "id", "is required, and unique among your events")
	attr(e.Source != "", Missing, "source", "is required: /agency/<agency>")
	for _, f := range []struct{ field, s string }{{"id", e.ID}, {"source", e.Source}, {"subject", e.Subject}, {"replaces", e.Replaces}, {"replacessource", e.ReplacesSource}} {
		if detail := textProblem(f.s, maxName); detail != "" {
			attr(false, Invalid, f.field, detail)
		}
	}
	attr(e.Division == "" || e.Division.Valid(), Invalid, "division", "must be a division code of 12 digits")
	attr(e.Submode == "" || e.Submode == ModeDecide || e.Submode == ModeRecord, Invalid, "submode", "must be decide or record")
	for _, f := range []struct{ field, s string }{
		{"authtype", e.AuthType}, {"authid", e.AuthID}, {"authdivision", e.AuthDivision}, {"correlationid", e.CorrelationID},
		{"policyversion", e.PolicyVersion}, {"digest", e.Digest}, {"recordedtime", env.RecordedTime},
	} {
		attr(f.s == "", EngineField, f.field, "is set by the engine; leave it out")
	}
	attr(e.ReplacesSource == "" || e.Replaces != "" || e.Type == EventWithdrawnType, Invalid, "replacessource",
		"names the source of the event that is corrected; give its id in replaces, or leave replacessource out")
	attr(e.Type.Family() != Gateway, EngineField, "type", "is an event that only the engine writes")
	e.Data.check(&c)
	if len(c.reasons) > 0 {
		return c.reasons
	}
	return nil
}

// describe turns an error of the JSON library into Reasons. The reasons name the
// field and never quote a value of the input.
func describe(base string, raw []byte, err error) Reasons {
	var syntax *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.As(err, &semantic):
		field := path(base, semantic.JSONPointer)
		switch {
		case errors.Is(err, json.ErrUnknownName):
			return Refuse(UnknownField, field, "is not a field of the contract; check its spelling")
		case semantic.GoType == nil:
		case semantic.GoType.PkgPath() == civilPath:
			detail := "must be a date as YYYY-MM-DD"
			if semantic.GoType.Name() == "Month" {
				detail = "must be a month as YYYY-MM"
			}
			return Refuse(InvalidDate, field, detail+" that exists")
		case semantic.GoType.Name() == "Fen":
			return Refuse(Invalid, field, "must be a whole number of fen")
		}
		detail := "is of the wrong JSON type"
		if semantic.GoType != nil {
			detail = "must be " + kinds[semantic.GoType.Kind().String()]
			if semantic.GoType.Name() == "UUID" {
				detail = "must be a pseudonym as an earlier receipt gave it"
			}
		}
		return Refuse(Malformed, field, detail)
	case errors.As(err, &syntax) && !utf8.Valid(raw):
		return Refuse(Malformed, base, "is not valid UTF-8")
	case errors.As(err, &syntax):
		field := path(base, syntax.JSONPointer)
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return Refuse(Malformed, field, "stands twice")
		}
		return Refuse(Malformed, field, fmt.Sprintf("is not valid JSON at byte %d", syntax.ByteOffset))
	}
	return Refuse(Malformed, base, "is not valid JSON")
}

// civilPath is the import path of package civil, which errors about dates name.
const civilPath = "github.com/muster-works/muster/events/civil"

var _ civil.Date // does not compile if the package moves, so that civilPath is changed too

var kinds = map[string]string{
	"string": "a string", "int": "a whole number", "int64": "a whole number", "bool": "true or false",
	"slice": "an array", "struct": "an object", "ptr": "an object", "map": "an object", "array": "a string",
}

// path turns a JSON pointer into a path such as data.lines[3].amount. The name of a
// member may be anything the submitter wrote, such as an identity number or a phone
// number. A path therefore shows ? in place of a name that has more than 4 digits or
// more than 64 bytes.
func path(base string, p jsontext.Pointer) string {
	b := []byte(base)
	for token := range p.Tokens() {
		digits := len(token) - len(strings.Map(notDigit, token))
		switch index := digits == len(token); {
		case index && digits > 0 && digits <= 6:
			b = append(append(append(b, '['), token...), ']')
			continue
		case index || digits > 4 || len(token) > 64:
			token = "?"
		}
		if len(b) > 0 {
			b = append(b, '.')
		}
		b = append(b, token...)
	}
	return string(b)
}

func notDigit(r rune) rune {
	if '0' <= r && r <= '9' {
		return -1
	}
	return r
}
