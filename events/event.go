// Package events is version 1 of the contract: it defines what agencies submit and
// what the log holds, and reads, checks and writes both.
//
// An event is a CloudEvent 1.0 in JSON. The type [Event] stands for an event in two
// forms. A submission is an event as an agency sends it: it lacks everything that the
// engine sets (authtype, authid, correlationid, policyversion, digest, the assigned
// seat, pseudonyms). A record is an event as the log holds it: it lacks every
// identity. [Submission] reads a submission, checks it, and refuses members that only
// the engine sets. [Decode] and [Scanner] read a record. [Event.Append] writes either
// in the one canonical form: equal events have equal bytes.
//
// Event types are facts in the past tense, listed in catalogue.go. Money is a whole
// number of [Fen], a date is a civil.Date, a month is a civil.Month. Intervals are
// half-open: the member until is the first day that no longer counts. No decision and
// no state depends on the CloudEvents attribute time, which is kept for people.
//
// Errors about an event are of type [Reasons]: a stable code, the path of the field
// and a sentence for each. Functions of this package are safe for concurrent use; an
// Event, a payload and a Scanner are not. GLOSSARY.md explains the terms.
package events

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// A Type is an event type: the name of what happened, such as hire.placed.
type Type string

// A Family is the group of event types that one service owns. The name of the family
// is the name of the service.
type Family string

// The families.
const (
	Post       Family = "post"
	Hire       Family = "hire"
	Exit       Family = "exit"
	Training   Family = "training"
	Attendance Family = "attendance"
	Payment    Family = "payment"
	Registry   Family = "registry"
	Review     Family = "review"
	Policy     Family = "policy"
	Gateway    Family = "gateway"
)

// Families lists all families in the order in which an empty deployment needs their
// events: first policy, then posts, then persons, then facts about them.
var Families = []Family{Policy, Post, Hire, Exit, Training, Attendance, Payment, Registry, Review, Gateway}

// Boundary returns the name of the consistency boundary to which the family's commits
// are appended. Post, hire and exit share one boundary: the rules that a person has
// one post and a seat one person can only be decided with the events of all three.
func (f Family) Boundary() string {
	switch f {
	case Post, Hire, Exit:
		return "placement"
	default: // the others need nothing here
	}
	return string(f)
}

// Boundaries lists the consistency boundaries of all families, each once, in the order
// of Families.
func Boundaries() (all []string) {
	for _, f := range Families {
		if b := f.Boundary(); !slices.Contains(all, b) {
			all = append(all, b)
		}
	}
	return all
}

// A Mode says how strictly a submission is decided.
type Mode string

// The modes. The empty Mode means ModeDecide.
const (
	ModeDecide Mode = "decide" // the programme's rules and the policy pack refuse events
	ModeRecord Mode = "record" // only malformed events and unknown references are refused
)

// An Event is one CloudEvent of contract v1.
type Event struct {
	ID       string        // chosen by the agency; unique within Source and family
	Source   string        // the system that submitted: /agency/<agency>, or a path below it
	Type     Type          // what happened
	Subject  string        // what the event is about; for people only
	Time     time.Time     // when the agency wrote the event; no decision depends on it
	Division division.Code // where it happened
	Submode  Mode          // decide or record
	Replaces string        // id of the earlier event that this one corrects; of the same type

	// ReplacesSource is the source of the event that this one replaces or withdraws, if
	// it is not the source of this event: an agency that oversees another corrects what
	// the other said.
	ReplacesSource string

	// The engine sets the following.

	AuthType      string // how the submitter was authenticated: token, nkey, user, nats (by a server elsewhere), loopback, import
	AuthID        string // the agency that was authenticated
	AuthDivision  string // prefix of the divisions that the agency answered for, without the zeros at its end, see [division.Everywhere]; "" in records of before 1.1, of an import, and of a deployment without an access file
	CorrelationID string // the request in which the event was submitted
	PolicyVersion string // the policy pack by which the event was decided
	Digest        string // keyed digest of the submission; equal submissions have equal digests

	// DecidedOn is the day of the decision: the civil date in Asia/Shanghai on which the
	// gateway took the submission, or that of the recorded time of an import. It goes with
	// an event to the service that decides it, which has no clock. No record holds it, so it
	// is 0 in an event that was read from the log.
	DecidedOn civil.Date

	Data Data
}

// Family returns the family that owns the event. The family of a withdrawal is the
// family of the event that it withdraws.
func (e *Event) Family() Family {
	if w, ok := e.Data.(*EventWithdrawn); ok {
		return w.Of.Family()
	}
	return e.Type.Family()
}

// Agency returns the agency that answers for the event: the agency that Source names.
// It is also the agency that was authenticated, unless an operator imported the event
// for the agency.
func (e *Event) Agency() string {
	if path, ok := strings.CutPrefix(e.Source, "/agency/"); ok {
		name, _, _ := strings.Cut(path, "/")
		return name
	}
	return e.AuthID
}

// Supersedes returns the key of the event that e replaces or withdraws. The result is
// false if e does neither. The superseded event has the family of e, and the source of e
// unless ReplacesSource names another.
// Supersedes is the only implementation of this rule: the services that decide, the
// timelines and the packed rows all call it.
func (e *Event) Supersedes() (Key, bool) {
	superseded := Key{e.Family(), cmp.Or(e.ReplacesSource, e.Source), e.Replaces}
	if w, ok := e.Data.(*EventWithdrawn); ok {
		superseded.ID = w.ID
	}
	return superseded, superseded.ID != ""
}

// A Key identifies a submission for ever: no two events of the log have the same Key.
type Key struct {
	Family Family
	Source string
	ID     string
}

// Key returns the idempotency key of the event.
func (e *Event) Key() Key { return Key{e.Family(), e.Source, e.ID} }

// Hash returns the first 128 bits of SHA-256 over the key, by which indexes find
// events. The length of each part precedes the part, so that different keys never
// give the same input.
func (k Key) Hash() [16]byte {
	b := make([]byte, 0, 128)
	for _, s := range [...]string{string(k.Family), k.Source, k.ID} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}

// Facts returns the number of person-facts that the event holds: the number of its
// lines, or 1 if its type has no lines.
func (e *Event) Facts() int {
	if lines := e.Data.PersonLines(); lines != nil {
		return lines.Len()
	}
	return 1
}

// A Person is the pseudonym of a person: a random UUID that the vault made.
type Person = uuid.UUID

// Fen is an amount of money: 1/100 yuan.
type Fen int64
