package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/vault"
)

// A Revelation is what the vault holds of a person, as far as it was asked
// for, and where the log says that it was told.
type Revelation struct {
	Person   events.Person `json:"person"`
	Position log.Position  `json:"position"`
	Fields   []vault.Field `json:"fields"` // those asked for that the vault holds
}

// Reveal tells who a person is. The event person.revealed, with the caller, the
// fields and the purpose, is in the log before anything is told. It takes the
// right to; an agency of a division learns of people who are or were on its
// posts. Refusals are [events.Reasons]; it also fails as Submit does.
func (g *Gateway) Reveal(ctx context.Context, c Caller, p events.Person, fields []string, purpose string) (Revelation, error) {
	if !c.Reveal {
		return Revelation{}, events.Refuse(NotEntitled, "", "this agency does not have the right to reveal")
	}
	if len(fields) == 0 {
		return Revelation{}, events.Refuse(events.Missing, "fields", "is required: some of id_number, name, phone, household")
	}
	all := vault.Fields(events.Identity{IDNumber: "1", Name: "1", Phone: "1", Household: "1"})
	for i, f := range fields {
		if slices.Contains(fields[:i], f) || !slices.ContainsFunc(all, func(a vault.Field) bool { return a.Name == f }) {
			return Revelation{}, events.Refuse(events.Invalid, "fields", "want some of id_number, name, phone, household, each once")
		}
	}
	leave, err := g.vault.Share(ctx) // so that nobody is revealed and erased at once
	if err != nil {
		return Revelation{}, vaultError(ctx, err)
	}
	defer leave()
	if err := g.mayTell(ctx, p, "purpose", purpose); err != nil {
		return Revelation{}, err
	}
	e := g.statement(c, uuid.NewString(), &events.PersonRevealed{Person: p, Fields: fields, Purpose: purpose})
	e.Division = wide(c.Prefix)
	e.Digest = g.vault.Digest([]byte(e.ID))
	receipt, err := g.note(ctx, e)
	if err != nil {
		return Revelation{}, err
	}
	id, err := g.vault.Reveal(ctx, p)
	if err != nil {
		return Revelation{}, vaultError(ctx, err)
	}
	r := Revelation{Person: p, Position: receipt.Position}
	for _, f := range vault.Fields(id) {
		if slices.Contains(fields, f.Name) {
			r.Fields = append(r.Fields, f)
		}
	}
	return r, nil
}

// statement is an event that the gateway writes for a caller.
func (g *Gateway) statement(c Caller, id string, d events.Data) *events.Event {
	return &events.Event{
		ID: id, Source: "/gateway", Type: d.Type(), Time: time.Now().UTC().Truncate(time.Millisecond),
		AuthType: c.AuthType, AuthID: c.Agency, Data: d,
	}
}

// note has the desk record one event of the gateway's own.
func (g *Gateway) note(ctx context.Context, e *events.Event) (events.Receipt, error) {
	receipts, err := g.desk.Submit(ctx, events.Gateway, []*events.Event{e}, time.Time{})
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

// mayTell checks a text about a person that is to stand in the log: it must say
// something, and must not say who the person is.
func (g *Gateway) mayTell(ctx context.Context, p events.Person, field, text string) error {
	id, err := g.vault.Reveal(ctx, p)
	if errors.Is(err, vault.ErrUnknown) {
		return events.Refuse(UnknownPerson, "person", "is the pseudonym of nobody whom the vault knows")
	}
	if err != nil {
		return vaultError(ctx, err)
	}
	const most = 200 // as the contract has it
	switch {
	case strings.TrimSpace(text) == "":
		return events.Refuse(events.Missing, field, "is required: a sentence that says why")
	case len(text) > most || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' }):
		return events.Refuse(events.Invalid, field, "has at most 200 bytes of one line")
	case idnumber.In(text) || says(text, id):
		return events.Refuse(IdentityInClear, field, "says who the person is; it stays in the log for ever, so speak of the person without name and number")
	}
	return nil
}

// says whether a text holds a name, phone or number of an identity. A name of
// one character stands in too many words.
func says(text string, id events.Identity) bool {
	bare := strings.NewReplacer(" ", "", "-", "").Replace(text)
	for _, s := range []string{id.IDNumber, id.Name, id.Phone, id.Household} {
		s = strings.NewReplacer(" ", "", "-", "").Replace(s)
		if utf8.RuneCountInString(s) > 1 && strings.Contains(bare, s) {
			return true
		}
	}
	return false
}
