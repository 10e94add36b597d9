// Package payroll works out what a month was worth to everyone on a post, and
// what was paid for it, from the packed timelines of persons and posts.
//
// The unit of everything here is the person-month: one month of one person on one
// post, in place for a part of it at least, or paid for it.
//
// Payroll keeps no rows in the read model. A [Roll] is made when it is asked for: as
// known at a commit, as it stood on a business date, under the policy packs known at that
// commit. So a pack that is valid from a past date changes the answers about the past
// from its commit on. [Compare] makes the same calculation under another pack. A
// [Register] keeps one month of everyone in memory, for rolls of more than a county.
//
// Each day of a month is worth what the rules in force on that day say. Days on which the
// person is suspended are worth nothing. Of reports of
// attendance that contradict each other about a day, the one of the higher rank counts, by
// the pack of the day. A day is disputed if reports of different rank earn different amounts.
//
// Money is in integer fen.
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

// Version is that of the view: of what a roll says of given events.
//
// Version 2: each day is worth what the rules in force on that day say, and of reports
// that contradict each other that of the higher rank counts. Suspended people earn nothing.
// Pay has days and parts.
//
// Version 3: what a change of the rules for the past adds to a month is late only from the day on which the
// change could be known.
const Version = 3

// A Model is where timelines are read from; readmodel.Reader is one. Known is the
// ordinal of a commit. A prefix is the beginning of a division code.
type Model interface {
	PostsUnder(ctx context.Context, prefix string, known uint64, yield func(timeline.Number, string, *timeline.Post)) error
	Folios(ctx context.Context, county string) ([]uint32, error)
	Persons(ctx context.Context, numbers []timeline.Number, known uint64, yield func(timeline.Number, *timeline.Person)) error
	// FolioLeaves returns the leaves of a folio that end after an event.
	FolioLeaves(ctx context.Context, folio uint32, after timeline.Ref) ([][]byte, error)
	// PersonIDs returns pseudonyms in the order of the numbers.
	PersonIDs(ctx context.Context, numbers []timeline.Number) ([]uuid.UUID, error)
}

// A Selection says what a roll is of.
type Selection struct {
	Division string      // prefix of the divisions of posts, by the first of the month
	Month    civil.Month // in which the money was earned
	AsOf     civil.Date  // business date by which it was paid
	Known    uint64      // ordinal of the last commit that is known
}

// A Line is one person on one post in the month.
type Line struct {
	Person   uuid.UUID     `json:"person"`
	Post     string        `json:"post"`
	Division division.Code `json:"division"`
	Money
	DisputedDays int    `json:"disputed_days"` // days about which reports of different rank differ in what they earn
	Late         int    `json:"late_days"`
	Parts        []Part `json:"parts,omitzero"` // of what was earned, if some of it could be known only after the due day
	Policy       string `json:"policyversion"`  // of the packs in force there in the month, by day, separated by commas; empty is none

	No timeline.Number `json:"-"` // of the person, see Model.PersonIDs
}

// Totals are sums of lines, and how many lines are amiss.
type Totals struct {
	Money
	Late     int `json:"late"`     // paid after the due day, or not yet though it is over
	Short    int `json:"short"`    // paid less than was earned
	Over     int `json:"over"`     // paid more
	Unearned int `json:"unearned"` // paid though nothing was earned; counts among Over too
	Disputes int `json:"disputes"` // with disputed days
}

func (t *Totals) add(l *Line) {
	t.Money.add(l.Money)
	count := func(n *int, is bool) {
		if is {
			*n++
		}
	}
	count(&t.Late, l.Late > 0)
	count(&t.Short, l.Difference < 0)
	count(&t.Over, l.Difference > 0)
	count(&t.Unearned, l.Entitled == 0 && l.Settled > 0)
	count(&t.Disputes, l.DisputedDays > 0)
}

// join adds the totals of other lines.
func (t *Totals) join(o *Totals) {
	t.Money.add(o.Money)
	t.Late, t.Short, t.Over, t.Unearned = t.Late+o.Late, t.Short+o.Short, t.Over+o.Over, t.Unearned+o.Unearned
	t.Disputes += o.Disputes
}

// A Roll says what a month was worth to everyone who was in place on a post of
// the division in that month or was paid for it. Lines are by post, and those of a post
// by the number of the person, which is the order in which persons came into the log.
//
// Make looks for persons among those who ever were placed on these posts, and those who
// came into the log first in these counties. It does not find a person of another county
// who was paid for a post without ever being placed on it, which submode=record and
// arrears allow. If all divisions are asked for, nobody is missed. Nor does a Register
// miss anybody, since it reads everyone.
type Roll struct {
	Lines  []Line // without the pseudonyms
	Totals Totals
}

// Make makes a roll. It fails as the model does.
func Make(ctx context.Context, m Model, of Selection, rules *Rules) (*Roll, error) {
	r := new(Roll)
	months := monthRange{of.Division, of.Known, of.Month, of.Month}
	err := personMonths(ctx, m, months, func(pm *personMonth) {
		l := pm.line(rules, of)
		r.Lines = append(r.Lines, l)
		r.Totals.add(&l)
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(r.Lines, func(a, b Line) int { return cmp.Or(cmp.Compare(a.Post, b.Post), cmp.Compare(a.No, b.No)) })
	return r, nil
}

// line returns what the person-month was worth, and what was paid for it by asOf.
func (pm *personMonth) line(rules *Rules, of Selection) Line {
	l := Line{Post: pm.postName, Division: pm.division(), No: pm.person}
	v := valueMonth(pm.terms, pm.history, rules, of)
	l.fill(&v, &pm.days, pm.payments, of.AsOf)
	return l
}

// A monthRules is what holds of a month at a post.
type monthRules struct {
	periods []period
	due     civil.Date // 0 if no pack says
	later   []knownPeriods
}

// valueMonth returns what holds of the month of a selection at a post.
func valueMonth(terms schedule, history []knownTerms, rules *Rules, of Selection) monthRules {
	v := monthRules{periods: terms.periods(rules.Book, of.Month)}
	v.due = dueDay(v.periods, of.Month)
	if len(history) == 0 {
		history = []knownTerms{{terms: terms, developed: true}}
	}
	v.later = laterKnown(history, rules, of.Month, v.due, of.Known)
	return v
}

// fill fills in what a month was worth, and what was paid for it by asOf.
func (l *Line) fill(v *monthRules, d *days, payments []payment, asOf civil.Date) {
	pack := v.periods[0].pack
	if pack == nil {
		pack = new(policy.Pack) // the kinds of pay are those that hold where a pack lists none
	}
	l.Policy = versions(v.periods)
	worth := earn(v.periods, d)
	all := parts(worth.entitled, d, v.later, v.due)
	if l.Money, l.Late = settle(worth.entitled, all, payments, pack, asOf); len(all) > 1 {
		l.Parts = all
	}
	l.Disputed, l.DisputedDays = worth.disputed, worth.disputedDays
}

// division returns where the post lies on the first of the month, which is the division of the
// line: a line is never shown in two divisions.
func (pm *personMonth) division() division.Code { return pm.terms.on(pm.month.First()).division }

// entitlementUnder returns what was earned under the packs of a book, and the versions of
// the packs in force in the month.
func (pm *personMonth) entitlementUnder(book *policy.Book) (earned events.Fen, policies string) {
	periods := pm.terms.periods(book, pm.month)
	return earn(periods, &pm.days).entitled, versions(periods)
}
