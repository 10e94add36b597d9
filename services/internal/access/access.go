// Package access says who is let in: the agencies that may submit events, and
// the readers that may ask questions. Both stand in one file, the access file,
// which the flag --auth names. FORMAT.md describes the file member by member.
//
// A [File] is what the file says. [Read] decodes it and [File.Check] holds it
// to its rules; both name the entry and the field that is wrong, and say what
// would mend it. Nothing in the file is ignored: a member that this version
// does not know is an error, and so is null.
//
// A [List] is a checked file, ready to look up. It never changes, so that any
// number of goroutines may use it. A [Live] holds the list that is in force,
// and reads the file again when it changes.
//
// [Edit] changes the file. It holds a lock, so that two changes at a time do
// not lose one; it replaces the file as a whole, so that a reader never sees
// half of it; and it keeps the owner and the mode of the file, so that the
// deployment can still read it when an operator of another user edits it.
//
// The file holds no secret. A token is 32 random bytes, of which the file
// holds the SHA-256 hash; a NATS key is there as its public half, a NATS
// password as its bcrypt hash.
package access

import (
	"slices"
	"time"

	"github.com/muster-works/muster/events"
)

// Version is the version of the format that this package writes. It reads the
// format before, which has no member version, too.
const Version = 2

// A File is the access file.
type File struct {
	Version  int      `json:"version"`
	Agencies []Agency `json:"agencies"`
	Readers  []Reader `json:"readers,omitempty"`
}

// An Account is what agencies and readers have in common.
type Account struct {
	Name     string `json:"name"`           // lower-case letters, digits, - and _; unique in the file
	Label    Label  `json:"label,omitzero"` // the name that people read
	Division string `json:"division"`       // prefix of the divisions it answers for; "" is everywhere
	Tokens   Tokens `json:"tokens,omitempty"`
	Disabled bool   `json:"disabled,omitzero"` // is let in no more, and keeps its entry
}

// A Label is a name in Chinese and in English. Either may be empty.
type Label struct {
	Chinese string `json:"zh,omitzero"`
	English string `json:"en,omitzero"`
}

// An Agency may submit events.
type Agency struct {
	Account
	Services []events.Family `json:"services,omitempty"` // services it may submit to; nil is all
	Rights   []Right         `json:"rights,omitempty"`
	NKeys    []string        `json:"nkeys,omitempty"` // public keys of its NATS user; two while it changes keys
	User     string          `json:"nats_user,omitzero"`
	Password string          `json:"nats_password_bcrypt,omitzero"` // the bcrypt hash of it
	Quota    Quota           `json:"quota,omitzero"`
}

// Has says whether an agency has a right.
func (a *Agency) Has(r Right) bool { return slices.Contains(a.Rights, r) }

// A Right is what an agency may do beside submitting events to be decided.
type Right string

// The rights of agencies.
const (
	Record  Right = "record"  // may submit with submode=record: history as it was
	Import  Right = "import"  // an operator: may bring recorded times along, erase people and rebuild views
	Reveal  Right = "reveal"  // may learn who people are; each time is on record
	Oversee Right = "oversee" // may correct events of agencies under its division
	Inspect Right = "inspect" // may report attendance as an inspector
)

// Rights lists all rights, in the order in which files and commands name them.
var Rights = []Right{Record, Import, Reveal, Oversee, Inspect}

// A Reader may ask questions and submits nothing.
type Reader struct {
	Account
	Role    Role      `json:"role"`
	Expires time.Time `json:"expires,omitzero"` // is let in no more from then on; zero is never
}

// A Role is what a reader may do.
type Role string

// The roles of readers.
const (
	Viewer   Role = "viewer"   // looks at figures
	Analyst  Role = "analyst"  // looks at figures, and takes tables away
	Auditor  Role = "auditor"  // may ask for sealed fields, with a purpose, on record
	Operator Role = "operator" // looks after the deployment: metrics, services, rebuilds
)

// Roles lists all roles, in the order in which files and commands name them.
var Roles = []Role{Viewer, Analyst, Auditor, Operator}

// A Quota bounds what an agency may send. A limit that is left out is none.
type Quota struct {
	EventsPerMinute Limit `json:"events_per_minute,omitzero"`
	BytesPerMinute  Limit `json:"bytes_per_minute,omitzero"`
	Bodies          Limit `json:"bodies,omitzero"` // requests under way at a time
}

// A Limit is a number from 1; 0 stands for a limit that was left out.
type Limit int64

// A Token lets in whoever presents the text with this hash.
type Token struct {
	SHA256  string    `json:"sha256"`           // of the token, 64 hexadecimal digits
	Added   time.Time `json:"added,omitzero"`   // zero where it came from the format before
	Expires time.Time `json:"expires,omitzero"` // counts no more from then on; zero is never
}

// Tokens are those of one account: none, one, or two while it changes from the
// first to the second.
type Tokens []Token

// maxTokens is how many tokens an account may have: one, and the next one.
const maxTokens = 2

// Rotate returns the tokens with next added. The newest token of before counts
// until the moment given, or until its own end if that is earlier; any other is
// dropped, and so is one that would have ended when next begins.
func (t Tokens) Rotate(next Token, until time.Time) Tokens {
	if len(t) == 0 {
		return Tokens{next}
	}
	last := t[len(t)-1]
	if last.Expires.IsZero() || last.Expires.After(until) {
		last.Expires = until
	}
	if !last.Expires.After(next.Added) {
		return Tokens{next}
	}
	return Tokens{last, next}
}
