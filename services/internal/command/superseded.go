package command

import (
	"context"
	"fmt"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
)

// answerKnownKey answers an event whose key is in the index. It returns the receipt,
// and the number of the event in the index if the receipt says duplicate. An event that
// was replaced or withdrawn since is refused: duplicate means that an event stands in the
// log.
func (h *Handler) answerKnownKey(ctx context.Context, e *events.Event, known IndexedEvent) (events.Receipt, uint32, error) {
	if !h.own.base.sameContent(known.Number, e) {
		return events.Reject(e, events.Refusal(IDReused, "id", events.Say(
			"was used for an event with other content; give this one an id of its own, or correct the first with replaces",
			"该编号已用于内容不同的事件；请另编一个编号，或用replaces更正原事件"))), 0, nil
	}
	if known.Superseded {
		by, err := h.describe(ctx, known.By)
		return events.Reject(e, events.Refusal(AlreadySuperseded, "id", events.Say(
			"was taken before and no longer stands: it was %s; send what is to stand under a new id",
			"该事件以前已收下，但已不再有效：%s；如要重新生效，请用新的编号报送", by))), 0, err
	}
	duplicate := receipt(e)
	duplicate.Status, duplicate.Seat = events.Duplicate, 0
	return duplicate, known.Number, nil
}

// NoLongerStands reports whether a receipt refuses an event that is in the log and was
// replaced or withdrawn since. A client that sends a body again, because it had no answer,
// may meet that for an event that the same body corrects.
func NoLongerStands(r events.Receipt) bool {
	return len(r.Reasons) == 1 && r.Reasons[0].Code == AlreadySuperseded && r.Reasons[0].Field == "id"
}

// checkSuperseded refuses e if it replaces or withdraws an event that is not in the
// log, has another type, was superseded before, or is of another source that the agency
// does not oversee. In record mode e may come before the event of its own source that it
// supersedes.
func (h *Handler) checkSuperseded(ctx context.Context, e *events.Event) (events.Reasons, error) {
	k, ok := e.Supersedes()
	if !ok {
		return nil, nil
	}
	field, t := "replaces", e.Type
	if w, ok := e.Data.(*events.EventWithdrawn); ok {
		field, t = "data.id", w.Of
	}
	entry, known := h.own.base.Find(k)
	switch {
	case k == e.Key():
		return events.Refusal(events.Invalid, field, events.Say("names the event itself", "指的是本事件自身")), nil
	case !known && k.Source != e.Source:
		return events.Refusal(UnknownReplaced, field, events.Say(
			"names no event of that source and family in the log; what another source said is corrected once it is there, also in record mode",
			"账上没有该来源报送的此编号的同类事件；更正其他来源的内容须在其入账之后，照实登记时也是如此")), nil
	case !known && h.own.base.SupersededEarly(k):
		return h.alreadySuperseded(ctx, field, h.own.base.early[k.Hash()])
	case !known && e.Submode == events.ModeRecord:
		return nil, nil
	case !known:
		return events.Refusal(UnknownReplaced, field, events.Say(
			"names no event of this source and family in the log", "账上没有该来源报送的此编号的同类事件")), nil
	case entry.Type != t:
		return events.Refusal(UnknownReplaced, field, events.Say(
			"names an event of type %s, not %s", "所指事件的类型是%s，不是%s", entry.Type, t)), nil
	}
	if k.Source != e.Source {
		if refused, err := h.checkOversight(ctx, e, entry.Number); refused != nil || err != nil {
			return refused, err
		}
	}
	if entry.Superseded {
		return h.alreadySuperseded(ctx, field, entry.By)
	}
	return nil, nil
}

// alreadySuperseded refuses the replacement or withdrawal of an event that the event with
// number by superseded before.
func (h *Handler) alreadySuperseded(ctx context.Context, field string, by uint32) (events.Reasons, error) {
	said, err := h.describe(ctx, by)
	return events.Refusal(AlreadySuperseded, field, events.Say(
		"names an event that no longer stands: it was %s; name the latest event of the matter",
		"所指事件已不再有效：%s；请指明该事项最新的事件", said)), err
}

// describe says of an event that something was replaced or withdrawn by it, and when: by
// the event with number n of the index.
func (h *Handler) describe(ctx context.Context, n uint32) (events.Sentence, error) {
	e, recorded, err := h.own.event(ctx, n)
	if err != nil {
		return events.Sentence{}, err
	}
	when := events.Say("just now", "刚才")
	if !recorded.IsZero() {
		at := recorded.In(shanghai).Format("2006-01-02 15:04:05")
		when = events.Say("on "+at, "于"+at)
	}
	switch {
	case e.Type == events.EventWithdrawnType:
		return events.Say("withdrawn by event %[1]s of %[2]s %[3]s", "已%[3]s被%[2]s的事件%[1]s撤销", e.ID, e.Source, when), nil
	default:
		return events.Say("replaced by event %[1]s of %[2]s %[3]s", "已%[3]s被%[2]s的事件%[1]s替换", e.ID, e.Source, when), nil
	}
}

// shanghai is the time zone of the programme, in which refusals name recorded times.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// event returns the event with number n of the index, and when the log recorded it. The
// time is zero if the event is not in the log yet. event fails with the errors of
// [log.Log.Read], and with [log.ErrForeign] if the log holds another commit there. The
// caller holds the lock of the fold.
func (f *Fold) event(ctx context.Context, n uint32) (*events.Event, time.Time, error) {
	at, before := f.base.positions.find(n)
	if at.IsZero() {
		return f.base.unlogged[n-f.base.positions.end()], time.Time{}, nil
	}
	if f.fetched.Position != at.Commit() {
		if err := f.fetch(ctx, at.Commit(), before); err != nil {
			return nil, time.Time{}, err
		}
	}
	e, err := events.Decode(f.fetched.Events[at.Index()])
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("event at %s: %w: %w", at, log.ErrCorrupt, err)
	}
	return e, f.fetched.Recorded, nil
}

// fetch reads the commit at a position again. before is the position of the commit of the
// boundary before it.
func (f *Fold) fetch(ctx context.Context, at, before log.Position) error {
	for c, err := range f.log.Read(ctx, before, log.Filter{Boundary: f.boundary}) {
		switch {
		case err != nil:
			return fmt.Errorf("read the commit at %s again: %w", at, err)
		case c.Position != at:
			return fmt.Errorf("%w: a commit at %s, where %s was folded", log.ErrForeign, c.Position, at)
		}
		f.fetched = c
		return nil
	}
	return fmt.Errorf("%w: nothing at %s", log.ErrForeign, at)
}
