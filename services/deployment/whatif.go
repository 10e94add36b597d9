package deployment

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/payroll"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/rulebook"
)

// WhatIfOptions say which policy pack to try, and on what.
type WhatIfOptions struct {
	Policy  string // file of the policy pack
	Month   string // YYYY-MM; empty is every month that the pack is valid in
	KnownAt string // instant or date: use what was recorded by then; empty is all
}

// A WhatIf compares what people are entitled to with what they would be entitled to
// under another policy pack. Money is in fen.
type WhatIf struct {
	payroll.Comparison
	Pack  *policy.Pack     // the pack that was tried
	At    readmodel.Commit // the last commit that was taken into account
	Names *division.Table  // names of the divisions
}

// TryPolicy computes what people would be entitled to if the policy pack in a file had
// been adopted after all packs in the log. It reads the views in use and changes
// nothing. The views need not be rebuilt, since entitlements are computed when they are
// asked for.
func TryPolicy(ctx context.Context, c Config, o WhatIfOptions) (w WhatIf, err error) {
	if w.Pack, err = readPack(o.Policy); err != nil {
		return w, err
	}
	if w.Names, err = c.loadDivisions(); err != nil {
		return w, err
	}
	infra, err := c.openExisting(ctx)
	if err != nil {
		return w, err
	}
	defer infra.close()
	dir, err := c.openReadModel(ctx)
	if err != nil {
		return w, err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	model, err := dir.Reader(ctx)
	if err != nil {
		return w, fmt.Errorf("--policy asks the views in use: %w", err)
	}
	if w.At, err = knownCommit(ctx, model, o.KnownAt); err != nil {
		return w, err
	}
	first, last, err := o.months(w.Pack, w.At)
	if err != nil {
		return w, err
	}
	m, err := model.Meta(ctx)
	if err != nil {
		return w, err
	}
	var setAside []log.Position
	for _, s := range m.SetAside {
		setAside = append(setAside, s.Position)
	}
	policies := rulebook.NewHistory(infra.log)
	before, err := policies.Book(ctx, w.At.Position, setAside...)
	if err != nil {
		return w, err
	}
	after, err := policies.Book(ctx, w.At.Position, setAside...)
	if err != nil {
		return w, err
	}
	after.Adopt(w.Pack)
	compared, err := payroll.Compare(ctx, model, w.Pack.Jurisdiction, w.At.Ord, first, last, before, after)
	if err == nil {
		w.Comparison = *compared
	}
	return w, err
}

// knownCommit returns the last commit that was recorded by s, which is an instant or a
// date. If s is empty, it returns the last commit of the read model.
func knownCommit(ctx context.Context, model *readmodel.Reader, s string) (readmodel.Commit, error) {
	if s == "" {
		m, err := model.Meta(ctx)
		return m.Commit, err
	}
	t, err := Moment("--known-at", s)
	if err != nil {
		return readmodel.Commit{}, err
	}
	c, err := model.ResolveKnown(ctx, t)
	if err == nil && c.Ord == 0 {
		err = fmt.Errorf("--known-at %s: nothing was recorded by then", s)
	}
	return c, err
}

// months returns the first and the last month to compare. These are the months on whose
// first day the pack is valid, up to the month in which the commit at was recorded.
func (o WhatIfOptions) months(p *policy.Pack, at readmodel.Commit) (first, last civil.Month, err error) {
	if o.Month != "" {
		first, err = civil.ParseMonth(o.Month)
		if err != nil {
			return 0, 0, fmt.Errorf("--month %q: want a month that exists, as YYYY-MM", o.Month)
		}
		return first, first, nil
	}
	shanghai, err := businessZone()
	if err != nil {
		return 0, 0, err
	}
	first, last = p.ValidFrom.Month(), civil.DateIn(at.Recorded, shanghai).Month()
	if first.First() < p.ValidFrom {
		first++
	}
	if p.ValidTo != 0 {
		last = min(last, (p.ValidTo - 1).Month())
	}
	if last < first {
		return 0, 0, fmt.Errorf("--policy: the pack is valid from %s on, which is beyond what is recorded, up to %s; say what month with --month", p.ValidFrom, last)
	}
	return first, last, nil
}
