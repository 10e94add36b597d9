// Package fund keeps the books of earmarked money: what was allocated to each
// fund, instructed from it, settled and returned, on any business date, as known at
// any commit.
//
// [Books] are a fold of the boundary payment. They depend on the set of its events, not
// on their order. An event that is replaced or withdrawn counts until the commit that
// says so; if that commit came first, the event never counts. The rules are those of the
// service that decides payments:
//
//   - Allocations of a fund add up, and so does what is handed back. Each counts from its day
//     on: an allocation of before 1.1 from the first day of its year.
//   - A pay line is instructed on the day of the order: by records of before 1.1 on the
//     first day of the month of the run. If two events instruct a line of the same name, both
//     amounts count.
//   - What is settled, returned, reversed or rejected of a line is what package paying says. If
//     two events instruct it, that is said of the one instructed first.
//   - What is returned, reversed or rejected is left to the fund again.
//
// Money is in fen. Books are in memory, some 100 bytes a pay line. Every process reads
// them from the log anew.
package fund

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sort"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
)

// A Balance is what stands in the books of one fund.
type Balance struct {
	Fund        string        `json:"fund"`
	Division    division.Code `json:"division"` // that all its allocations lie in; empty where it has none
	Allocated   events.Fen    `json:"allocated"`
	Instructed  events.Fen    `json:"instructed"`
	Settled     events.Fen    `json:"settled"`     // paid, and not come back
	Returned    events.Fen    `json:"returned"`    // came back to the fund: returned, reversed or rejected
	Rejected    events.Fen    `json:"rejected"`    // refused by the bank before it was credited; counts among returned, too
	Surrendered events.Fen    `json:"surrendered"` // handed back to whoever allocated it
	Left        events.Fen    `json:"left"`        // allocated − instructed + returned − surrendered
}

// Version is the version of the books: of what they say of given events.
//
// Version 2: money has days and parts, and is rejected and surrendered.
const Version = 2

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
	rejected
	surrendered
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
	account account // of an allocation or a surrender; fund and date of an instruction
	amount  int64   // of an allocation or a surrender
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
		x = b.enterAmount(account{b.fund(d.Fund), allocated, d.Day(), cmp.Or(d.Division, e.Division)}, d.Amount)
	case *events.FundSurrendered:
		x = b.enterAmount(account{fund: b.fund(d.Fund), measure: surrendered, date: d.On}, d.Amount)
	case *events.PaymentInstructed:
		x = entered{measure: instructed, run: b.run(d.RunKey()), account: account{fund: b.fund(d.Fund), date: d.Day()}}
		b.enterLines(&x, len(d.Lines), func(i int) (string, statement) {
			return d.Lines[i].Line, statement{instructed, no, 0, int64(d.Lines[i].Amount)}
		})
	case *events.PaymentSettled:
		x = entered{measure: settled, run: b.run(d.RunKey())}
		b.enterLines(&x, len(d.Lines), func(i int) (string, statement) {
			return d.Lines[i].Line, statement{settled, no, d.PaidOn, int64(d.Lines[i].Amount)}
		})
	case *events.PaymentRejected:
		x = entered{measure: rejected, run: b.run(d.RunKey())}
		b.enterLines(&x, len(d.Lines), func(i int) (string, statement) {
			return d.Lines[i].Line, statement{rejected, no, d.On, int64(d.Lines[i].Amount)}
		})
	case events.Restitution:
		_, lines := d.Restitution()
		x = entered{measure: returned, run: b.run(d.RunKey())}
		b.enterLines(&x, len(lines), func(i int) (string, statement) {
			return lines[i].Line, statement{returned, no, lines[i].On, int64(lines[i].Amount)}
		})
	default:
		return x, false
	}
	return x, true
}

// enterAmount enters an event that says an amount of a fund.
func (b *Books) enterAmount(of account, amount events.Fen) entered {
	x := entered{measure: of.measure, amount: int64(amount), account: of}
	b.pending[of] += x.amount
	b.entered = append(b.entered, x)
	return x
}

// enterLines enters an event that says something of n pay lines. line returns the name of
// line i, and what the event says of it.
func (b *Books) enterLines(x *entered, n int, line func(i int) (name string, said statement)) {
	b.entered = append(b.entered, *x) // addStatement looks up the fund of the event there
	for i := range n {
		name, said := line(i)
		x.lines = append(x.lines, b.addStatement(x.run, name, said))
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
	b.pending[x.account] -= x.amount
	x.amount = 0
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
func (b *Books) run(key events.RunKey) *run {
	name := key.String()
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
			balance.Returned += balance.Rejected
			balance.Fund, balance.Left = b.names[i], balance.Allocated-balance.Instructed+balance.Returned-balance.Surrendered
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
	case rejected:
		return &b.Rejected
	case surrendered:
		return &b.Surrendered
	default: // returned
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
