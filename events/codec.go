package events

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/idnumber"
)

// SpecVersion is the version of CloudEvents.
const SpecVersion = "1.0"

// Schema returns the dataschema of a type: it ends in type and version.
func Schema(t Type) string { return "urn:muster:schemas/" + string(t) + "/v1" }

// envelope is the JSON form of an Event, in its canonical order.
type envelope struct {
	SpecVersion     string         `json:"specversion,omitzero"`
	ID              string         `json:"id,omitzero"`
	Source          string         `json:"source,omitzero"`
	Type            Type           `json:"type,omitzero"`
	Subject         string         `json:"subject,omitzero"`
	Time            string         `json:"time,omitzero"`
	DataContentType string         `json:"datacontenttype,omitzero"`
	DataSchema      string         `json:"dataschema,omitzero"`
	Division        division.Code  `json:"division,omitzero"`
	Submode         Mode           `json:"submode,omitzero"`
	Replaces        string         `json:"replaces,omitzero"`
	AuthType        string         `json:"authtype,omitzero"`
	AuthID          string         `json:"authid,omitzero"`
	CorrelationID   string         `json:"correlationid,omitzero"`
	PolicyVersion   string         `json:"policyversion,omitzero"`
	Digest          string         `json:"digest,omitzero"`
	RecordedTime    string         `json:"recordedtime,omitzero"`
	Data            jsontext.Value `json:"data,omitzero"`
}

var (
	strict  = json.RejectUnknownMembers(true)
	lenient = json.RejectUnknownMembers(false)
)

// Submission reads an event as an agency submits it and checks it against the
// contract. It refuses members that the contract does not have and those that
// only the engine sets. The error is [Reasons]; the Event is returned as far
// as it was understood, so that an answer can name its id and source.
func Submission(raw []byte) (*Event, error) {
	var env envelope
	if err := json.Unmarshal(raw, &env, strict); err != nil {
		// Read again for the id, which the answer wants to name.
		_ = json.Unmarshal(raw, &env, lenient)
		return &Event{ID: env.ID, Source: env.Source, Type: env.Type}, describe("", err)
	}
	e, err := env.event()
	if err != nil {
		return e, err
	}
	return e, e.check(&env)
}

// Decode reads an event as it stands in the log. It trusts the engine that
// wrote it as to content, and fails when the form is not that of the contract.
func Decode(raw []byte) (*Event, error) {
	var env envelope
	if err := json.Unmarshal(raw, &env, lenient); err != nil {
		return nil, describe("", err)
	}
	return env.event()
}

// event turns the envelope into an Event.
func (env *envelope) event() (*Event, error) {
	e := &Event{
		ID: env.ID, Source: env.Source, Type: env.Type, Subject: env.Subject, Division: env.Division,
		Submode: env.Submode, Replaces: env.Replaces, AuthType: env.AuthType, AuthID: env.AuthID,
		CorrelationID: env.CorrelationID, PolicyVersion: env.PolicyVersion, Digest: env.Digest,
	}
	if env.SpecVersion != SpecVersion {
		return e, Refuse(UnknownVersion, "specversion", "must be 1.0")
	}
	if env.Type == "" {
		return e, Refuse(Missing, "type", "is required")
	}
	data := New(env.Type)
	if data == nil {
		return e, Refuse(UnknownType, "type", "is not an event type of this contract")
	}
	if s := env.DataSchema; s != "" && !strings.HasSuffix(s, "/"+string(env.Type)+"/v1") {
		return e, Refuse(UnknownVersion, "dataschema", "must end in /"+string(env.Type)+"/v1, or be left out")
	}
	if t := env.DataContentType; t != "" && t != "application/json" {
		return e, Refuse(Invalid, "datacontenttype", "must be application/json, or be left out")
	}
	if env.Time != "" {
		t, err := time.Parse(time.RFC3339, env.Time)
		if err != nil {
			return e, Refuse(InvalidDate, "time", "must be an instant as RFC 3339 writes it, such as 2022-05-01T09:00:00+08:00")
		}
		e.Time = t
	}
	if len(env.Data) == 0 {
		return e, Refuse(Missing, "data", "is required: a JSON object")
	}
	if env.Data.Kind() != '{' {
		return e, Refuse(Malformed, "data", "must be a JSON object")
	}
	if err := json.Unmarshal(env.Data, data, strict); err != nil {
		return e, describe("data", err)
	}
	e.Data = data
	return e, nil
}

// check holds a submission to the contract.
func (e *Event) check(env *envelope) error {
	c := checker{door: true}
	attr := func(ok bool, code Code, field, detail string) {
		if !ok {
			c.reasons = append(c.reasons, Reason{code, field, detail})
		}
	}
	attr(e.ID != "", Missing, "id", "is required, and unique among your events")
	attr(e.Source != "", Missing, "source", "is required: /agency/<agency>")
	for _, f := range []struct{ field, s string }{{"id", e.ID}, {"source", e.Source}, {"subject", e.Subject}, {"replaces", e.Replaces}} {
		if detail := textProblem(f.s, maxName); detail != "" {
			attr(false, Invalid, f.field, detail)
		}
	}
	attr(e.Division == "" || e.Division.Valid(), Invalid, "division", "must be a division code of 12 digits")
	attr(e.Submode == "" || e.Submode == Decide || e.Submode == Record, Invalid, "submode", "must be decide or record")
	for _, f := range []struct{ field, s string }{
		{"authtype", e.AuthType}, {"authid", e.AuthID}, {"correlationid", e.CorrelationID},
		{"policyversion", e.PolicyVersion}, {"digest", e.Digest}, {"recordedtime", env.RecordedTime},
	} {
		attr(f.s == "", EngineField, f.field, "is set by the engine; leave it out")
	}
	attr(e.Type.Family() != Gateway, EngineField, "type", "is an event that only the engine writes")
	e.Data.check(&c)
	if len(c.reasons) > 0 {
		return c.reasons
	}
	return nil
}

// Append writes the event in its canonical form, without line breaks, to b. It
// fails only on text that is not UTF-8.
func (e *Event) Append(b []byte) ([]byte, error) {
	env := envelope{
		SpecVersion: SpecVersion, ID: e.ID, Source: e.Source, Type: e.Type, Subject: e.Subject, DataSchema: Schema(e.Type),
		Division: e.Division, Submode: e.Submode, Replaces: e.Replaces, AuthType: e.AuthType, AuthID: e.AuthID,
		CorrelationID: e.CorrelationID, PolicyVersion: e.PolicyVersion, Digest: e.Digest,
	}
	if !e.Time.IsZero() {
		env.Time = e.Time.Format(time.RFC3339Nano)
	}
	w := bytes.NewBuffer(b)
	data, err := json.Marshal(e.Data)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", e.Type, err)
	}
	env.Data = data
	if err := json.MarshalWrite(w, &env, jsontext.AllowDuplicateNames(true)); err != nil {
		return nil, fmt.Errorf("encode %s: %w", e.Type, err)
	}
	return w.Bytes(), nil
}

// describe turns an error of the JSON library into Reasons that name the field
// and never quote a value of the input.
func describe(base string, err error) Reasons {
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
	case errors.As(err, &syntax):
		field := path(base, syntax.JSONPointer)
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return Refuse(Malformed, field, "stands twice")
		}
		return Refuse(Malformed, field, fmt.Sprintf("is not valid JSON at byte %d", syntax.ByteOffset))
	}
	return Refuse(Malformed, base, "is not valid JSON")
}

// civilPath is the package of Date and Month.
const civilPath = "github.com/muster-works/muster/events/civil"

var _ civil.Date // the package that civilPath names

var kinds = map[string]string{
	"string": "a string", "int": "a whole number", "int64": "a whole number", "bool": "true or false",
	"slice": "an array", "struct": "an object", "ptr": "an object", "map": "an object", "array": "a string",
}

// path turns a JSON pointer into a path such as data.lines[3].amount.
func path(base string, p jsontext.Pointer) string {
	b := []byte(base)
	for token := range p.Tokens() {
		if len(token) > 64 || idnumber.In(token) {
			token = "?" // a member's name may be anything, even what must not be repeated
		}
		switch {
		case token != "" && strings.Trim(token, "0123456789") == "":
			b = append(append(append(b, '['), token...), ']')
		case len(b) > 0:
			b = append(append(b, '.'), token...)
		default:
			b = append(b, token...)
		}
	}
	return string(b)
}
