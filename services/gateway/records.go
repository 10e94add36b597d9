package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/pseudonym"
	"github.com/muster-works/muster/services/gateway/vault"
)

// ownEvent returns an event of the gateway's own family, written for a caller. Its
// digest is that of its id alone: whoever asks and for whatever reason, an event
// with this id is the same event.
func (g *Gateway) ownEvent(c admission.Caller, id string, d events.Data) *events.Event {
	return &events.Event{
		ID: id, Source: "/gateway", Type: d.Type(), Time: time.Now().UTC().Truncate(time.Millisecond),
		AuthType: c.AuthType, AuthID: c.Agency, AuthDivision: c.AuthDivision(), Digest: g.vault.Digest([]byte(id)), Data: d,
	}
}

// recordOwn has the service of the gateway's own family record an event. It fails
// with [events.Reasons] if the service refuses the event.
func (g *Gateway) recordOwn(ctx context.Context, e *events.Event) (events.Receipt, error) {
	receipts, err := g.services.Submit(ctx, events.Gateway, []*events.Event{e}, time.Time{})
	switch {
	case err != nil:
		return events.Receipt{}, err
	case len(receipts) != 1:
		return events.Receipt{}, fmt.Errorf("%w: %d receipts for one event", log.ErrUnavailable, len(receipts))
	case receipts[0].Status == events.Rejected:
		return events.Receipt{}, receipts[0].Reasons
	}
	return receipts[0], nil
}

// maxText bounds a text that an agency gives for the record, in bytes. The
// contract has the same bound for a name.
const maxText = 200

// checkText checks a text that is to stand in the log beside the pseudonym of a
// person. The text must say something, and must not say who the person is.
func (g *Gateway) checkText(ctx context.Context, p events.Person, field, text string) error {
	id, err := g.vault.Reveal(ctx, p)
	if errors.Is(err, vault.ErrUnknown) {
		return events.Refusal(pseudonym.UnknownPerson, "person", events.Say("is the pseudonym of nobody whom the vault knows", "该人员代号不属于任何已登记的人员"))
	}
	if err != nil {
		return vault.Unavailable(ctx, err)
	}
	switch {
	case strings.TrimSpace(text) == "":
		return events.Refusal(events.Missing, field, events.Say("is required: a sentence that says why", "为必填项：用一句话说明理由"))
	case len(text) > maxText || !utf8.ValidString(text) || strings.ContainsFunc(text, breaksLine):
		return events.Refusal(events.Invalid, field, events.Say("has at most 200 bytes of one line", "最多200字节，且须写在一行内"))
	case idnumber.In(text) || identifies(text, id):
		return events.Refusal(admission.IdentityInClear, field, events.Say(
			"says who the person is; it stays in the log for ever, so speak of the person without name and number",
			"透露了该人员的身份；此文字将永久保存在日志中，请不要写姓名和号码"))
	}
	return nil
}

// breaksLine reports whether a rune is a control character or a line separator.
func breaksLine(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' }

// identifies reports whether a text holds the number, name, phone or household of
// an identity. A value of one character is not looked for: it occurs in too many
// words.
func identifies(text string, id events.Identity) bool {
	bare := withoutGaps.Replace(text)
	for _, value := range []string{id.IDNumber, id.Name, id.Phone, id.Household} {
		value = withoutGaps.Replace(value)
		if utf8.RuneCountInString(value) > 1 && strings.Contains(bare, value) {
			return true
		}
	}
	return false
}

var withoutGaps = strings.NewReplacer(" ", "", "-", "")
