package simulate

import (
	"math/rand/v2"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
)

// A person is a person who holds or held a seat.
type person struct {
	birth          civil.Date
	county         int32
	serial         int16 // serial number in the identity number; even for women
	phoneOwner     int32 // the person whose phone and household this is: the person or the spouse
	firstPlacement int32 // the first placement of the person
}

// sex returns 0 for men and 1 for women.
func (p person) sex() int { return 1 - int(p.serial%2) }

// An idNumberRegister hands out each identity number once.
type idNumberRegister map[uint64]struct{}

// serial returns a free serial number for a county, birth date and sex. It returns
// false if it finds none.
func (g idNumberRegister) serial(r *rand.Rand, county int32, birth civil.Date, sex int) (int16, bool) {
	for range 100 {
		n := 1 + r.IntN(998)
		if n%2 == sex { // odd numbers are for men, whose sex is 0
			n++
		}
		key := uint64(county)<<48 | uint64(birth)<<16 | uint64(n)
		if _, taken := g[key]; !taken {
			g[key] = struct{}{}
			return int16(n), true
		}
	}
	return 0, false
}

// newPerson makes a person of a group whose age fits the group on the day from and
// until the day lasts at least.
func (w *world) newPerson(f *seatFiller, county int32, g *personGroup, from, lasts civil.Date) int32 {
	for {
		sex := boolIndex(f.r.Float64() < femaleShare)
		span := g.spans[sex]
		birth := w.birth(f.r, span, from)
		if g.code == "older" && f.r.Float64() < birthdayShare {
			birth = from.AddMonths(-12 * span.from)
		} else if birth.Month()+civil.Month(12*span.from) >= from.Month() {
			continue // the birth month alone would not tell that the person is old enough
		}
		if leaves := birthday(birth, span.until); leaves < from+60 || leaves <= lasts || birth.Years(from) < span.from {
			continue
		}
		serial, ok := f.register.serial(f.r, county, birth, sex)
		if !ok {
			continue
		}
		i := int32(len(w.people))
		w.people = append(w.people, person{birth: birth, county: county, serial: serial, phoneOwner: i, firstPlacement: -1})
		return i
	}
}

// birth draws the birth date of a person whose age is in a span on a day. Most are near
// 57, if the span reaches that far.
func (w *world) birth(r *rand.Rand, s ageSpan, on civil.Date) civil.Date {
	age := 0.0
	for range 50 {
		if s.until < 65 {
			age = float64(s.from) + r.Float64()*float64(s.until-s.from)
		} else {
			age = triangular(r.Float64(), 16, 57, 65)
		}
		if age >= float64(s.from) && age < float64(s.until) {
			break
		}
		age = float64(s.from) + r.Float64()*float64(s.until-s.from)
	}
	return on - civil.Date(age*365.2425)
}

// birthday returns the day on which a person completes an age.
func birthday(birth civil.Date, age int) civil.Date {
	d := birth.AddMonths(12 * age)
	if birth.Years(d) < age { // born on 29 February
		d++
	}
	return d
}

// identify writes the identity numbers of all people.
func (w *world) identify() {
	b := make([]byte, 0, 18*len(w.people))
	for _, p := range w.people {
		start := len(b)
		b = append(b, w.counties[p.county].code[:6]...)
		y, m, d := p.birth.Split()
		b = appendDigits(b, y, 4)
		b = appendDigits(b, int(m), 2)
		b = appendDigits(b, d, 2)
		b = appendDigits(b, int(p.serial), 3)
		b = append(b, idnumber.Check(string(b[start:])))
	}
	w.ids = string(b)
}

// id returns the identity number of a person.
func (w *world) id(person int32) string { return w.ids[18*person : 18*person+18] }

// The numbers of phones and accounts are an index times a factor that has no divisor in
// common with how many numbers there are, so that no two are equal.

// phone returns the phone number of a person.
func phone(owner int32) string {
	b := []byte{'1', "35789"[owner%5]}
	return string(appendDigits(b, int(uint64(owner)*387420489%1_000_000_000), 9))
}

// account returns the account number of a person. second selects the account of the
// card that replaced the first.
func account(person int32, second bool) string {
	b := append([]byte("6217"), byte('0'+boolIndex(second)))
	return string(appendDigits(b, int(uint64(person)*2654435761%100_000_000_000_000), 14))
}

// appendDigits appends n in decimal with width digits.
func appendDigits(b []byte, n, width int) []byte {
	start := len(b)
	for range width {
		b = append(b, '0')
	}
	for i := len(b) - 1; i >= start; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}

const (
	surnames = "王李张刘陈杨赵孙周吴徐高林朱马胡郭宋郑于丁姜曲孔孟董袁韩冯崔"
	given    = "秀英华玉兰明建国桂芳军平红梅春生志强丽娟海燕福庆德成淑珍永凤霞文金月庭树新宝长云"
)

// name returns a name of two or three characters of three bytes each.
func (w *world) name(person int32) string {
	d := w.random(forName, int(person))
	char := func(of string) string { i := 3 * d.intn(len(of)/3); return of[i : i+3] }
	name := char(surnames) + char(given)
	if d.chance(.85) {
		name += char(given)
	}
	return name
}
