package timeline

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/muster-works/muster/events/civil"
)

// Version is the version of the packed form. Rows written with another version
// are never read; the read model must be rebuilt.
//
// Version 5: attendance has the authority that reported it. Hires say whether they stand
// in, exits whether their day is estimated; groups change and people are suspended.
const Version = 5

// ErrDamaged reports that packed facts cannot be read, because the read model
// is damaged or was written by another version. Rebuilding the read model mends
// it.
var ErrDamaged = errors.New("timeline: packed facts are damaged")

// These lists hold the common texts of each field. A text in a list is packed
// as its index; any other text is written out. The indexes are stored, so
// entries may be appended but never moved or removed.
var (
	categories = []string{"", "public_management", "public_service", "social_undertaking", "facility_maintenance", "social_governance"}
	areas      = []string{"", "rural", "urban"}
	groups     = []string{"", "older", "out_of_poverty", "low_income", "disabled", "zero_employment_family", "other"}
	sexes      = []string{"", "F", "M"}
	kinds      = []string{"", "natural", "dismissal"}
	estimates  = []string{"", "month", "year"}
	payKinds   = []string{"", "allowance", "arrears", "insurance", "delay_compensation"}
	registries = []string{"", "death", "pension", "insurance", "business", "fiscal", "custody"}
)

const written = 0xff // in place of an index: the text is not in the list and follows

// Dates and months are packed as their distance from these bases. A date takes
// two bytes within 22 years of the base, and a month takes one byte within five
// years of the base.
const (
	baseDate  civil.Date  = 737425 // 2020-01-01
	baseMonth civil.Month = 12 * 2020
)

func appendDate(b []byte, d civil.Date) []byte   { return appendNear(b, int64(d), int64(baseDate)) }
func appendMonth(b []byte, m civil.Month) []byte { return appendNear(b, int64(m), int64(baseMonth)) }

// appendNear packs 0 as 0 and any other value as its distance from base.
func appendNear(b []byte, v, base int64) []byte {
	if v == 0 {
		return append(b, 0)
	}
	v -= base
	return binary.AppendUvarint(b, uint64(v<<1^v>>63)+1)
}

func (r *reader) near(base int64) int64 {
	v := r.uint()
	if v == 0 {
		return 0
	}
	v--
	return int64(v>>1) ^ -int64(v&1) + base
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendCode(b []byte, list []string, s string) []byte {
	if i := slices.Index(list, s); i >= 0 {
		return append(b, byte(i))
	}
	return appendText(append(b, written), s)
}

// A reader decodes packed facts. When the input is damaged, the reader sets
// bad, and every later read returns a zero value.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) more() bool { return len(r.b) > 0 && !r.bad }

func (r *reader) uint() uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 {
		v := r.b[0]
		r.b = r.b[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) int() int           { return int(r.uint()) }
func (r *reader) date() civil.Date   { return civil.Date(r.near(int64(baseDate))) }
func (r *reader) month() civil.Month { return civil.Month(r.near(int64(baseMonth))) }
func (r *reader) ref() Ref           { return Ref(r.uint()) }

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) text() string { return string(r.bytes(r.int())) }

func (r *reader) code(list []string) string {
	i := r.byte()
	if i == written {
		return r.text()
	}
	if int(i) >= len(list) {
		r.bad = true
		return ""
	}
	return list[i]
}
