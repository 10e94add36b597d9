package payment

// A line is one line of a pay run: who is paid how much, from which fund on which day, and how
// often it was settled whole. What became of parts of it is in run.parts.
//
// In record mode a line id may be instructed twice; each instruction is a line of its own. The
// first line under an id is its head. The head counts the settlements of the id and holds its
// parts, even those that came before any instruction. See [account].
type line struct {
	person  uint32 // number in State.persons
	fund    uint32 // index in run.purses plus 1; 0 if the line is not instructed
	amount  int64  // fen
	settled uint32 // times; counted at the head
}

const (
	maxAmount = 1<<50 - 1 // fen
	maxCount  = 127
)

// instruct returns the line as instructed from a fund. Fund 0 takes the instruction back.
func (l line) instruct(fund, person uint32, amount int64) line {
	l.fund, l.person, l.amount = fund, person, min(max(amount, 0), maxAmount)
	return l
}

// settle adds n, which is 1 or -1, to the number of settlements.
func (l line) settle(n int) line {
	l.settled = count(l.settled, n)
	return l
}

// count adds n to a count. A count that has reached maxCount stays there for ever, since it no
// longer knows how often it was exceeded. No count falls below 0.
func count(now uint32, n int) uint32 {
	if now == maxCount || int(now)+n < 0 {
		return now
	}
	return uint32(int(now) + n)
}

// A packed line is a line in 8 bytes:
//
//	┌──────┬────────┬─────────┬───────┬────────┬────────┐
//	│ wide │ unused │ settled │ fund  │ amount │ person │
//	└──────┴────────┴─────────┴───────┴────────┴────────┘
//	  63     62…59    58…56     55…51   50…27    26…0
//
// An amount of 24 bits is up to 167,772 yuan. If a line does not fit, only the bit wide is set,
// and the line is kept in run.wide.
type packed uint64

const (
	personBits, amountBits, fundBits, countBits = 27, 24, 5, 3

	amountShift  = personBits
	fundShift    = amountShift + amountBits
	settledShift = fundShift + fundBits

	wide packed = 1 << 63
)

// pack packs a line; the result is wide if the line does not fit.
func pack(l line) packed {
	if l.person>>personBits|l.fund>>fundBits|l.settled>>countBits != 0 || l.amount>>amountBits != 0 {
		return wide
	}
	return packed(l.person) | packed(l.amount)<<amountShift | packed(l.fund)<<fundShift | packed(l.settled)<<settledShift
}

// line unpacks a line that is not wide.
func (p packed) line() line {
	return line{
		person: uint32(p & (1<<personBits - 1)), amount: int64(p >> amountShift & (1<<amountBits - 1)),
		fund:    uint32(p >> fundShift & (1<<fundBits - 1)),
		settled: uint32(p >> settledShift & (1<<countBits - 1)),
	}
}
