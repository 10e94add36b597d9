package events

import "strings"

// A Code is a stable identifier for why a submission was refused. The sentences
// beside the codes may change.
type Code string

// The codes of the contract. The services that decide add codes of their own.
const (
	Malformed       Code = "malformed"         // not JSON, or a value of the wrong JSON type
	Missing         Code = "missing"           // a required field is not there
	Invalid         Code = "invalid"           // a value is not allowed there
	UnknownField    Code = "unknown_field"     // the contract has no such field
	UnknownType     Code = "unknown_type"      // no such event type
	UnknownVersion  Code = "unknown_version"   // dataschema or specversion of another version
	InvalidDate     Code = "invalid_date"      // a date or month that does not exist
	NegativeAmount  Code = "negative_amount"   // money below zero
	InvalidIDNumber Code = "invalid_id_number" // form, birth date, province or checksum
	EngineField     Code = "engine_field"      // only the engine sets it
	TooLarge        Code = "too_large"         // one event over the limit of a commit
)

// A Reason is one thing that is wrong with a submission: a stable code, the path of
// the field (such as data.lines[3].amount; empty if the whole submission is meant),
// and a sentence that says what to do. A Reason never quotes a submitted value.
//
// Between the parts of a deployment a Reason has its sentence in both languages. What
// the gateway answers has it in the language of the asker, see [Reason.In].
type Reason struct {
	Code     Code   `json:"code"`
	Field    string `json:"field"`
	Detail   string `json:"detail"`
	DetailZH string `json:"detail_zh,omitzero"` // Detail in Chinese
}

// Reasons are everything that is wrong with one submission. Reasons implement error.
type Reasons []Reason

func (r Reasons) Error() string {
	var b strings.Builder
	for i, r := range r {
		if i > 0 {
			b.WriteString("; ")
		}
		if r.Field != "" {
			b.WriteString(r.Field + ": ")
		}
		b.WriteString(r.Detail + " (" + string(r.Code) + ")")
	}
	return b.String()
}

// Refusal returns Reasons with one reason.
func Refusal(code Code, field string, s Sentence) Reasons {
	return Reasons{ReasonOf(code, field, s)}
}

// ReasonOf returns a reason.
func ReasonOf(code Code, field string, s Sentence) Reason { return Reason{code, field, s.EN, s.ZH} }
