package timeline

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// A Pay is one pay line and what became of it. Of a line that was never
// instructed only Run, Line and what became of it are known.
type Pay struct {
	Run    Number // see readmodel.Reader.Run
	Line   string
	Post   Number
	Month  civil.Month
	Kind   string
	Amount events.Fen

	PaidOn     civil.Date // 0 is not paid
	Account    uint32     // fingerprint of the account paid to; 0 is not known
	ReturnedOn civil.Date // 0 is not returned
	ReversedOn civil.Date // 0 is not reversed

	Instructed, Settled, Returned, Reversed Ref
}

// Paid says whether the money reached the person and stayed.
func (p Pay) Paid() bool { return p.PaidOn != 0 && p.ReturnedOn == 0 && p.ReversedOn == 0 }

// Pay returns the pay lines by month, kind, post, amount and name. A line that
// two events instruct alike is one line; of unlike ones the larger amount
// holds. Of two days that it was settled, returned or reversed on the first
// holds.
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

// comparePay orders what two events say of one line.
func comparePay(a, b Pay) int {
	return cmp.Or(cmp.Compare(a.Amount, b.Amount), cmp.Compare(a.Month, b.Month), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Post, b.Post))
}
