package payment

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/civil"
)

// A partKind says what became of a part of a line. The numbers are written in snapshots.
type partKind uint8

const (
	settledPart  partKind = iota
	returnedPart          // returned or reversed
	rejectedPart          // refused by the bank before it was credited
)

// A part is what one event says of a line, if it says more than that the line was settled
// whole. An amount of 0 is the rest.
type part struct {
	kind   partKind
	on     civil.Date // when the money is free in the fund again; 0 of a settlement
	amount int64      // fen
}

// An account is all that stands under one line id of a run. It is a function of the set of the
// events that name the id, except that of two orders the one that came first is settled,
// rejected and returned first.
type account struct {
	orders []order
	whole  int // settlements of a whole line
	parts  []part
}

// An order is one instruction of a line id.
type order struct {
	line   uint32 // number in the run
	person uint32 // number in State.persons
	fund   *fund
	on     civil.Date
	amount int64
}

// plain reports whether the account has one order and nothing but whole settlements.
func (a *account) plain() bool { return len(a.orders) == 1 && len(a.parts) == 0 }

// ordered returns the sum of the orders.
func (a *account) ordered() (sum int64) {
	for _, o := range a.orders {
		sum += o.amount
	}
	return sum
}

// sum returns the sum of the parts of a kind, and how many of them mean the rest.
func (a *account) sum(kind partKind) (sum int64, rests int) {
	for _, p := range a.parts {
		switch {
		case p.kind != kind:
		case p.amount == 0:
			rests++
		default:
			sum += p.amount
		}
	}
	return sum, rests
}

// rejected returns what the bank refused. A rejection without an amount came before the order
// and means the first one.
func (a *account) rejected() int64 {
	sum, rests := a.sum(rejectedPart)
	if rests > 0 && len(a.orders) > 0 {
		sum = max(sum, a.orders[0].amount)
	}
	return min(sum, a.ordered())
}

// settled returns what was settled. A settlement of a whole line means the first order that no
// other one means.
func (a *account) settled() int64 {
	sum, _ := a.sum(settledPart)
	for i := range min(a.whole, len(a.orders)) {
		sum += a.orders[i].amount
	}
	return sum
}

// open returns what is ordered and was neither settled nor rejected.
func (a *account) open() int64 { return a.ordered() - a.rejected() - a.settled() }

// returned returns what came back. A return without an amount means what is left of the first
// order.
func (a *account) returned() int64 {
	sum, rests := a.sum(returnedPart)
	if rests > 0 && len(a.orders) > 0 {
		sum = max(sum, a.orders[0].amount)
	}
	return min(sum, a.ordered())
}

// moves calls yield for each amount that the account takes from a fund on a day; it is negative
// for what becomes free again. Money is free on the day of the return or rejection, and not
// before the day of its order.
func (a *account) moves(yield func(f *fund, on civil.Date, amount int64)) {
	for _, o := range a.orders {
		yield(o.fund, o.on, o.amount)
	}
	if len(a.parts) == 0 || len(a.orders) == 0 {
		return
	}
	parts := slices.Clone(a.parts)
	slices.SortFunc(parts, func(p, q part) int {
		return cmp.Or(cmp.Compare(p.on, q.on), cmp.Compare(p.kind, q.kind), cmp.Compare(p.amount, q.amount))
	})
	left := map[partKind]int64{returnedPart: a.returned(), rejectedPart: a.rejected()}
	explicit := map[partKind]int64{}
	for kind := range left {
		explicit[kind], _ = a.sum(kind)
	}
	at, used := 0, int64(0) // the order from which the next amount is free, and what is free of it
	for _, p := range parts {
		if p.kind == settledPart {
			continue
		}
		amount := p.amount
		if amount == 0 {
			amount = max(a.orders[0].amount-explicit[p.kind], 0)
		}
		amount = min(amount, left[p.kind])
		left[p.kind] -= amount
		for amount > 0 && at < len(a.orders) {
			o := a.orders[at]
			n := min(amount, o.amount-used)
			if n > 0 {
				yield(o.fund, max(p.on, o.on), -n)
			}
			amount -= n
			if used += n; used == o.amount {
				at, used = at+1, 0
			}
		}
	}
}

// account returns the account of the id of line n. The caller may change it.
func (r *run) account(n uint32) account {
	head := r.names.first(n)
	a := account{whole: int(r.line(head).settled), parts: slices.Clone(r.parts[head])}
	for n, ok := head, true; ok; n, ok = r.names.more(n) {
		if l := r.line(n); l.fund != 0 {
			p := r.purses[l.fund-1]
			a.orders = append(a.orders, order{n, l.person, p.fund, p.on, l.amount})
		}
	}
	return a
}
