package simulate

import (
	"math/rand/v2"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
)

// A person is somebody who holds, or once held, a seat.
type person struct {
	birth          civil.Date
	county         int32
	serial         int16 // of the identity number; even for women
	phoneOwner     int32 // whose phone and household: the person's own, or the spouse's
	firstPlacement int32 // the first placement
}

func (p person) sex() int { return 1 - int(p.serial%2) }

// A register hands out identity numbers once each.
type idNumberRegister map[uint64]struct{}

func (g idNumberRegister) serial(r *rand.Rand, county int32, birth civil.Date, sex int) (int16, bool) {
	for range 100 {
		n := 1 + r.IntN(998)
		if n%2 == sex { // odd is for men, who are 0
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

// newPerson makes somebody of a group whose age fits on the day from, and goes
// on fitting until the day lasts at least.
func (w *world) newPerson(f *seatFiller, county int32, g *personGroup, from, lasts civil.Date) int32 {
	for {
		sex := boolIndex(f.r.Float64() < femaleShare)
		span := g.spans[sex]
		birth := w.birth(f.r, span, from)
		if g.code == "older" && f.r.Float64() < birthdayShare {
			birth = from.AddMonths(-12 * span.from)
		} else if birth.Month()+civil.Month(12*span.from) >= from.Month() {
			continue // so young that the month alone would not tell
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

// birth draws the birth date of somebody within a span of ages on a day: most
// are near 57, where the span reaches that far.
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

// birthday returns the day on which somebody completes an age.
func birthday(birth civil.Date, age int) civil.Date {
	d := birth.AddMonths(12 * age)
	if birth.Years(d) < age { // of the 29th of February
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

func (w *world) id(person int32) string { return w.ids[18*person : 18*person+18] }

// Phones and accounts are an index scrambled by a factor that has no divisor
// in common with the number of them: no two are equal.

func phone(owner int32) string {
	b := []byte{'1', "35789"[owner%5]}
	return string(appendDigits(b, int(uint64(owner)*387420489%1_000_000_000), 9))
}

func account(person int32, second bool) string {
	b := append([]byte("6217"), byte('0'+boolIndex(second)))
	return string(appendDigits(b, int(uint64(person)*2654435761%100_000_000_000_000), 14))
}

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

// name makes a name of two or three characters of three bytes each.
func (w *world) name(person int32) string {
	d := w.random(forName, int(person))
	char := func(of string) string { i := 3 * d.intn(len(of)/3); return of[i : i+3] }
	name := char(surnames) + char(given)
	if d.chance(.85) {
		name += char(given)
	}
	return name
}
