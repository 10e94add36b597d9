// Package fund keeps the books of earmarked money: what was allocated to each
// fund, ordered from it, paid and come back, on any business date, as known at
// any commit.
//
// A [Ledger] is a fold of the boundary payment. What stands depends on the set
// of its events: one that was replaced or withdrawn counts no more since the
// commit that says so, and never where that came first. It counts as the
// service counts that decides payments:
//
//   - Allocations of a fund add up. One counts from the first day of its year.
//   - A pay line is ordered on the first day of the month of its run. Lines that
//     are instructed twice under one name count twice.
//   - What is settled, returned or reversed of a line is its amount; of two
//     amounts the one instructed first, of two days the earlier one.
//   - What comes back is left to the fund again.
//
// Money is in fen. A Ledger is in memory, some 70 bytes a pay line, and is read
// from the log anew by every process.
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

// A Ledger keeps the books. Commits are applied in log order, by one goroutine
// and while nobody asks.
type Ledger struct {
	commits []log.Position
	entries []entry
	pending map[place]int64 // of the commit under way
	acts    []act           // by number; 0 is none
	keys    map[[16]byte]uint32
	ahead   map[[16]byte]bool // voided before they came
	runs    map[string]*run
	funds   map[string]int32
	names   []string // of funds
	seed    maphash.Seed
}

// A place is where an amount counts.
type place struct {
	fund    int32
	measure measure
	date    civil.Date
	at      division.Code // of an allocation
}

type measure uint8

const (
	allocated measure = iota
	instructed
	settled
	returned
)

// An entry is an amount more at a place, known since a commit.
type entry struct {
	commit uint32
	place
	amount int64
}

// An act is what one event did.
type act struct {
	kind   measure
	place  place // of an allocation; fund and date of an instruction
	amount int64 // of an allocation
	run    *run
	lines  []uint32
}

// NewLedger makes the ledger of a log that holds nothing.
func NewLedger() *Ledger {
	return &Ledger{
		pending: map[place]int64{}, acts: make([]act, 1), keys: map[[16]byte]uint32{}, ahead: map[[16]byte]bool{},
		runs: map[string]*run{}, funds: map[string]int32{}, seed: maphash.MakeSeed(),
	}
}

// Apply folds the events of one commit.
func (l *Ledger) Apply(at log.Position, all []*events.Event) {
	l.commits = append(l.commits, at)
	for _, e := range all {
		l.apply(e)
	}
	places := make([]place, 0, len(l.pending))
	for p, n := range l.pending {
		if n != 0 {
			places = append(places, p)
		}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.fund, b.fund), cmp.Compare(a.measure, b.measure), cmp.Compare(a.date, b.date), cmp.Compare(a.at, b.at))
	})
	for _, p := range places {
		l.entries = append(l.entries, entry{uint32(len(l.commits) - 1), p, l.pending[p]})
	}
	clear(l.pending)
}

func (l *Ledger) apply(e *events.Event) {
	if superseded, ok := e.Supersedes(); ok {
		l.void(superseded.Hash())
	}
	key := e.Key().Hash()
	if l.ahead[key] || l.keys[key] != 0 {
		return
	}
	no := uint32(len(l.acts))
	a := act{}
	switch d := e.Data.(type) {
	case *events.FundAllocated:
		at := d.Division
		if at == "" {
			at = e.Division
		}
		a = act{kind: allocated, amount: int64(d.Amount), place: place{l.fund(d.Fund), allocated, civil.On(d.Year, time.January, 1), at}}
		l.pending[a.place] += a.amount
	case *events.PaymentInstructed:
		a = act{kind: instructed, run: l.run(d.Run), place: place{fund: l.fund(d.Fund), date: d.Month.First()}}
		l.acts = append(l.acts, a)
		for i := range d.Lines {
			a.lines = append(a.lines, l.say(a.run, d.Lines[i].Line, instructed, no, int64(d.Lines[i].Amount)))
		}
		l.acts = l.acts[:no]
	case *events.PaymentSettled:
		a = act{kind: settled, run: l.run(d.Run)}
		for i := range d.Lines {
			a.lines = append(a.lines, l.say(a.run, d.Lines[i].Line, settled, no, int64(d.PaidOn)))
		}
	case *events.PaymentReturned:
		a = l.restitute(d.Run, d.Lines, no)
	case *events.PaymentReversed:
		a = l.restitute(d.Run, d.Lines, no)
	default:
		return
	}
	l.keys[key] = no
	l.acts = append(l.acts, a)
}

func (l *Ledger) restitute(run string, lines []events.ReturnedLine, no uint32) act {
	a := act{kind: returned, run: l.run(run)}
	for i := range lines {
		a.lines = append(a.lines, l.say(a.run, lines[i].Line, returned, no, int64(lines[i].On)))
	}
	return a
}

// void takes back what an event did, or remembers to leave it out.
func (l *Ledger) void(key [16]byte) {
	no := l.keys[key]
	if no == 0 {
		l.ahead[key] = true
		return
	}
	a := &l.acts[no]
	if a.kind == allocated {
		l.pending[a.place] -= a.amount
		a.amount = 0
	}
	for _, n := range a.lines {
		l.weigh(a.run, n, -1)
		a.run.unsay(n, a.kind, no)
		l.weigh(a.run, n, 1)
	}
	a.lines = nil
}

func (l *Ledger) fund(name string) int32 {
	n, ok := l.funds[name]
	if !ok {
		n = int32(len(l.names))
		l.funds[name] = n
		l.names = append(l.names, name)
	}
	return n
}

func (l *Ledger) run(name string) *run {
	r := l.runs[name]
	if r == nil {
		r = &run{index: map[uint64]uint32{}}
		l.runs[name] = r
	}
	return r
}

// Balances returns the books of the funds that anything was said of, on a
// business date as known at a commit, by name.
func (l *Ledger) Balances(known log.Position, asOf civil.Date) []Balance {
	n := sort.Search(len(l.commits), func(i int) bool { return l.commits[i].Compare(known) > 0 })
	end := sort.Search(len(l.entries), func(i int) bool { return int(l.entries[i].commit) >= n })
	all := make([]Balance, len(l.names))
	at := map[place]int64{} // allocations by fund and division
	there := make([]bool, len(l.names))
	for _, e := range l.entries[:end] {
		b := &all[e.fund]
		there[e.fund] = true
		if e.measure == allocated {
			at[place{fund: e.fund, at: e.at}] += e.amount
		}
		if e.date > asOf {
			continue
		}
		*[]*events.Fen{allocated: &b.Allocated, instructed: &b.Instructed, settled: &b.Settled, returned: &b.Returned}[e.measure] += events.Fen(e.amount)
	}
	var shown []Balance
	for i, b := range all {
		if there[i] {
			b.Fund, b.Left = l.names[i], b.Allocated-b.Instructed+b.Returned
			b.Division = spanning(at, int32(i))
			shown = append(shown, b)
		}
	}
	slices.SortFunc(shown, func(a, b Balance) int { return cmp.Compare(a.Fund, b.Fund) })
	return shown
}

// spanning returns the division that all allocations of a fund lie in.
func spanning(at map[place]int64, fund int32) (in division.Code) {
	found := false
	for p, amount := range at {
		switch {
		case p.fund != fund || amount == 0:
		case !found:
			in, found = p.at, true
		default:
			in = common(in, p.at)
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
