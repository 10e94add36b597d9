package payroll

import (
	"math/big"

	"github.com/muster-works/muster/events"
)

// earned is what a person-month was worth.
type earned struct {
	entitled     events.Fen
	disputedDays int
	disputed     events.Fen
}

// earn returns what the days of a month are worth: for each day standard ÷ required days,
// as far as the mark of the day counts, by the rules that are in force on that day. At most
// the required days count: if more were attended, each counts for so much less. The sum is
// rounded half up to the fen. Nothing is earned on days on which no pack is in force or no
// days are required.
func earn(periods []period, d *days) earned {
	var few [4]share
	worth, stake := few[:0:2], few[2:2]
	days := 0
	for i := range periods {
		p := &periods[i]
		if p.pack == nil || p.required == 0 {
			continue
		}
		v := d.value(p)
		worth, stake = append(worth, p.share(v.hundredths)), append(stake, p.share(v.stake))
		days += v.disputed
	}
	return earned{total(worth, true), days, total(stake, false)}
}

// A share is a part of the worth of a month: so many hundredths of a day under a standard
// and required days.
type share struct{ standard, required, hundredths int64 }

// total returns the worth of shares in fen, rounded half up. If capped, shares that are more
// than a whole month together are worth a month in the same proportions.
func total(shares []share, capped bool) events.Fen {
	if len(shares) == 0 {
		return 0
	}
	sum, hundredths, whole := int64(0), int64(0), 100*shares[0].required
	for _, s := range shares {
		if s.required != shares[0].required {
			return exactTotal(shares, capped)
		}
		sum, hundredths = sum+s.standard*s.hundredths, hundredths+s.hundredths
	}
	if capped {
		whole = max(whole, hundredths)
	}
	return events.Fen((2*sum + whole) / (2 * whole))
}

// exactTotal is total for shares with different required days.
func exactTotal(shares []share, capped bool) events.Fen {
	sum, months := new(big.Rat), new(big.Rat)
	for _, s := range shares {
		part := big.NewRat(s.hundredths, 100*s.required)
		months.Add(months, part)
		sum.Add(sum, part.Mul(part, new(big.Rat).SetInt64(s.standard)))
	}
	if capped && months.Cmp(big.NewRat(1, 1)) > 0 {
		sum.Quo(sum, months)
	}
	sum.Add(sum, big.NewRat(1, 2))
	return events.Fen(new(big.Int).Div(sum.Num(), sum.Denom()).Int64())
}
