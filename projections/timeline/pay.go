package timeline

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// A Pay is one pay line with its settlement, return and reversal. If no known
// event instructed the line, only Run, Line and the fields of its settlement,
// return and reversal are set.
type Pay struct {
	Run    Number // see readmodel.Reader.Run
	Line   string
	Post   Number
	Month  civil.Month
	Kind   string
	Amount events.Fen

	PaidOn     civil.Date // 0 if the line is not paid
	Account    uint32     // fingerprint of the account paid to; 0 if not known
	ReturnedOn civil.Date // 0 if the payment is not returned
	ReversedOn civil.Date // 0 if the payment is not reversed

	Instructed, Settled, Returned, Reversed Ref
}

// Paid reports whether the money reached the person and was neither returned
// nor reversed.
func (p Pay) Paid() bool { return p.PaidOn != 0 && p.ReturnedOn == 0 && p.ReversedOn == 0 }

// Pay returns the pay lines of the person, sorted by month, kind, post, amount
// and name. When two events instruct the same line, the result has one line; if
// the two events differ, the one with the larger amount counts. When two events
// settle, return or reverse the same line, the event with the earlier day
// counts.
func (p *Person) Pay() []Pay {
	type key struct {
		run  Number
		line string
	}
	at := map[key]int{}
	var all []Pay
	line := func(run Number, name string) *Pay {
		k := key{run, name}
		i, ok := at[k]
		if !ok {
			i = len(all)
			at[k] = i
			all = append(all, Pay{Run: run, Line: name})
		}
		return &all[i]
	}
	for _, f := range p.instructed {
		if l := line(f.what.Run, f.what.Line); l.Instructed == 0 || comparePay(*l, f.what) < 0 {
			*l = f.what
		}
	}
	for _, f := range p.settled {
		if l := line(f.what.run, f.what.line); l.PaidOn == 0 || cmp.Or(cmp.Compare(f.what.on, l.PaidOn), cmp.Compare(f.what.account, l.Account)) < 0 {
			l.PaidOn, l.Account, l.Settled = f.what.on, f.what.account, f.ref
		}
	}
	for _, f := range p.returned {
		if l := line(f.what.run, f.what.line); l.ReturnedOn == 0 || f.what.on < l.ReturnedOn {
			l.ReturnedOn, l.Returned = f.what.on, f.ref
		}
	}
	for _, f := range p.reversed {
		if l := line(f.what.run, f.what.line); l.ReversedOn == 0 || f.what.on < l.ReversedOn {
			l.ReversedOn, l.Reversed = f.what.on, f.ref
		}
	}
	slices.SortFunc(all, func(a, b Pay) int {
		return cmp.Or(cmp.Compare(a.Month, b.Month), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Post, b.Post),
			cmp.Compare(a.Amount, b.Amount), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Run, b.Run))
	})
	return all
}

// comparePay compares two instructions of the same line: by amount, then by
// month, kind and post. The greater instruction counts.
func comparePay(a, b Pay) int {
	return cmp.Or(cmp.Compare(a.Amount, b.Amount), cmp.Compare(a.Month, b.Month), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Post, b.Post))
}
