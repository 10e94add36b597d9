package pseudonym

import (
	"context"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/gateway/vault"
)

// sealTexts seals the free texts of the events that are not refused.
func (r *Resolver) sealTexts(ctx context.Context, list []*events.Event, refused []events.Reasons) error {
	var free []events.FreeText
	var texts []vault.Text
	for i, e := range list {
		if refused[i] != nil {
			continue
		}
		for _, t := range events.FreeTexts(e.Data) {
			if t.IsOpen() {
				free, texts = append(free, t), append(texts, vault.Text{Person: t.Person, Plain: *t.Text})
			}
		}
	}
	if len(texts) == 0 {
		return nil
	}
	sealed, err := r.vault.SealTexts(ctx, texts)
	if err != nil {
		return err
	}
	for i, t := range free {
		t.Seal(sealed[i])
	}
	return nil
}
