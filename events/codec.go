package events

import (
	"bytes"
	"errors"
	"reflect"
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
		return &Event{}, nil, Refusal(Malformed, "", Say("must be a JSON object", "须为JSON对象"))
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
		return nil, Refusal(Missing, "data", Say("is required: a JSON object", "为必填项：JSON对象"))
	}
	if raw.Kind() != '{' {
		return nil, Refusal(Malformed, "data", Say("must be a JSON object", "须为JSON对象"))
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
		return e, Refusal(UnknownVersion, "specversion", Say("must be 1.0", "须为1.0"))
	}
	if a.Type == "" {
		return e, Refusal(Missing, "type", Say("is required", "为必填项"))
	}
	if New(a.Type) == nil {
		return e, Refusal(UnknownType, "type", Say("is not an event type of this contract", "不是本数据规范中的事件类型"))
	}
	if s := a.DataSchema; s != "" && !strings.HasSuffix(s, "/"+string(a.Type)+"/v1") {
		return e, Refusal(UnknownVersion, "dataschema", Say("must end in /"+string(a.Type)+"/v1, or be left out", "须以/"+string(a.Type)+"/v1结尾，或不填"))
	}
	if t := a.DataContentType; t != "" && t != "application/json" {
		return e, Refusal(Invalid, "datacontenttype", Say("must be application/json, or be left out", "须为application/json，或不填"))
	}
	if a.Time != "" {
		t, err := time.Parse(time.RFC3339, a.Time)
		if err != nil {
			return e, Refusal(InvalidDate, "time", Say("must be an instant as RFC 3339 writes it, such as 2022-05-01T09:00:00+08:00", "须为RFC 3339格式的时刻，如2022-05-01T09:00:00+08:00"))
		}
		e.Time = t
	}
	return e, nil
}

// check returns the Reasons for which a submission breaks the contract, or nil.
func (e *Event) check(env *attributes, raw []byte) error {
	c := checker{door: true, raw: raw}
	attr := func(ok bool, code Code, field string, s Sentence) {
		if !ok {
			c.reasons = append(c.reasons, ReasonOf(code, field, s))
		}
	}
	attr(e.ID != "", Missing, "id", Say("is required, and unique among your events", "为必填项，且在本单位报送的事件中不得重复"))
	attr(e.Source != "", Missing, "source", Say("is required: /agency/<agency>", "为必填项：/agency/<单位>"))
	wrong, ok := textProblem(e.Subject, maxName)
	attr(ok, Invalid, "subject", wrong)
	for _, f := range []struct{ field, s string }{{"id", e.ID}, {"source", e.Source}, {"replaces", e.Replaces}, {"replacessource", e.ReplacesSource}} {
		wrong, ok := nameProblem(f.s)
		attr(ok, Invalid, f.field, wrong)
	}
	attr(e.Division == "" || e.Division.Valid(), Invalid, "division", Say("must be a division code of 12 digits", "须为12位行政区划代码"))
	attr(e.Submode == "" || e.Submode == ModeDecide || e.Submode == ModeRecord, Invalid, "submode", Say("must be decide or record", "须为decide或record"))
	for _, f := range []struct{ field, s string }{
		{"authtype", e.AuthType}, {"authid", e.AuthID}, {"authdivision", e.AuthDivision}, {"correlationid", e.CorrelationID},
		{"policyversion", e.PolicyVersion}, {"digest", e.Digest}, {"recordedtime", env.RecordedTime},
	} {
		attr(f.s == "", EngineField, f.field, setByEngine)
	}
	attr(e.ReplacesSource == "" || e.Replaces != "" || e.Type == EventWithdrawnType, Invalid, "replacessource", Say(
		"names the source of the event that is corrected; give its id in replaces, or leave replacessource out",
		"是被更正事件的来源；请在replaces中填写该事件的编号，或不填replacessource"))
	attr(e.Type.Family() != Gateway, EngineField, "type", Say("is an event that only the engine writes", "是只由系统写入的事件"))
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
		return mismatch(path(base, semantic.JSONPointer), semantic)
	case errors.As(err, &syntax) && !utf8.Valid(raw):
		return Refusal(Malformed, base, Say("is not valid UTF-8", "不是有效的UTF-8文本"))
	case errors.As(err, &syntax):
		field := path(base, syntax.JSONPointer)
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return Refusal(Malformed, field, Say("stands twice", "出现了两次"))
		}
		return Refusal(Malformed, field, Say("is not valid JSON at byte %d", "在第%d字节处不是有效的JSON", syntax.ByteOffset))
	}
	return Refusal(Malformed, base, Say("is not valid JSON", "不是有效的JSON"))
}

// mismatch returns the Reasons for a member that the contract does not have, or whose
// value has another type than the contract wants.
func mismatch(field string, err *json.SemanticError) Reasons {
	switch {
	case errors.Is(err, json.ErrUnknownName):
		return Refusal(UnknownField, field, Say("is not a field of the contract; check its spelling", "不是本数据规范中的字段，请检查拼写"))
	case err.GoType == nil:
		return Refusal(Malformed, field, Say("is of the wrong JSON type", "的JSON类型不对"))
	case err.GoType.PkgPath() == civilPath && err.GoType.Name() == "Month":
		return Refusal(InvalidDate, field, Say("must be a month as YYYY-MM that exists", "须为存在的月份，格式为YYYY-MM"))
	case err.GoType.PkgPath() == civilPath:
		return Refusal(InvalidDate, field, Say("must be a date as YYYY-MM-DD that exists", "须为存在的日期，格式为YYYY-MM-DD"))
	case err.GoType.Name() == "Fen":
		return Refusal(Invalid, field, Say("must be a whole number of fen", "须为整数，以分为单位"))
	case err.GoType.Name() == "UUID":
		return Refusal(Malformed, field, Say("must be a pseudonym as an earlier receipt gave it", "须为以前回执中的人员代号"))
	}
	return Refusal(Malformed, field, Say("must be %s", "须为%s", kinds[err.GoType.Kind()]))
}

// civilPath is the import path of package civil, which errors about dates name.
const civilPath = "github.com/muster-works/muster/events/civil"

var _ civil.Date // does not compile if the package moves, so that civilPath is changed too

// kinds says what the contract wants of a member, by the kind of the Go type that the
// member is read into.
var kinds = func() map[reflect.Kind]Sentence {
	number, object := Say("a whole number", "整数"), Say("an object", "JSON对象")
	text := Say("a string", "字符串")
	return map[reflect.Kind]Sentence{
		reflect.String: text, reflect.Int: number, reflect.Int64: number, reflect.Bool: Say("true or false", "true或false"),
		reflect.Slice: Say("an array", "数组"), reflect.Struct: object, reflect.Pointer: object, reflect.Map: object, reflect.Array: text,
	}
}()

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
