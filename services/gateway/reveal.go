package gateway

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/vault"
)

// A Revelation is what the vault holds of a person, as far as it was asked
// for, and where the log says that it was told.
type Revelation struct {
	Person   events.Person `json:"person"`
	Position log.Position  `json:"position"`
	Fields   []vault.Field `json:"fields"` // those asked for that the vault holds
}

// Reveal returns fields of the identity of a person. It takes the right to reveal;
// an agency of a division learns of people who are or were on its posts.
//
// The event person.revealed, with the caller, the fields and the purpose, is in the
// log before Reveal returns anything. A refusal is [events.Reasons]. Reveal also
// fails as Submit does; then the event may be in the log.
func (g *Gateway) Reveal(ctx context.Context, c admission.Caller, p events.Person, w Wish) (Revelation, error) {
	if !c.Reveal {
		return Revelation{}, events.Refusal(admission.NotEntitled, "", events.Say("this agency does not have the right to reveal", "本单位没有查看身份信息（reveal）的权限"))
	}
	if err := w.check(); err != nil {
		return Revelation{}, err
	}
	release, err := g.vault.LockShared(ctx) // nobody is revealed and erased at once
	if err != nil {
		return Revelation{}, vault.Unavailable(ctx, err)
	}
	defer release()
	if err := g.checkText(ctx, p, "purpose", w.Purpose); err != nil {
		return Revelation{}, err
	}
	e := g.ownEvent(c, uuid.NewString(), &events.PersonRevealed{Person: p, Fields: w.recorded(), Purpose: w.Purpose})
	e.Division = division.OfPrefix(c.Prefix)
	receipt, err := g.recordOwn(ctx, e)
	if err != nil {
		return Revelation{}, err
	}
	id, err := g.vault.Reveal(ctx, p)
	if err != nil {
		return Revelation{}, vault.Unavailable(ctx, err)
	}
	r := Revelation{Person: p, Position: receipt.Position}
	for _, f := range vault.Fields(id) {
		if slices.Contains(w.Fields, f.Name) {
			r.Fields = append(r.Fields, f)
		}
	}
	for _, sealed := range w.Texts {
		text, err := g.vault.OpenText(ctx, p, events.Sealed(sealed))
		if err != nil {
			return Revelation{}, events.Refusal(events.Invalid, "texts", events.Say(
				"holds a text that is not of an event about this person", "含有不属于该人员事件的文本"))
		}
		r.Fields = append(r.Fields, vault.Field{Name: textField, Text: text})
	}
	return r, nil
}

// A Wish is what somebody wants to know of a person, and why.
type Wish struct {
	Fields  []string // some of those that the vault keeps
	Texts   []string // sealed texts of events about the person
	Purpose string
}

// textField is the name of a text that was revealed, in the answer and in the record.
const textField = "text"

// recorded returns what the record says was revealed.
func (w Wish) recorded() []string {
	if len(w.Texts) == 0 {
		return w.Fields
	}
	return append(slices.Clone(w.Fields), textField)
}

// maxTexts is how many texts are revealed at once.
const maxTexts = 100

// check refuses names of fields that the vault does not keep, and no names.
func (w Wish) check() error {
	fields := w.Fields
	if len(w.Texts) > maxTexts || slices.ContainsFunc(w.Texts, func(s string) bool { return !events.IsSealed(s) }) {
		return events.Refusal(events.Invalid, "texts", events.Say(
			"want at most %d sealed texts, as the trail shows them", "须为履历中显示的加密文本，最多%d个", maxTexts))
	}
	if len(fields)+len(w.Texts) == 0 {
		return events.Refusal(events.Missing, "fields", events.Say(
			"is required: some of id_number, name, phone, household; or texts", "为必填项：id_number、name、phone、household中的若干项；或填texts"))
	}
	all := vault.Fields(events.Identity{IDNumber: "1", Name: "1", Phone: "1", Household: "1"})
	for i, f := range fields {
		if slices.Contains(fields[:i], f) || !slices.ContainsFunc(all, func(a vault.Field) bool { return a.Name == f }) {
			return events.Refusal(events.Invalid, "fields", events.Say(
				"want some of id_number, name, phone, household, each once", "须为id_number、name、phone、household中的若干项，每项一次"))
		}
	}
	return nil
}
