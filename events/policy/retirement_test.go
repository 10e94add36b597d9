package policy

import (
	"testing"

	"github.com/muster-works/muster/events/civil"
)

// national returns the rises of the national schedule.
func national() []RetirementRise {
	return []RetirementRise{
		{Sex: "M", Age: 60, BornFrom: civil.MustMonth("1965-01"), EveryMonths: 4, MostMonths: 36},
		{Sex: "F", Age: 55, BornFrom: civil.MustMonth("1970-01"), EveryMonths: 4, MostMonths: 36},
		{Sex: "F", Age: 50, BornFrom: civil.MustMonth("1975-01"), EveryMonths: 2, MostMonths: 60},
	}
}

// Goal: the month of retirement is that of the tables published with the national schedule.
// Method: the first and last lines of each table, and lines where the delay changes.
func TestRetirementMonth(t *testing.T) {
	for _, c := range []struct {
		name, sex, born string
		ages            Ages
		want            string
	}{
		{"a man before the rise", "M", "1964-12", Ages{55, 60}, "2024-12"},
		{"the first men to retire later", "M", "1965-01", Ages{55, 60}, "2025-02"},
		{"the last men with one month", "M", "1965-04", Ages{55, 60}, "2025-05"},
		{"the first men with two months", "M", "1965-05", Ages{55, 60}, "2025-07"},
		{"the last men below 63", "M", "1976-08", Ages{55, 60}, "2039-07"},
		{"the first men at 63", "M", "1976-09", Ages{55, 60}, "2039-09"},
		{"a man long after the rise", "M", "1999-12", Ages{55, 60}, "2062-12"},
		{"the first women of 55 to retire later", "F", "1970-01", Ages{55, 60}, "2025-02"},
		{"the first women at 58", "F", "1981-09", Ages{55, 60}, "2039-09"},
		{"the first women of 50 to retire later", "F", "1975-01", Ages{50, 60}, "2025-02"},
		{"the first women of 50 with two months", "F", "1975-03", Ages{50, 60}, "2025-05"},
		{"the first women of 50 at 55", "F", "1984-11", Ages{50, 60}, "2039-11"},
		{"women of an age without a rise", "F", "1990-01", Ages{52, 60}, "2042-01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Pack{Retirement: c.ages, RetirementRises: national()}
			if got := p.RetirementMonth(c.sex, civil.MustMonth(c.born)); got != civil.MustMonth(c.want) {
				t.Errorf("born %s: retires in %s, want %s", c.born, got, c.want)
			}
		})
	}
	before := Pack{Retirement: Ages{55, 60}}
	if got := before.RetirementMonth("M", civil.MustMonth("1970-06")); got != civil.MustMonth("2030-06") {
		t.Errorf("a pack without rises: %s", got)
	}
}

// Goal: the upper age of a group rises with retirement if it is the retirement age, and
// stays as it is otherwise.
// Method: three groups of one pack.
func TestAgeLimitMonth(t *testing.T) {
	p := Pack{Retirement: Ages{55, 60}, RetirementRises: national()}
	rural, urban := AgeSpan{45, 65}, AgeSpan{16, 60}
	for _, c := range []struct {
		name, sex string
		group     Group
		want      string
	}{
		{"a limit above retirement", "M", Group{Male: rural, Female: rural}, "2035-05"},
		{"the limit is retirement", "M", Group{Male: urban, Female: rural}, "2031-10"},
		{"the limit is retirement of the other sex", "F", Group{Male: rural, Female: urban}, "2030-05"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := p.AgeLimitMonth(c.group, c.sex, civil.MustMonth("1970-05")); got != civil.MustMonth(c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// Goal: a group that a pack does not have ends with the last of the groups of the area.
// Method: a pack with two groups of one area.
func TestLastAgeLimitMonth(t *testing.T) {
	p := Pack{Retirement: Ages{55, 60}, Groups: []Group{
		{Code: "younger", Area: "rural", Male: AgeSpan{16, 45}}, {Code: "older", Area: "rural", Male: AgeSpan{45, 65}},
	}}
	for _, c := range []struct{ name, area, group, born, want string }{
		{"a group of the pack", "rural", "younger", "1970-05", "2015-05"},
		{"another group", "rural", "disabled", "1970-05", "2035-05"},
		{"no group", "rural", "", "1970-05", "2035-05"},
		{"another area", "urban", "older", "1970-05", ""},
		{"a birth unknown", "rural", "older", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var born, want civil.Month
			if c.born != "" {
				born = civil.MustMonth(c.born)
			}
			if c.want != "" {
				want = civil.MustMonth(c.want)
			}
			if got := p.LastAgeLimitMonth(c.area, c.group, "M", born); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}
