// Package payroll works out what a month was worth to everyone on a post, and
// what was paid for it, from the packed timelines of persons and posts.
//
// It is a view that keeps no rows: a [Roll] is made on reading, as known at a
// commit and as it stood on a business date, under the policy packs known at
// that commit. So a pack that reaches into the past changes the answers about
// the past from then on, and what another pack would have paid is the same
// reckoning with another pack ([Compare]).
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
const Version = 1

// A Model is where timelines are read from; readmodel.Reader is one. Known is an
// ordinal of a commit, and a prefix is of a division code.
type Model interface {
	PostsUnder(ctx context.Context, prefix string, known uint64, yield func(timeline.Number, string, *timeline.Post)) error
	Folios(ctx context.Context, county string) ([]uint32, error)
	Persons(ctx context.Context, numbers []timeline.Number, known uint64, yield func(timeline.Number, *timeline.Person)) error
	// Leaves returns the leaves of a folio that end after an event.
	FolioLeaves(ctx context.Context, folio uint32, after timeline.Ref) ([][]byte, error)
	// PersonIDs returns pseudonyms in the order of the numbers.
	PersonIDs(ctx context.Context, numbers []timeline.Number) ([]uuid.UUID, error)
}

// A Question says what a roll is of.
type Question struct {
	Division string      // prefix
	Month    civil.Month // earned in
	AsOf     civil.Date  // what was paid by then
	Known    uint64      // ordinal
}

// A Line is one person on one post in the month.
type Line struct {
	Person   uuid.UUID     `json:"person"`
	Post     string        `json:"post"`
	Division division.Code `json:"division"`
	Money
	Late   int    `json:"late_days"`
	Policy string `json:"policyversion"` // of the pack in force there on the first of the month; empty is none

	No timeline.Number `json:"-"` // of the person, see Model.PersonIDs
}

// Totals are sums of lines, and how many lines are amiss.
type Totals struct {
	Money
	Late     int `json:"late"`     // paid after the due day, or not yet though it is over
	Short    int `json:"short"`    // paid less than was earned
	Over     int `json:"over"`     // paid more
	Unearned int `json:"unearned"` // paid though nothing was earned; counts among Over too
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
}

func (t *Totals) join(o *Totals) {
	t.Money.add(o.Money)
	t.Late, t.Short, t.Over, t.Unearned = t.Late+o.Late, t.Short+o.Short, t.Over+o.Over, t.Unearned+o.Unearned
}

// A Roll says what a month was worth to everyone who was in place on a post of
// the division in that month or was paid for it. Lines are by post, and by
// person as they came into the books.
//
// Persons are looked for among all who ever were placed on these posts and all
// who first came into the books in these counties: beyond them is only somebody
// of another county who was paid for a post without ever being placed on it,
// which submode=record and arrears allow. Asked for the whole deployment, nobody
// is beyond; nor is anybody of a Register, which is what to ask for more than a
// county: it has read everyone of its month once.
type Roll struct {
	Lines  []Line // without the pseudonyms
	Totals Totals
}

// Make makes the roll that is asked for, under the packs of a book. It fails as
// the model does.
func Make(ctx context.Context, m Model, q Question, book *policy.Book) (*Roll, error) {
	r := new(Roll)
	err := stints(ctx, m, span{q.Division, q.Known, q.Month, q.Month}, func(s *stint) {
		l := s.line(book, q.AsOf)
		r.Lines = append(r.Lines, l)
		r.Totals.add(&l)
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(r.Lines, func(a, b Line) int { return cmp.Or(cmp.Compare(a.Post, b.Post), cmp.Compare(a.No, b.No)) })
	return r, nil
}

// line reckons what the stint was worth, and what was paid for it by asOf.
func (s *stint) line(book *policy.Book, asOf civil.Date) Line {
	l := Line{Post: s.post.name, Division: s.post.division, No: s.no}
	l.reckon(s.post.inForce(book, s.month), s.post.terms, s.month, s.days, s.paid, asOf)
	return l
}

// reckon fills in what a month was worth, and what was paid for it by asOf.
func (l *Line) reckon(pack *policy.Pack, post terms, month civil.Month, d days, payments []payment, asOf civil.Date) {
	var due civil.Date
	if pack != nil {
		due = (month + 1).First() + civil.Date(pack.Payment.DueDay-1)
		l.Policy = pack.Version
	}
	l.Money, l.Late = paid(reckon(pack, post, d), payments, due, asOf)
}

// inForce returns the pack in force at a post on the first of a month, nil where
// none is.
func (t *terms) inForce(book *policy.Book, month civil.Month) *policy.Pack {
	return book.InForce(t.division, month.First())
}

// worth returns what was earned, and the version of the pack in force.
func (s *stint) worth(book *policy.Book) (earned events.Fen, version string) {
	pack := s.post.inForce(book, s.month)
	if pack != nil {
		version = pack.Version
	}
	return reckon(pack, s.post.terms, s.days), version
}
