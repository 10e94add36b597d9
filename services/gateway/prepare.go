package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/events/log"
)

// A preparation turns items into runs, and refuses what need not be asked
// about.
type preparation struct {
	g *Gateway
	submission
	imported time.Time
	receipts []events.Receipt
	raw      []byte // of the event at hand
}

// prepare sends the runs of a submission. It returns early when the context
// ends or the vault fails.
func (p *preparation) prepare(ctx context.Context, items []Item, runs chan<- *run) {
	var r *run
	send := func() bool {
		if r == nil {
			return true
		}
		ready := r
		r = nil
		if ready.err = p.resolve(ctx, ready); len(ready.events) == 0 {
			return true
		}
		select {
		case runs <- ready:
			return ready.err == nil
		case <-ctx.Done():
			return false
		}
	}
	for i, item := range items {
		e, reasons := p.examine(item)
		if reasons != nil {
			p.reject(i, item.Event, reasons)
			continue
		}
		f := e.Family()
		if r != nil && (r.family != f || len(r.events) == maxRun || r.bytes+len(p.raw) > maxRunBytes) && !send() {
			return
		}
		if r == nil {
			r = &run{family: f}
		}
		r.events, r.at, r.sizes = append(r.events, e), append(r.at, i), append(r.sizes, len(p.raw))
		r.bytes += len(p.raw)
	}
	send()
}

func (p *preparation) reject(i int, e *events.Event, reasons events.Reasons) {
	if e == nil {
		e = &events.Event{}
	}
	r := events.Reject(e, reasons)
	r.ID, r.Source = withhold(r.ID), withhold(r.Source)
	p.receipts[i] = r
}

// examine checks one item as far as that goes without the vault, and returns
// the gateway's own copy of its event, digest and all.
func (p *preparation) examine(item Item) (*events.Event, events.Reasons) {
	var reasons events.Reasons
	switch {
	case errors.As(item.Err, &reasons):
		return nil, reasons
	case item.Err != nil || item.Event == nil:
		return nil, events.Refuse(events.Malformed, "", "could not be read")
	case item.Event.Data == nil:
		return nil, events.Refuse(events.Missing, "data", "is required: a JSON object")
	case !p.imported.IsZero() && !p.Import:
		return nil, events.Refuse(NotEntitled, "recordedtime", "only an operator may bring recorded times along")
	}
	e := *item.Event
	e.AuthType, e.AuthID, e.CorrelationID, e.PolicyVersion, e.Digest = "", "", "", "", ""
	e.Data = e.Data.Clone()
	canonicalIDNumbers(e.Data)
	raw, err := e.Append(p.raw[:0])
	if err != nil {
		return nil, events.Refuse(events.Malformed, "", "cannot be written as JSON; it may hold text that is not UTF-8")
	}
	p.raw = raw
	if reasons := fits(len(raw)); reasons != nil {
		return nil, reasons
	}
	digest := p.g.vault.Digest(raw) // before the gateway adds anything
	if reasons := p.g.admit(p.Caller, &e); reasons != nil {
		return nil, reasons
	}
	if suspicious(raw) {
		field, found, err := inClear(&e)
		if found || err != nil {
			return nil, events.Refuse(IdentityInClear, field, "holds an identity number; numbers may stand only in identity and id_number, where they are sealed")
		}
	}
	e.Digest, e.CorrelationID, e.AuthType, e.AuthID = digest, p.correlation, p.AuthType, p.Agency
	if !p.imported.IsZero() {
		e.AuthType = "import"
	}
	return &e, nil
}

// headroom is for what a service adds to an event, such as the policy version
// and the seat. Where it adds more, it is the service that refuses.
const headroom = 1 << 10

func fits(n int) events.Reasons {
	if n <= log.MaxBytes-headroom {
		return nil
	}
	return events.Refuse(events.TooLarge, "", fmt.Sprintf("has %d bytes, at most %d are allowed; send it in parts", n, log.MaxBytes-headroom))
}

// canonicalIDNumbers brings the identity numbers of a payload into the one form
// that is compared.
func canonicalIDNumbers(d events.Data) {
	if w := d.About(); w != nil && w.Identity != nil {
		w.Identity.IDNumber = idnumber.Canonical(w.Identity.IDNumber)
	}
	lines := d.PersonLines()
	if lines == nil {
		return
	}
	for i := range lines.Len() {
		// Lines without a number may be shared with the caller: they are not written.
		if number := lines.IDNumber(i); number != nil && *number != "" {
			*number = idnumber.Canonical(*number)
		}
	}
}
