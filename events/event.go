// Package events is the contract, version 1: what agencies submit, what stands
// in the log, and how both are read, checked and written.
//
// An event is a CloudEvent 1.0 in JSON. The same [Event] is the submission and
// the record: a submission leaves out what the engine sets (authtype, authid,
// correlationid, policyversion, digest, the seat it assigns, pseudonyms), and
// a record leaves out every identity. [Submission] reads the first and refuses
// what only the engine may set; [Decode] reads the second; [Event.Append]
// writes either in the one canonical form.
//
// Names are past-tense facts. Money is integer [Fen], months are civil.Month,
// dates are civil.Date, and intervals are half-open: until is the first day
// that no longer counts. Nothing in a decision or a fold depends on time, the
// CloudEvents attribute; it is kept for people.
package events

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events/division"
)

// A Type names what happened.
type Type string

// A Family is the group of types that one service owns; it bears the name of
// that service.
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

// Families lists all families in the order in which a deployment that starts
// from nothing needs them: rules, posts, people, then what is said of them.
var Families = []Family{Policy, Post, Hire, Exit, Training, Attendance, Payment, Registry, Review, Gateway}

// Boundary returns the boundary of the log that the family's commits are
// guarded by. Post, hire and exit share one: one person one post, one seat one
// person can only be decided with all three in sight.
func (f Family) Boundary() string {
	switch f {
	case Post, Hire, Exit:
		return "placement"
	}
	return string(f)
}

// A Mode says how strictly a submission is decided.
type Mode string

// The modes. The empty Mode is Decide.
const (
	Decide Mode = "decide" // hard rules and policy refuse
	Record Mode = "record" // only the malformed and the unknown are refused
)

// An Event is one CloudEvent of contract v1.
type Event struct {
	ID       string        // unique under Source and family, chosen by the agency
	Source   string        // the agency's system: /agency/<agency> and what lies under it
	Type     Type          // what happened
	Subject  string        // what it happened to, for people
	Time     time.Time     // when the agency wrote it down; decides nothing
	Division division.Code // where it happened
	Submode  Mode          // decide or record
	Replaces string        // id of the own, earlier event of this type that this one corrects

	// Set by the engine.

	AuthType      string // how the agency was authenticated: token, nkey, user, nats (by a server elsewhere), loopback, import
	AuthID        string // the agency as it was authenticated
	CorrelationID string // the submission (request) that the event came in
	PolicyVersion string // the pack that it was decided by
	Digest        string // keyed digest of what was submitted; equal submissions have equal ones

	Data Data
}

// Family returns the family that owns the event: for a withdrawal, that of the
// event withdrawn.
func (e *Event) Family() Family {
	if w, ok := e.Data.(*EventWithdrawn); ok {
		return w.Of.Family()
	}
	return e.Type.Family()
}

// Agency returns the agency that answers for the event: the one that its source
// names, which is the one that was authenticated, unless an operator brought the
// event in for it.
func (e *Event) Agency() string {
	if path, ok := strings.CutPrefix(e.Source, "/agency/"); ok {
		name, _, _ := strings.Cut(path, "/")
		return name
	}
	return e.AuthID
}

// Supersedes returns the key of the event that e replaces or withdraws, and false
// when e does neither. The event superseded has the family and the source of e. This
// is the only place that says so: decisions, timelines and packs all ask here.
func (e *Event) Supersedes() (Key, bool) {
	superseded := Key{e.Family(), e.Source, e.Replaces}
	if w, ok := e.Data.(*EventWithdrawn); ok {
		superseded.ID = w.ID
	}
	return superseded, superseded.ID != ""
}

// Key identifies a submission for ever.
type Key struct {
	Family Family
	Source string
	ID     string
}

// Key returns the idempotency key of the event.
func (e *Event) Key() Key { return Key{e.Family(), e.Source, e.ID} }

// Hash returns 128 bits of a SHA-256 over the key: what indexes of events are
// keyed by. Every part is preceded by its length, so that no two keys run
// together.
func (k Key) Hash() [16]byte {
	b := make([]byte, 0, 128)
	for _, s := range [...]string{string(k.Family), k.Source, k.ID} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}

// Facts returns how many person-facts the event holds: as many as it has lines, and
// one when its type has no lines.
func (e *Event) Facts() int {
	if lines := e.Data.PersonLines(); lines != nil {
		return lines.Len()
	}
	return 1
}

// A Person is the pseudonym of a human: a random UUID, made by the vault.
type Person = uuid.UUID

// Fen is an amount of money: 1/100 yuan.
type Fen int64
