package policy

import "github.com/muster-works/muster/events/civil"

// A RetirementRise says how the retirement age of one sex rises with the month of birth.
// People born in BornFrom retire one month later than at Age, and so do those born in the
// EveryMonths - 1 months after it. The next EveryMonths months of birth retire two months
// later, and so on until the delay is MostMonths.
//
// A rise applies if Age is the retirement age of the pack for that sex. So one table serves
// packs that retire women at 50 and packs that retire them at 55.
//
// The national schedule is that of the decision of the Standing Committee of the National
// People's Congress of 2024-09-13 (全国人民代表大会常务委员会关于实施渐进式延迟法定退休年龄的决定)
// with the tables of the State Council (国务院关于渐进式延迟法定退休年龄的办法), from 2025-01-01 on:
//
//	men           60 to 63  born from 1965-01  a month for every four months of birth
//	women         55 to 58  born from 1970-01  a month for every four months of birth
//	women         50 to 55  born from 1975-01  a month for every two months of birth
type RetirementRise struct {
	Sex         string      `json:"sex"`          // F or M
	Age         int         `json:"age"`          // retirement age, in years, that rises
	BornFrom    civil.Month `json:"born_from"`    // first month of birth that retires later
	EveryMonths int         `json:"every_months"` // months of birth that have the same delay
	MostMonths  int         `json:"most_months"`  // longest delay
}

// delay returns by how many months a person born in a month retires later.
func (r *RetirementRise) delay(birth civil.Month) civil.Month {
	if birth < r.BornFrom {
		return 0
	}
	return min(civil.Month(r.MostMonths), (birth-r.BornFrom)/civil.Month(r.EveryMonths)+1)
}

// RetirementMonth returns the month in which a person of a sex (F or M) born in a month
// reaches the retirement age.
func (p *Pack) RetirementMonth(sex string, birth civil.Month) civil.Month {
	age := p.retirementAge(sex)
	for i := range p.RetirementRises {
		if r := &p.RetirementRises[i]; r.Sex == sex && r.Age == age {
			birth += r.delay(birth)
			break
		}
	}
	return birth + civil.Month(12*age)
}

// retirementAge returns the age that rises are added to.
func (p *Pack) retirementAge(sex string) int {
	if sex == "F" {
		return p.Retirement.Female
	}
	return p.Retirement.Male
}

// AgeLimitMonth returns the month in which a person of a sex (F or M) born in a month
// becomes too old for a group. This is the birthday of the age Until of the group. If Until
// is the retirement age of the pack, the limit rises with it. The day of birth is unknown,
// so the person counts as young enough until the end of that month.
func (p *Pack) AgeLimitMonth(g Group, sex string, birth civil.Month) civil.Month {
	until := g.Span(sex).Until
	if until == p.retirementAge(sex) {
		return p.RetirementMonth(sex, birth)
	}
	return birth + civil.Month(12*until)
}

// LastAgeLimitMonth returns the month in which a person becomes too old for a group of an
// area. If the pack has no such group, this is the month in which the person becomes too old
// for the last of the groups of the area. It returns 0 if the month of birth is 0, which is
// unknown, or if the pack has no group for the area.
func (p *Pack) LastAgeLimitMonth(area, group, sex string, birth civil.Month) (limit civil.Month) {
	if birth == 0 {
		return 0
	}
	if g, ok := p.Group(area, group); ok {
		return p.AgeLimitMonth(g, sex, birth)
	}
	for _, g := range p.Groups {
		if g.Area == area {
			limit = max(limit, p.AgeLimitMonth(g, sex, birth))
		}
	}
	return limit
}

// Span returns the ages of the group for a sex, F or M.
func (g *Group) Span(sex string) AgeSpan {
	if sex == "F" {
		return g.Female
	}
	return g.Male
}
