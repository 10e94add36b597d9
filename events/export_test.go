package events

import (
	"time"

	"github.com/go-json-experiment/json"
)

// Knows says whether the Scanner reads raw by itself.
func (s *Scanner) Knows(raw []byte) bool { return s.scan(raw) != nil }

// Marshal writes an event as the JSON library does by the tags of the structs:
// what Append must write.
func Marshal(e *Event) ([]byte, error) {
	env := envelope[Data]{attributes{
		SpecVersion: SpecVersion, ID: e.ID, Source: e.Source, Type: e.Type, Subject: e.Subject, DataSchema: Schema(e.Type),
		Division: e.Division, Submode: e.Submode, Replaces: e.Replaces, AuthType: e.AuthType, AuthID: e.AuthID,
		CorrelationID: e.CorrelationID, PolicyVersion: e.PolicyVersion, Digest: e.Digest,
	}, e.Data}
	if !e.Time.IsZero() {
		env.Time = e.Time.Format(time.RFC3339Nano)
	}
	return json.Marshal(&env, deterministic)
}

// AnySubmission is Submission without its faster way.
var AnySubmission = anySubmission

// CanonicalSubmission is the faster way of Submission.
var CanonicalSubmission = canonicalSubmission
