// Package gateway takes events from agencies, keeps identities out of the log, and
// hands what is left to the services that decide.
//
// # The path of a submission
//
//	HTTP (http.go)      NATS (nats.go)
//	     │                   │
//	     └────────┬──────────┘
//	              ▼
//	1 who         admission     caller: agency, rights
//	2 contract    intake        body ─► items, each an event or its refusal
//	3 rights      admission     division, source, family, submode
//	4 digest      vault         tells an equal event from another one
//	5 clear text  admission     no identity number outside its fields
//	6 identities  pseudonym     vault: numbers ─► pseudonyms, names ─► tokens
//	7 run         submission    consecutive events of one family ─► service
//	              ▼
//	8 receipts    in the order of the events
//
// What each step does:
//
//  1. The agency comes from the connection: a token, a NATS user, or a loopback
//     address. It never comes from the body. The attributes authtype and authid of
//     an event say what the gateway saw.
//  2. Each event is read and checked by [events.Submission]. An event that fails
//     gets a rejected receipt and does not affect the others.
//  3. Division, source, family and submode must be the agency's: not_entitled,
//     unknown_division.
//  4. The digest is a keyed hash of the canonical form, identities included. It
//     tells an event that is sent again from another event under the same id.
//  5. A valid identity number in a field that is not meant for one is refused:
//     identity_in_clear.
//  6. A hire enters its person into the vault, in one transaction for a whole run, and
//     so does a training before the hire (pre_service). Who is new is pending, and
//     unknown to everybody else, until an event about the person is in the log; of
//     somebody whose events are refused nothing stays ([Gateway.TidyVault]). Every
//     other event must be about people whom the vault knows: unknown_person. Numbers
//     become pseudonyms, names and phones sealed text and tokens, accounts tokens.
//  7. A run goes to the service of its family in one call. It is sent when the
//     receipts of the run before are in, so that the events of a body are decided
//     in order. The next run is prepared meanwhile, unless somebody in the run before
//     is new.
//
// # Nothing is lost
//
// A receipt says accepted when the event is durable in the log. If a service does
// not answer, or is too busy, the submission fails as a whole with
// [log.ErrUnavailable] or [command.ErrBusy] (over HTTP: 503 or 429 with Retry-After);
// some of its events may be in the log then. The agency sends the submission again,
// unchanged: what is in the log is answered duplicate, the rest is decided.
//
// # Dry runs
//
// A submission with the header Muster-Dry-Run: true is answered with what would
// become of it now, and nothing is written: not to the log, not to the vault, not to
// the tally. Each event sees those before it, of whatever family, so that a post and
// its hire may stand in one body. A receipt of an event that would be accepted has no
// position. A person whom the vault does not know has a pseudonym for the length of
// the request, and no receipt shows it. The answer carries the header too. Others may
// submit between a dry run and the real one, and then the answers may differ.
//
// # People's rights
//
// A person whom the vault knows can be revealed ([Gateway.Reveal]) and erased
// ([Gateway.Erase]). Either is on record in the log before it happens, and the
// record never says who the person is.
//
// # Language
//
// Refusals and problems are said in Chinese or in English, as the request asks with
// Accept-Language ([events.AcceptLanguage]). Between the parts of a deployment a reason
// has both sentences.
//
// # Limits
//
// A body that is one event or a batch has at most 1 MiB and 1,000 events. NDJSON is
// limited by the line, 1 MiB; it is read, decided and answered in groups, in memory
// that does not grow with the body. An event must fit a commit of the log once its
// identities are replaced. A dry run has at most 10,000 events and 16 MiB, and some
// 1 MiB where the services run apart.
//
// No error, receipt or log line holds an identity or a token. An id, source or field
// that holds an identity number is withheld.
package gateway

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division/editions"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/erasures"
	"github.com/muster-works/muster/services/gateway/identities"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/muster-works/muster/services/gateway/submission"
	"github.com/muster-works/muster/services/gateway/tally"
	"github.com/muster-works/muster/services/gateway/vault"
)

// A Submitter hands events to the service that owns their family.
type Submitter = submission.Submitter

// Options are what a gateway is made of. Services, Vault and Divisions are
// required.
type Options struct {
	Services  Submitter
	Vault     *vault.Vault
	Divisions *editions.Register
	// Auth recognises the agencies. If it is nil, everybody on a loopback address
	// is [admission.Local] and everybody else is refused.
	Auth *admission.Auth
	// History is the log, of which the gateway reads its own events back. If it is
	// nil, nobody can be erased.
	History erasures.History
	// CatchUp, if it is set, brings the placements that the [Decider] uses up to the
	// log's head. Erase calls it first: an erasure cannot be taken back, so unlike
	// everything else it must not be accepted on stale knowledge.
	CatchUp func(context.Context) error
	// Now is the clock by which a submission gets the day on which it is decided. The
	// default is that of the system.
	Now func() time.Time
	// Zone is that of business dates. The default is the time of China, UTC+8.
	Zone *time.Location
	// Slots bounds the requests that are being decided. Further ones are refused and told
	// to come back. The default is 128. [admission.Door] says how agencies share them.
	Slots int
	// BodyIdle is how long the gateway waits for the next bytes of a body. The default is
	// 30 seconds.
	BodyIdle time.Duration
	// SharedNATS says that users of agencies may be in the account of the gateway's NATS
	// connection. Requests with the reply subject of an inbox are then not answered. They
	// are answered only if it is false and Auth is nil.
	SharedNATS bool
	// CountReply, if it is set, is called for each request over NATS that is not answered
	// because of its reply subject.
	CountReply func()
	// SpoolDir is a folder for receipts that a client does not read as fast as they
	// come. The default is that of the system.
	SpoolDir string
	// Count, if it is set, is told of the receipts that an agency was given.
	Count func(agency string, receipts []events.Receipt)
	// Log gets a line for each request that failed through no fault of the agency.
	// The default discards it.
	Log *slog.Logger
}

// A Gateway answers requests of agencies. Its methods are safe for concurrent use.
type Gateway struct {
	services Submitter
	vault    *vault.Vault
	auth     *admission.Auth
	history  erasures.History
	erasures *erasures.Register
	people   *identities.Reader
	catchUp  func(context.Context) error
	pipeline *submission.Pipeline
	tally    *tally.Tally
	door     *admission.Door
	bodyIdle time.Duration
	spoolDir string
	log      *slog.Logger
	now      func() time.Time

	inboxes     bool // requests that name an inbox for the answer are answered
	countReply  func()
	warnedReply atomic.Int64 // Unix time of the last warning of refuseReply
}

const (
	defaultSlots    = 128
	defaultBodyIdle = 30 * time.Second
)

// New returns a gateway.
func New(o Options) (*Gateway, error) {
	if o.Services == nil || o.Vault == nil || o.Divisions == nil {
		return nil, errors.New("gateway: services, vault and divisions are required")
	}
	if o.Slots <= 0 {
		o.Slots = defaultSlots
	}
	if o.BodyIdle <= 0 {
		o.BodyIdle = defaultBodyIdle
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.FixedZone("Asia/Shanghai", 8*60*60)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	g := &Gateway{
		services: o.Services, vault: o.Vault, auth: o.Auth,
		history: o.History, erasures: erasures.NewRegister(o.History, o.Vault), catchUp: o.CatchUp,
		tally: tally.New(), door: admission.NewDoor(o.Slots, time.Now), bodyIdle: o.BodyIdle, spoolDir: o.SpoolDir, log: o.Log, now: time.Now,
		inboxes: o.Auth == nil && !o.SharedNATS, countReply: o.CountReply,
	}
	g.people = identities.NewReader(o.History, o.Vault, func() time.Time { return g.now() })
	g.pipeline = &submission.Pipeline{
		Services: o.Services, Vault: o.Vault, Divisions: o.Divisions, Erasures: g.erasures, Identities: g.people, Now: o.Now, Zone: o.Zone, Head: g.head,
		Unsettled: func(err error) { g.log.Warn("the vault was not told what became of events", "error", err) },
		Count: func(agency string, receipts []events.Receipt) {
			g.tally.Count(agency, receipts)
			if o.Count != nil {
				o.Count(agency, receipts)
			}
		},
	}
	return g, nil
}

// head returns the end of the log, and the beginning if the gateway cannot read the log: then
// people who are pending are looked for from there on.
func (g *Gateway) head(ctx context.Context) (log.Position, error) {
	if g.history == nil {
		return log.Position{}, nil
	}
	head, _, err := g.history.Head(ctx, log.Filter{})
	return head, err
}

// Submit submits the events of a caller and returns a receipt each, in order. It
// waits for a busy service, and otherwise is [submission.Pipeline.Submit].
func (g *Gateway) Submit(ctx context.Context, c admission.Caller, items []intake.Item, imported time.Time) ([]events.Receipt, error) {
	return g.pipeline.Submit(ctx, submission.New(c, submission.Patience), items, imported)
}

// RecordTallies records what became of each agency's submissions in the log, at the
// end of each interval, until the context ends. See [tally.Recorder].
func (g *Gateway) RecordTallies(ctx context.Context, interval time.Duration) {
	tally.NewRecorder(g.tally, g.services, g.vault.Digest, g.log).Run(ctx, interval)
}
