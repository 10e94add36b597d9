package events

import (
	"time"

	"github.com/go-json-experiment/json"
)

// Knows reports whether the Scanner reads raw without Decode.
func (s *Scanner) Knows(raw []byte) bool { return s.scan(raw) != nil }

// Marshal writes an event as the JSON library does by the tags of the structs. Append
// must write the same bytes.
func Marshal(e *Event) ([]byte, error) {
	env := envelope[Data]{attributes{
		SpecVersion: SpecVersion, ID: e.ID, Source: e.Source, Type: e.Type, Subject: e.Subject, DataSchema: Schema(e.Type),
		Division: e.Division, Submode: e.Submode, Replaces: e.Replaces, ReplacesSource: e.ReplacesSource, AuthType: e.AuthType, AuthID: e.AuthID, AuthDivision: e.AuthDivision,
		CorrelationID: e.CorrelationID, PolicyVersion: e.PolicyVersion, Digest: e.Digest,
	}, e.Data}
	if !e.Time.IsZero() {
		env.Time = e.Time.Format(time.RFC3339Nano)
	}
	return json.Marshal(&env, deterministic)
}

// AnySubmission is Submission without its fast path.
var AnySubmission = anySubmission

// CanonicalSubmission is the fast path of Submission alone.
var CanonicalSubmission = canonicalSubmission
