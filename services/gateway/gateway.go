// Package gateway is the door: it takes events from agencies, keeps identities
// out of the log, and hands what is left to the services that decide.
//
// # The life of a submission at the door
//
//  1. Who. The agency comes from the connection (token, NATS user, loopback),
//     never from the body: authtype and authid are what the door saw.
//  2. Contract. Each event is read and checked by [events.Submission]. One
//     that fails gets a rejected receipt and stands in nobody's way.
//  3. Rights. Division, source, family and submode must be the agency's:
//     not_entitled, unknown_division.
//  4. Digest. A keyed digest of the canonical form, identities and all, tells
//     an event sent again from another one under the same id.
//  5. Identities. A valid identity number in any field that is not meant for
//     one is refused: identity_in_clear. A hire makes the person known, in one
//     vault transaction a run, and so does a training before it (pre_service);
//     everything else must speak of people the vault knows: unknown_person. Numbers become pseudonyms, names and phones
//     sealed text and tokens, accounts tokens.
//  6. Runs. Consecutive events of one family go to their service in one call.
//     A run is sent when the receipts of the one before are in, so that the
//     events of a body are decided in order, each seeing those before it.
//     Runs are prepared while the one before is being decided.
//  7. Receipts, in the order of the events.
//
// # Nothing is lost
//
// A receipt that says accepted is given when the event is durable in the log.
// When a service does not answer, or is too busy, the submission fails as a
// whole with [log.ErrUnavailable] or [command.ErrBusy] (over HTTP 503 or 429 with
// Retry-After); some of its events may be in the log. The agency sends it
// again, unchanged: what is there is answered duplicate, the rest is decided.
//
// # Dry runs
//
// A submission with the header Muster-Dry-Run: true is answered with what
// would become of it now, and nothing is written: not to the log, not to the
// vault, not to the tally. Each event sees those before it, of whatever
// family: a post and its hire may stand in one body. What would be accepted
// has no position; a person whom the vault does not know has a pseudonym for
// the length of the request, and no receipt tells it. The answer carries the
// header too. Between a dry run and the real one others may submit, and then
// the answers may differ.
//
// # People's rights
//
// Whom the vault knows can be revealed ([Gateway.Reveal]) and erased
// ([Gateway.Erase]); both are on record before anything else happens, and
// neither is ever said in clear there.
//
// # Limits
//
// A body that is one event or a batch has at most 1 MiB and 1,000 events.
// NDJSON has no limit but that of a line, 1 MiB; it is read, decided and
// answered in groups, in memory that does not grow with it. An event must fit
// a commit of the log once its identities are replaced. A dry run has at most
// 10,000 events and 16 MiB, and some 1 MiB where the services run apart.
//
// No identity and no token appears in an error, a receipt or a log line; an
// id, source or field that holds an identity number is withheld.
package gateway

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/services/gateway/vault"
	"github.com/muster-works/muster/services/internal/access"
)

// A Submitter hands events to the service that owns their family.
type Submitter interface {
	// Submit hands over recordable events of one family and returns a receipt
	// each, in order. When it fails it may return the receipts of the first
	// events of the batch; what became of the others is unknown.
	Submit(ctx context.Context, f events.Family, batch []*events.Event, imported time.Time) ([]events.Receipt, error)
	// Try answers what Submit would, were the premises in the log already, and
	// writes nothing. What would be taken is accepted without a position.
	Try(ctx context.Context, f events.Family, premises, batch []*events.Event, imported time.Time) ([]events.Receipt, error)
}

// The codes of refusals at the door, beside those of the contract.
const (
	NotEntitled     events.Code = "not_entitled"      // division, source, family, record or import is not the agency's
	UnknownDivision events.Code = "unknown_division"  // the table has no such division
	UnknownPerson   events.Code = "unknown_person"    // no hire or training before it made the person known
	IdentityInClear events.Code = "identity_in_clear" // an identity number outside the fields meant for it
)

// A Caller is an agency as it was authenticated, with its rights.
type Caller struct {
	Agency   string
	Prefix   string                 // of the divisions it answers for; "" for all
	Families map[events.Family]bool // nil for all
	Record   bool                   // may submit with submode=record
	Import   bool                   // may bring recorded times along, and erase people: an operator's right
	Reveal   bool                   // may learn who people are
	AuthType string                 // token, nkey, user, nats or loopback
}

// Loopback is the AuthType of whoever is on the same machine.
const Loopback = "loopback"

// Local returns the caller of the same machine, with every right and no source
// of its own.
func Local() Caller {
	return Caller{Agency: access.Local, Record: true, Import: true, Reveal: true, AuthType: Loopback}
}

// An Item is one event of a submission, or why there is none.
type Item struct {
	// Event keeps the contract, as [events.Submission] checks it. Where Err is
	// set it is what could be understood, or nil.
	Event *events.Event
	// Err says why the event could not be read: [events.Reasons].
	Err error
}

// Options are what a gateway needs. Desk, Vault and Divisions are required.
type Options struct {
	Desk      Submitter
	Vault     *vault.Vault
	Divisions *division.Table
	// Auth lists the agencies. Without it everyone on a loopback address is
	// [Local], and everyone else is refused.
	Auth *Auth
	// History is the log, of which the gateway reads what it wrote itself.
	// Without it nobody can be erased.
	History History
	// Fresh, where it is set, brings the placements that the Scribe decides by
	// up to the log's head. An erasure cannot be taken back: unlike anything
	// else it is not accepted on stale knowledge either.
	Fresh func(context.Context) error
	// Slots bounds the requests under way; more are told to come back. The
	// default is 128.
	Slots int
	// Spool is a folder for receipts that a client does not read as fast as
	// they come. The default is that of the system.
	Spool string
	// Count, where it is set, is told of the receipts that an agency was given.
	Count func(agency string, receipts []events.Receipt)
	// Log gets a line for each request that failed on this side of the door.
	Log *slog.Logger
}

// A Gateway is the door. Its methods are safe for concurrent use.
type Gateway struct {
	desk      Submitter
	vault     *vault.Vault
	divisions *division.Table
	auth      *Auth
	slots     chan struct{}
	spool     string
	log       *slog.Logger
	tally     *Tally
	count     func(agency string, receipts []events.Receipt)
	history   History
	fresh     func(context.Context) error

	erased register
}

// New makes a gateway.
func New(o Options) (*Gateway, error) {
	if o.Desk == nil || o.Vault == nil || o.Divisions == nil {
		return nil, errors.New("gateway: desk, vault and divisions are required")
	}
	if o.Slots <= 0 {
		o.Slots = 128
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Count == nil {
		o.Count = func(string, []events.Receipt) {}
	}
	return &Gateway{
		desk: o.Desk, vault: o.Vault, divisions: o.Divisions, auth: o.Auth, spool: o.Spool, log: o.Log,
		slots: make(chan struct{}, o.Slots), tally: NewTally(), count: o.Count,
		history: o.History, fresh: o.Fresh,
		erased: register{certificates: map[events.Person]Certificate{}},
	}, nil
}

// enter takes a slot without waiting; leave gives it back.
func (g *Gateway) enter() bool {
	select {
	case g.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

func (g *Gateway) leave() { <-g.slots }
