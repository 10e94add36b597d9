package submission

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/muster-works/muster/services/gateway/pseudonym"
	"github.com/muster-works/muster/services/gateway/vault"
)

// A preparation turns items into runs. It writes the receipts of the items that
// no service needs to be asked about.
type preparation struct {
	*Pipeline
	Submission
	imported time.Time
	decided  civil.Date // the day of the decision of all events
	receipts []events.Receipt
	resolver resolver
	buffer   []byte // holds the canonical form of one event at a time
	before   *run   // the run that was sent last
}

func (p *Pipeline) newPreparation(s Submission, imported time.Time, receipts []events.Receipt) *preparation {
	prep := &preparation{Pipeline: p, Submission: s, imported: imported, receipts: receipts, decided: civil.DateIn(p.Now(), p.Zone)}
	if !imported.IsZero() {
		prep.decided = civil.DateIn(imported, p.Zone)
	}
	if s.dryRun != nil {
		prep.resolver = s.dryRun.people
	} else {
		prep.resolver = pseudonym.NewResolver(p.Vault, p.Head, time.Now)
	}
	return prep
}

// prepareRuns sends the runs of a submission. It returns early when the context ends
// or the vault fails; in the second case the last run has the error.
func (p *preparation) prepareRuns(ctx context.Context, items []intake.Item, runs chan<- *run) {
	var current *run
	send := func() bool {
		if current == nil {
			return true
		}
		ready := current
		current = nil
		if !p.awaitDecision(ctx) {
			return false
		}
		if ready.err = p.resolveRun(ctx, ready); len(ready.events) == 0 {
			p.settle(ctx, ready, 0, nil)
			return true
		}
		select {
		case runs <- ready:
			p.before = ready
			return ready.err == nil
		case <-ctx.Done():
			return false
		}
	}
	for i, item := range items {
		e, refused := p.examineItem(item)
		if refused != nil {
			p.rejectItem(i, item.Event, refused)
			continue
		}
		size, f := len(p.buffer), e.Family()
		alone := events.Identifies(e)
		if current != nil && (alone || current.alone || current.family != f || len(current.events) == intake.GroupEvents || current.bytes+size > intake.GroupBytes) && !send() {
			return
		}
		if current == nil {
			current = &run{family: f, alone: alone, done: make(chan struct{})}
		}
		current.addEvent(e, i, size)
	}
	send()
}

// awaitDecision waits until the run before is decided, if somebody in it is new, or is somebody else
// by now. It returns false if the context ends.
func (p *preparation) awaitDecision(ctx context.Context) bool {
	if p.before == nil || !p.before.alone && !slices.ContainsFunc(p.before.awaits, func(a pseudonym.Await) bool { return a.Pending }) {
		return true
	}
	select {
	case <-p.before.done:
		return true
	case <-ctx.Done():
		return false
	}
}

// rejectItem writes the receipt of a refused item.
func (p *preparation) rejectItem(i int, e *events.Event, refused events.Reasons) {
	if e == nil {
		e = &events.Event{}
	}
	r := events.Reject(e, refused)
	r.ID, r.Source = admission.Withhold(r.ID), admission.Withhold(r.Source)
	p.receipts[i] = r
}

// examineItem does all checks that need no vault. It returns a copy of the event that
// belongs to the gateway, with the digest and what else the engine sets. The
// canonical form of the event is left in the buffer.
func (p *preparation) examineItem(item intake.Item) (*events.Event, events.Reasons) {
	if refused := p.checkItem(item); refused != nil {
		return nil, refused
	}
	e := *item.Event
	e.AuthType, e.AuthID, e.AuthDivision, e.CorrelationID, e.PolicyVersion, e.Digest = "", "", "", "", "", ""
	e.Data = e.Data.Clone()
	pseudonym.CanonicalNumbers(e.Data)
	if refused := p.encodeEvent(&e, events.Say("cannot be written as JSON; it may hold text that is not UTF-8", "无法写成JSON，可能含有不是UTF-8的文本")); refused != nil {
		return nil, refused
	}
	// The digest is that of what the agency sent, before anything is added.
	digest := p.Vault.Digest(p.buffer)
	e.DecidedOn = p.decided
	table := p.Divisions.Table()
	caller := p.Caller.AnsweringFor(table, &e)
	if refused := caller.Admit(table, &e); refused != nil {
		return nil, refused
	}
	if field, found, err := admission.FindInClear(p.buffer, &e); found || err != nil {
		return nil, events.Refusal(admission.IdentityInClear, field, events.Say(
			"holds an identity number; numbers may stand only in identity and id_number, where they are sealed",
			"含有公民身份号码；身份号码只能填在identity和id_number中，由系统加密保存"))
	}
	e.Digest, e.CorrelationID, e.AuthType, e.AuthID = digest, p.Correlation, p.AuthType, p.Agency
	e.AuthDivision = caller.AuthDivision()
	if !p.imported.IsZero() {
		// History was said by the agency that the source names, not by the operator who
		// brings it in.
		e.AuthType, e.AuthDivision = "import", ""
	}
	return &e, nil
}

// checkItem refuses an item that is not an event, and an import from a caller who
// may not import.
func (p *preparation) checkItem(item intake.Item) events.Reasons {
	var refused events.Reasons
	switch {
	case errors.As(item.Err, &refused):
		return refused
	case item.Err != nil || item.Event == nil:
		return events.Refusal(events.Malformed, "", events.Say("could not be read", "无法读取"))
	case item.Event.Data == nil:
		return events.Refusal(events.Missing, "data", events.Say("is required: a JSON object", "为必填项：JSON对象"))
	case !p.imported.IsZero() && !p.Import:
		return events.Refusal(admission.NotEntitled, "recordedtime", events.Say(
			"only an operator may bring recorded times along", "只有系统管理员可以带入登记时间"))
	}
	return nil
}

// serviceBytes is kept free in each event for what its service adds, such as the
// policy version and the seat. If a service adds more, it refuses the event itself.
const serviceBytes = 1 << 10

// encodeEvent leaves the canonical form of an event in the buffer. It refuses an event
// that has no such form, or would not fit a commit of the log.
func (p *preparation) encodeEvent(e *events.Event, malformed events.Sentence) events.Reasons {
	raw, err := e.Append(p.buffer[:0])
	if err != nil {
		return events.Refusal(events.Malformed, "", malformed)
	}
	p.buffer = raw
	if len(raw) <= log.MaxBytes-serviceBytes {
		return nil
	}
	return events.Refusal(events.TooLarge, "", events.Say(
		"has %d bytes, at most %d are allowed; send it in parts", "有%d字节，最多允许%d字节；请分几次报送", len(raw), log.MaxBytes-serviceBytes))
}

// resolveRun replaces the identities of a run. Events that speak of unknown people
// get a receipt and leave the run. When the vault fails the run is left whole.
func (p *preparation) resolveRun(ctx context.Context, r *run) error {
	if p.dryRun == nil {
		if err := p.answerResubmitted(ctx, r); err != nil {
			return err
		}
	}
	refused, err := p.resolver.Resolve(ctx, r.events)
	if err != nil {
		return vault.Unavailable(ctx, err)
	}
	if people, ok := p.resolver.(*pseudonym.Resolver); ok {
		r.awaits = people.Awaits()
	}
	if err := p.answerKnown(ctx, r, refused); err != nil {
		return err
	}
	r.keepEvents(func(i int) bool {
		// A pseudonym is longer than an identity number, so that a large event may
		// have grown over the limit.
		if refused[i] == nil && r.sizes[i] > log.MaxBytes/2 {
			refused[i] = p.encodeEvent(r.events[i], events.Say("cannot be written as JSON", "无法写成JSON"))
		}
		if len(refused[i]) > 0 {
			p.rejectItem(r.at[i], r.events[i], refused[i])
		}
		return refused[i] == nil
	})
	return nil
}
