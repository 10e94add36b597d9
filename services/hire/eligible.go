package hire

import (
	"fmt"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
)

// eligible holds a hire to the pack in force. It returns all that is wrong.
func eligible(pack *policy.Pack, area string, d *events.HirePlaced) (reasons events.Reasons) {
	refuse := func(bad bool, code events.Code, field, detail string, args ...any) {
		if bad {
			reasons = append(reasons, events.Reason{Code: code, Field: field, Detail: fmt.Sprintf(detail, args...)})
		}
	}
	female := d.Sex == "F"
	if group, ok := pack.Group(area, d.Group); !ok {
		refuse(true, GroupUnknown, "data.group", "is %s, and the policy pack %s has no such group in %s areas", d.Group, pack.Version, area)
	} else if d.BirthMonth != 0 {
		span := group.Male
		if female {
			span = group.Female
		}
		young, old := ages(d.BirthMonth, d.From)
		refuse(!span.Holds(young) && !span.Holds(old), AgeOutside, "data.group",
			"is %s, which takes ages from %d until the birthday of %d; the person is %d on %s", d.Group, span.From, span.Until, young, d.From)
	}
	if d.Until == 0 {
		refuse(true, TermMissing, "data.until", "is required: the end of the agreed term")
	} else {
		reasons = append(reasons, term(pack, d.From, d.Until, d.BirthMonth, female)...)
	}
	if p := d.Publicity; pack.Publicity.Days > 0 {
		refuse(p == nil, PublicityMissing, "data.publicity", "is required: %d days at least, ended before the on-duty day", pack.Publicity.Days)
		refuse(p != nil && int(p.Until-p.From) < pack.Publicity.Days, PublicityShort, "data.publicity.until", "must lie at least %d days after data.publicity.from", pack.Publicity.Days)
		refuse(p != nil && p.Until > d.From, PublicityLate, "data.publicity.until", "is the first day after the publicity and must not lie after the on-duty day %s", d.From)
	}
	if a := d.Agreement; pack.Agreement.Required {
		refuse(a == nil, AgreementMissing, "data.agreement", "is required: number and the day it was signed")
		refuse(a != nil && a.Signed > d.From, AgreementLate, "data.agreement.signed", "must not lie after the on-duty day %s", d.From)
	}
	refuse(d.Review == nil, ReviewMissing, "data.review", "is required: the day the person's papers were checked")
	refuse(d.Review != nil && d.Review.On > d.From, ReviewLate, "data.review.on", "must not lie after the on-duty day %s", d.From)
	return reasons
}

// ages returns the youngest and the oldest that a person born in a month can
// be on a day.
func ages(born civil.Month, on civil.Date) (young, old int) {
	return (born.First() + civil.Date(born.Days()) - 1).Years(on), born.First().Years(on)
}

// term checks the end of a term that began on from. Someone with few years to
// retirement may stay until then.
func term(pack *policy.Pack, from, until civil.Date, born civil.Month, female bool) events.Reasons {
	limit := from.AddMonths(pack.Term.Months)
	if born != 0 {
		age := pack.Retirement.Male
		if female {
			age = pack.Retirement.Female
		}
		// The month after that of the birthday: the day is not known.
		retires := (born + civil.Month(12*age) + 1).First()
		if retires > limit && retires.AddMonths(-12*pack.Term.NearRetirementYears-1) <= from {
			limit = retires
		}
	}
	if until <= limit {
		return nil
	}
	return events.Refuse(TermTooLong, "data.until", fmt.Sprintf("must not lie after %s: %d months, or to retirement where that is %d years off at most",
		limit, pack.Term.Months, pack.Term.NearRetirementYears))
}
