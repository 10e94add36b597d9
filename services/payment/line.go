package payment

// A line is what stands under one line id: who is paid what, from which fund,
// and how often that was settled and returned.
//
// In record mode an id may be instructed twice, and each time takes a line.
// The first line under the id is its head: it counts for the id, and may do so
// before any instruction came. What is settled and what comes back is the
// earliest line under the id that stands.
type line struct {
	person   uint32 // in State.persons
	fund     uint32 // of the run's funds, 0 when no instruction stands
	amount   int64
	settled  uint32 // of a head
	returned uint32 // of a head
}

const (
	maxAmount = 1<<50 - 1
	maxCount  = 127
)

// instruct makes the line one that is paid from a fund.
func (l line) instruct(fund, person uint32, amount int64) line {
	l.fund, l.person, l.amount = fund, person, min(max(amount, 0), maxAmount)
	return l
}

// settle and giveBack count by n, 1 or -1. A count that has reached its end
// stays there: the line is settled or returned for good.
func (l line) settle(n int) line {
	l.settled = count(l.settled, n)
	return l
}

func (l line) giveBack(n int) line {
	l.returned = count(l.returned, n)
	return l
}

func count(now uint32, n int) uint32 {
	if now == maxCount || int(now)+n < 0 {
		return now
	}
	return uint32(int(now) + n)
}

// A packed line has 27 bits of the person, 24 of the amount (up to 167,772
// yuan), 5 of the fund and 3 of each count. What does not fit is wide, and
// kept beside the lines.
type packed uint64

const (
	personBits, amountBits, fundBits, countBits = 27, 24, 5, 3

	amountShift   = personBits
	fundShift     = amountShift + amountBits
	settledShift  = fundShift + fundBits
	returnedShift = settledShift + countBits

	wide packed = 1 << 63
)

func pack(l line) packed {
	if l.person>>personBits|l.fund>>fundBits|l.settled>>countBits|l.returned>>countBits != 0 || l.amount>>amountBits != 0 {
		return wide
	}
	return packed(l.person) | packed(l.amount)<<amountShift | packed(l.fund)<<fundShift |
		packed(l.settled)<<settledShift | packed(l.returned)<<returnedShift
}

func (p packed) line() line {
	return line{
		person: uint32(p & (1<<personBits - 1)), amount: int64(p >> amountShift & (1<<amountBits - 1)),
		fund:    uint32(p >> fundShift & (1<<fundBits - 1)),
		settled: uint32(p >> settledShift & (1<<countBits - 1)), returned: uint32(p >> returnedShift & (1<<countBits - 1)),
	}
}
