// Package fund keeps the books of earmarked money: what was allocated to each
// fund, instructed from it, settled and returned, on any business date, as known at
// any commit.
//
// [Books] are a fold of the boundary payment. They depend on the set of its events, not
// on their order. An event that is replaced or withdrawn counts until the commit that
// says so; if that commit came first, the event never counts. The rules are those of the
// service that decides payments:
//
//   - Allocations of a fund add up. An allocation counts from the first day of its year.
//   - A pay line is instructed on the first day of the month of its run. If two events
//     instruct a line of the same name, both amounts count.
//   - What is settled, returned or reversed of a line is its amount. If there are two
//     amounts, it is the one instructed first; if there are two days, it is the earlier.
//   - What is returned or reversed is left to the fund again.
//
// Money is in fen. Books are in memory, some 70 bytes a pay line. Every process reads
// them from the log anew.
package fund

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sort"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
)

// A Balance is what stands in the books of one fund.
type Balance struct {
	Fund       string        `json:"fund"`
	Division   division.Code `json:"division"` // that all its allocations lie in; empty where it has none
	Allocated  events.Fen    `json:"allocated"`
	Instructed events.Fen    `json:"instructed"`
	Settled    events.Fen    `json:"settled"`  // paid, and not come back
	Returned   events.Fen    `json:"returned"` // came back: returned or reversed
	Left       events.Fen    `json:"left"`     // allocated − instructed + returned
}

// Version is the version of the books: of what they say of given events.
const Version = 1

// Books hold what stands in the books of all funds. They must not be read while Apply
// runs.
type Books struct {
	commits    []log.Position
	postings   []posting           // by commit
	pending    map[account]int64   // amounts of the commit that is applied
	entered    []entered           // by number; number 0 is none
	numbers    map[[16]byte]uint32 // of entered events, by the hash of the key
	superseded map[[16]byte]bool   // events that were superseded before they came
	runs       map[string]*run
	funds      map[string]int32 // numbers
	names      []string         // of funds, by number
	seed       maphash.Seed
}

// An account is where an amount is posted.
type account struct {
	fund    int32
	measure measure
	date    civil.Date    // since when it counts
	at      division.Code // of an allocation
}

// A measure is a column of a Balance.
type measure uint8

const (
	allocated measure = iota
	instructed
	settled
	returned
)

// A posting is an amount more on an account, known since a commit.
type posting struct {
	commit uint32 // index in commits
	account
	amount int64
}

// An entered event is what has to be undone if the event is superseded.
type entered struct {
	measure measure
	account account // of an allocation; fund and date of an instruction
	amount  int64   // of an allocation
	run     *run
	lines   []uint32 // numbers in the run
}

// NewBooks returns the books of a log that holds nothing.
func NewBooks() *Books {
	return &Books{
		pending: map[account]int64{}, entered: make([]entered, 1), numbers: map[[16]byte]uint32{}, superseded: map[[16]byte]bool{},
		runs: map[string]*run{}, funds: map[string]int32{}, seed: maphash.MakeSeed(),
	}
}

// Apply applies the events of one commit. Commits must be applied in log order.
func (b *Books) Apply(at log.Position, all []*events.Event) {
	b.commits = append(b.commits, at)
	for _, e := range all {
		b.apply(e)
	}
	accounts := make([]account, 0, len(b.pending))
	for a, amount := range b.pending {
		if amount != 0 {
			accounts = append(accounts, a)
		}
	}
	slices.SortFunc(accounts, account.compare)
	for _, a := range accounts {
		b.postings = append(b.postings, posting{uint32(len(b.commits) - 1), a, b.pending[a]})
	}
	clear(b.pending)
}

func (a account) compare(o account) int {
	return cmp.Or(cmp.Compare(a.fund, o.fund), cmp.Compare(a.measure, o.measure), cmp.Compare(a.date, o.date), cmp.Compare(a.at, o.at))
}

func (b *Books) apply(e *events.Event) {
	if key, ok := e.Supersedes(); ok {
		b.supersede(key.Hash())
	}
	key := e.Key().Hash()
	if b.superseded[key] || b.numbers[key] != 0 {
		return
	}
	no := uint32(len(b.entered))
	if x, ok := b.enter(e, no); ok {
		b.numbers[key] = no
		b.entered[no] = x
	}
}

// enter enters an event under a number. It returns false if the event is about no money.
func (b *Books) enter(e *events.Event, no uint32) (x entered, ok bool) {
	switch d := e.Data.(type) {
	case *events.FundAllocated:
		x = b.allocate(d, e.Division)
		b.entered = append(b.entered, x)
	case *events.PaymentInstructed:
		x = entered{measure: instructed, run: b.run(d.Run), account: account{fund: b.fund(d.Fund), date: d.Month.First()}}
		b.enterLines(&x, no, len(d.Lines), func(i int) (string, int64) { return d.Lines[i].Line, int64(d.Lines[i].Amount) })
	case *events.PaymentSettled:
		x = entered{measure: settled, run: b.run(d.Run)}
		b.enterLines(&x, no, len(d.Lines), func(i int) (string, int64) { return d.Lines[i].Line, int64(d.PaidOn) })
	case events.Restitution:
		run, lines := d.Restitution()
		x = entered{measure: returned, run: b.run(run)}
		b.enterLines(&x, no, len(lines), func(i int) (string, int64) { return lines[i].Line, int64(lines[i].On) })
	default:
		return x, false
	}
	return x, true
}

func (b *Books) allocate(d *events.FundAllocated, of division.Code) entered {
	at := cmp.Or(d.Division, of)
	x := entered{measure: allocated, amount: int64(d.Amount), account: account{b.fund(d.Fund), allocated, civil.On(d.Year, time.January, 1), at}}
	b.pending[x.account] += x.amount
	return x
}

// enterLines enters an event that says something of n pay lines. line returns the name of
// line i, and what the event says of it: an amount or a day.
func (b *Books) enterLines(x *entered, no uint32, n int, line func(i int) (name string, value int64)) {
	b.entered = append(b.entered, *x) // addStatement looks up the fund of the event there
	for i := range n {
		name, value := line(i)
		x.lines = append(x.lines, b.addStatement(x.run, name, statement{x.measure, no, value}))
	}
}

// supersede undoes what an event did, or remembers to leave the event out if it comes
// later.
func (b *Books) supersede(key [16]byte) {
	no := b.numbers[key]
	if no == 0 {
		b.superseded[key] = true
		return
	}
	x := &b.entered[no]
	if x.measure == allocated {
		b.pending[x.account] -= x.amount
		x.amount = 0
	}
	for _, line := range x.lines {
		b.post(x.run, line, -1)
		x.run.retract(line, x.measure, no)
		b.post(x.run, line, 1)
	}
	x.lines = nil
}

// fund returns the number of a fund, a new one if it has none.
func (b *Books) fund(name string) int32 {
	n, ok := b.funds[name]
	if !ok {
		n = int32(len(b.names))
		b.funds[name] = n
		b.names = append(b.names, name)
	}
	return n
}

// run returns a run, which is made if it is not there yet.
func (b *Books) run(name string) *run {
	r := b.runs[name]
	if r == nil {
		r = &run{index: map[uint64]uint32{}}
		b.runs[name] = r
	}
	return r
}

// Balances returns the balances of the funds that any event has named, by name, on a
// business date as known at a commit.
func (b *Books) Balances(known log.Position, asOf civil.Date) []Balance {
	commits := sort.Search(len(b.commits), func(i int) bool { return b.commits[i].Compare(known) > 0 })
	end := sort.Search(len(b.postings), func(i int) bool { return int(b.postings[i].commit) >= commits })
	all, named := make([]Balance, len(b.names)), make([]bool, len(b.names))
	allocations := map[account]int64{} // by fund and division
	for _, p := range b.postings[:end] {
		named[p.fund] = true
		if p.measure == allocated {
			allocations[account{fund: p.fund, at: p.at}] += p.amount
		}
		if p.date <= asOf {
			*all[p.fund].column(p.measure) += events.Fen(p.amount)
		}
	}
	var shown []Balance
	for i, balance := range all {
		if named[i] {
			balance.Fund, balance.Left = b.names[i], balance.Allocated-balance.Instructed+balance.Returned
			balance.Division = spanning(allocations, int32(i))
			shown = append(shown, balance)
		}
	}
	slices.SortFunc(shown, func(a, b Balance) int { return cmp.Compare(a.Fund, b.Fund) })
	return shown
}

// column returns the amount of a measure.
func (b *Balance) column(m measure) *events.Fen {
	switch m {
	case allocated:
		return &b.Allocated
	case instructed:
		return &b.Instructed
	case settled:
		return &b.Settled
	default: // the others need nothing here
	}
	return &b.Returned
}

// spanning returns the narrowest division that all allocations of a fund lie in.
func spanning(allocations map[account]int64, fund int32) (in division.Code) {
	found := false
	for a, amount := range allocations {
		switch {
		case a.fund != fund || amount == 0:
		case !found:
			in, found = a.at, true
		default:
			in = common(in, a.at)
		}
	}
	return in
}

// common returns the narrowest division that two lie in, and nothing where
// they share none.
func common(a, b division.Code) division.Code {
	if !a.Valid() || !b.Valid() {
		return ""
	}
	for level := min(a.Level(), b.Level()); level >= division.Province; level-- {
		if a.At(level) == b.At(level) {
			return a.At(level)
		}
	}
	return ""
}
