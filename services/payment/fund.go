package payment

import (
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// A fund is earmarked money. Sums are in fen.
type fund struct {
	division    division.Code // for which it was allocated; "" is everywhere, and a fund without allocations
	allocations int           // that are not superseded
	allocated   int64         // sum of the allocations, without what was surrendered
	surrendered int64         // sum of what was handed back
	committed   int64         // sum of the ordered lines, without what was returned, reversed or rejected
	days        []fundDay     // in order; only days on which something changes
	usable      []usable      // allocations that are usable until a day, by that day
}

// A fundDay is what changes in a fund on a day, in fen.
type fundDay struct {
	on                   civil.Date
	allocated, committed int64
}

// A usable is money of allocations that no order after the day until may take.
type usable struct {
	until  civil.Date
	amount int64
}

// left returns what can still be instructed from the fund when all days have come, in fen. In
// record mode it may be negative.
func (f *fund) left() int64 { return f.allocated - f.committed }

// serves reports whether an event of a division may instruct payments from the fund.
func (f *fund) serves(d division.Code) bool { return d == "" || d.Under(string(f.division)) }

// concerns reports whether an event of a division may settle or return lines of the fund: the
// division of the event contains that of the fund, or lies in it.
func (f *fund) concerns(d division.Code) bool {
	return f.serves(d) || f.division.Under(string(d))
}

// change adds to the sums of the fund on a day.
func (f *fund) change(on civil.Date, allocated, committed int64) {
	f.allocated += allocated
	f.committed += committed
	f.days = addDay(f.days, fundDay{on, allocated, committed})
}

// addDay adds a day to days in order. A day on which nothing changes is left out.
func addDay(days []fundDay, d fundDay) []fundDay {
	i, found := slices.BinarySearchFunc(days, d, func(a, b fundDay) int { return int(a.on) - int(b.on) })
	if !found {
		if d.allocated == 0 && d.committed == 0 {
			return days
		}
		return slices.Insert(days, i, d)
	}
	days[i].allocated += d.allocated
	days[i].committed += d.committed
	if days[i].allocated == 0 && days[i].committed == 0 {
		return slices.Delete(days, i, i+1)
	}
	return days
}

// limit adds an amount that is usable until a day; it is negative if an allocation is taken
// back. An allocation without such a day limits nothing.
func (f *fund) limit(until civil.Date, amount int64) {
	if until == 0 || amount == 0 {
		return
	}
	f.usable = addUsable(f.usable, until, amount)
}

func addUsable(all []usable, until civil.Date, amount int64) []usable {
	i, found := slices.BinarySearchFunc(all, until, func(a usable, d civil.Date) int { return int(a.until) - int(d) })
	if !found {
		return slices.Insert(all, i, usable{until, amount})
	}
	if all[i].amount += amount; all[i].amount == 0 {
		return slices.Delete(all, i, i+1)
	}
	return all
}

// shortage returns the first day on which the sums of after leave less than nothing, and less
// than the sums of before; and what before leaves on that day, and what is asked for more.
func shortage(before, after []fundDay) (on civil.Date, left, more int64, short bool) {
	var was, is int64
	for len(before) > 0 || len(after) > 0 {
		next := firstDay(before, after)
		for len(before) > 0 && before[0].on == next {
			was += before[0].allocated - before[0].committed
			before = before[1:]
		}
		for len(after) > 0 && after[0].on == next {
			is += after[0].allocated - after[0].committed
			after = after[1:]
		}
		if is < 0 && is < was {
			return next, was, was - is, true
		}
	}
	return 0, 0, 0, false
}

// firstDay returns the earlier of the first days of two lists, one of which has a day.
func firstDay(a, b []fundDay) civil.Date {
	switch {
	case len(a) == 0:
		return b[0].on
	case len(b) == 0:
		return a[0].on
	}
	return min(a[0].on, b[0].on)
}

// expired returns the last day of money that the orders after it would have to take: the
// orders after the day ask for more than was allocated without that limit. What was surrendered
// is taken to be of the limited money.
func expired(days []fundDay, all []usable, surrendered int64) (until civil.Date, is bool) {
	allocated, committed := surrendered, int64(0)
	for _, d := range days {
		allocated += d.allocated
	}
	i := len(days)
	limited := int64(0) // usable until u[k] or before
	for _, u := range all {
		limited += u.amount
	}
	gross := allocated
	for k := len(all) - 1; k >= 0; k-- {
		for i > 0 && days[i-1].on > all[k].until {
			i--
			committed += days[i].committed
		}
		if committed > 0 && committed > gross-limited {
			return all[k].until, true
		}
		limited -= all[k].amount
	}
	return 0, false
}
