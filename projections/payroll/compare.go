package payroll

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/timeline"
)

// A Comparison says what people would have been entitled to under another
// book of packs.
type Comparison struct {
	First, Last civil.Month
	Divisions   []DivisionChange // counties, by code
	Total       DivisionChange
	Changed     []LineChange // by division, post, person and month
}

// A DivisionChange sums up the person-months of a division.
type DivisionChange struct {
	Division division.Code
	Lines    int // person-months on a post
	Changed  int // of them
	Before   events.Fen
	After    events.Fen
}

// A LineChange is one person-month on a post that is worth something else.
type LineChange struct {
	Person       uuid.UUID
	Post         string
	Division     division.Code
	Month        civil.Month
	Before       events.Fen
	After        events.Fen
	PolicyBefore string // versions of the packs in force in the month; empty is none
	PolicyAfter  string

	no timeline.Number
}

// Compare calculates the entitlement of every person-month from first to last, in the
// divisions under a prefix, under two books. Only the packs differ: placements, terms of
// posts and days worked are as they were reported. Compare fails as the model does.
func Compare(ctx context.Context, m Model, prefix string, known uint64, first, last civil.Month, before, after *policy.Book) (*Comparison, error) {
	c := &Comparison{First: first, Last: last}
	counties := counties{}
	err := personMonths(ctx, m, monthRange{prefix, known, first, last}, func(pm *personMonth) {
		l := pm.change(before, after)
		counties.of(pm.division()).add(l)
		c.Total.add(l)
		if l.Before != l.After {
			c.Changed = append(c.Changed, l)
		}
	})
	if err != nil {
		return nil, err
	}
	c.Divisions = counties.list()
	slices.SortFunc(c.Changed, func(a, b LineChange) int {
		return cmp.Or(cmp.Compare(a.Division, b.Division), cmp.Compare(a.Post, b.Post), cmp.Compare(a.no, b.no), cmp.Compare(a.Month, b.Month))
	})
	return c, c.addPersonIDs(ctx, m)
}

// addPersonIDs puts the pseudonyms of the persons into the changed lines.
func (c *Comparison) addPersonIDs(ctx context.Context, m Model) error {
	numbers := make([]timeline.Number, len(c.Changed))
	for i := range c.Changed {
		numbers[i] = c.Changed[i].no
	}
	ids, err := m.PersonIDs(ctx, numbers)
	for i, id := range ids {
		c.Changed[i].Person = id
	}
	return err
}

// counties sums up changes by county.
type counties map[division.Code]*DivisionChange

// of returns the sum of the county of a division. A division above the counties, and a
// code that is none, has a sum of its own.
func (c counties) of(d division.Code) *DivisionChange {
	if d.Valid() {
		d = d.At(min(d.Level(), division.County))
	}
	sum := c[d]
	if sum == nil {
		sum = &DivisionChange{Division: d}
		c[d] = sum
	}
	return sum
}

// list returns the sums by code.
func (c counties) list() (all []DivisionChange) {
	for _, sum := range c {
		all = append(all, *sum)
	}
	slices.SortFunc(all, func(a, b DivisionChange) int { return cmp.Compare(a.Division, b.Division) })
	return all
}

// change returns what the person-month is worth under each book.
func (pm *personMonth) change(before, after *policy.Book) LineChange {
	l := LineChange{Post: pm.postName, Division: pm.division(), Month: pm.month, no: pm.person}
	l.Before, l.PolicyBefore = pm.entitlementUnder(before)
	l.After, l.PolicyAfter = pm.entitlementUnder(after)
	return l
}

func (d *DivisionChange) add(l LineChange) {
	d.Lines++
	d.Before += l.Before
	d.After += l.After
	if l.Before != l.After {
		d.Changed++
	}
}
