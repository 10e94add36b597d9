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
	PolicyBefore string // versions of the packs; empty is none in force
	PolicyAfter  string

	no timeline.Number
}

// Compare reckons every person-month from first to last, in the divisions under
// a prefix, under two books. It says what would have been earned from what was
// reported: who was placed, on what terms, and which days were worked is as it
// was. It fails as the model does.
func Compare(ctx context.Context, m Model, prefix string, known uint64, first, last civil.Month, before, after *policy.Book) (*Comparison, error) {
	c := &Comparison{First: first, Last: last}
	counties := map[division.Code]*DivisionChange{}
	err := stints(ctx, m, span{prefix, known, first, last}, func(s *stint) {
		county := s.post.division
		if county.Valid() {
			county = county.At(min(county.Level(), division.County))
		}
		sum := counties[county]
		if sum == nil {
			sum = &DivisionChange{Division: county}
			counties[county] = sum
		}
		l := s.change(before, after)
		sum.add(l)
		c.Total.add(l)
		if l.Before != l.After {
			c.Changed = append(c.Changed, l)
		}
	})
	if err != nil {
		return nil, err
	}
	for _, sum := range counties {
		c.Divisions = append(c.Divisions, *sum)
	}
	slices.SortFunc(c.Divisions, func(a, b DivisionChange) int { return cmp.Compare(a.Division, b.Division) })
	slices.SortFunc(c.Changed, func(a, b LineChange) int {
		return cmp.Or(cmp.Compare(a.Division, b.Division), cmp.Compare(a.Post, b.Post), cmp.Compare(a.no, b.no), cmp.Compare(a.Month, b.Month))
	})
	numbers := make([]timeline.Number, len(c.Changed))
	for i := range c.Changed {
		numbers[i] = c.Changed[i].no
	}
	ids, err := m.PersonIDs(ctx, numbers)
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		c.Changed[i].Person = id
	}
	return c, nil
}

func (s *stint) change(before, after *policy.Book) LineChange {
	l := LineChange{Post: s.post.name, Division: s.post.division, Month: s.month, no: s.no}
	l.Before, l.PolicyBefore = s.worth(before)
	l.After, l.PolicyAfter = s.worth(after)
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
