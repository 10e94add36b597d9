package folding

import (
	"context"
	"fmt"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// retract retracts the event with a key, which the event by replaces or withdraws. When
// the event has not come, the retraction waits for it. The first retraction of an event
// holds.
func (f *Fold) retract(ctx context.Context, key [16]byte, by timeline.Ref) error {
	target, err := f.keys.find(ctx, key)
	if err != nil {
		return err
	}
	if target > by {
		target = 0 // it stands behind in the commit, and has not come
	}
	f.batch.Retractions = append(f.batch.Retractions, readmodel.RetractionRow{Key: key, By: by, Target: target})
	if target == 0 {
		if _, ok := f.pending[key]; !ok {
			f.pending[key] = by
		}
		return nil
	}
	subjects, err := f.subjectsOf(ctx, target)
	if err != nil {
		return err
	}
	f.appendRetraction(subjects, by, target, by)
	return nil
}

// subjectsOf returns the timelines that an earlier event is about.
func (f *Fold) subjectsOf(ctx context.Context, ref timeline.Ref) ([]timeline.Subject, error) {
	c, err := f.Commit(ctx, ref.Ord())
	if err != nil {
		return nil, err
	}
	subjects, err := timeline.ReadSubjects(c.Subjects, ref.Index())
	if err != nil {
		return nil, fmt.Errorf("subjects of event %v: %w", ref, err)
	}
	for _, s := range subjects {
		if s.Kind == timeline.OfPost && int(s.No) >= len(f.posts) || s.Kind == timeline.OfPlan && int(s.No) >= len(f.plans) {
			return nil, fmt.Errorf("subjects of event %v: %w", ref, timeline.ErrDamaged)
		}
	}
	return subjects, nil
}

// appendRetraction appends to the timelines that the event target is about that the
// event by retracts it, as known since the event at: the later of the two.
func (f *Fold) appendRetraction(subjects []timeline.Subject, at, target, by timeline.Ref) {
	for _, s := range subjects {
		switch s.Kind {
		case timeline.OfPost:
			p := f.touchPost(int(s.No))
			p.facts = timeline.AppendRetraction(p.facts, at, target, by)
		case timeline.OfPlan:
			p := f.touchPlan(int(s.No))
			p.facts = timeline.AppendRetraction(p.facts, at, target, by)
		case timeline.OfPerson:
			folio, slot := timeline.Number(s.No).Folio()
			f.facts.Fresh(int(folio)).AddRetraction(slot, at, target, by)
		}
	}
}

// Commit returns a commit that was applied.
func (f *Fold) Commit(ctx context.Context, ord uint64) (readmodel.CommitRow, error) {
	if b := f.batch.Commits; len(b) > 0 && ord >= b[0].Ord {
		return b[ord-b[0].Ord], nil
	}
	return f.stored(ctx, ord)
}

// storedKey returns the key of an event that was applied.
func (f *Fold) storedKey(ctx context.Context, ref timeline.Ref) (key [16]byte, err error) {
	c, err := f.Commit(ctx, ref.Ord())
	if err != nil {
		return key, err
	}
	if copy(key[:], c.Keys[min(len(c.Keys), 16*ref.Index()):]) < len(key) {
		return key, fmt.Errorf("%w: no key of event %v", readmodel.ErrUnusable, ref)
	}
	return key, nil
}
