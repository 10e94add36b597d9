package timeline

import (
	"strconv"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// Each Pack function appends to b the Rest of a Fact, which is the content of an
// event or of one line of an event. The Tag of the Fact has the name of the
// function: PackHired belongs to TagHired. PackReturned serves TagReversed, too.

// PackDeveloped packs a post.developed. If the data has no division, the
// division of the event, at, is packed. The agency is the one responsible for
// the post.
func PackDeveloped(b []byte, at division.Code, agency string, d *events.PostDeveloped) []byte {
	if d.Division != "" {
		at = d.Division
	}
	b = appendText(b, string(at))
	b = appendCode(b, categories, d.Category)
	b = appendText(b, d.Kind)
	b = appendCode(b, areas, d.Area)
	b = appendText(b, d.Employer)
	b = appendText(b, d.Fund)
	b = appendUint(b, d.Seats)
	b = appendDate(b, d.From)
	b = appendDate(b, d.Until)
	b = appendUint(b, d.Standard)
	b = appendUint(b, d.RequiredDays)
	return appendText(b, agency)
}

// PackResized packs a post.resized.
func PackResized(b []byte, d *events.PostResized) []byte {
	return appendUint(appendDate(b, d.From), d.Seats)
}

// PackClosed packs a post.closed.
func PackClosed(b []byte, d *events.PostClosed) []byte { return appendDate(b, d.On) }

// PackChanged packs a post.changed. What it does not change is empty. The title is left out.
func PackChanged(b []byte, d *events.PostChanged) []byte {
	b = appendText(appendDate(b, d.On), string(d.Division))
	b = appendCode(b, categories, d.Category)
	b = appendText(b, d.Kind)
	b = appendCode(b, areas, d.Area)
	b = appendText(appendText(b, d.Employer), d.Fund)
	return appendUint(appendUint(b, d.Standard), d.RequiredDays)
}

// PackHired packs a hire.placed.
func PackHired(b []byte, d *events.HirePlaced) []byte {
	seat := d.Seat << 1
	if d.StandingInFor != (events.Person{}) {
		seat |= 1
	}
	b = appendUint(b, seat)
	b = appendDate(b, d.From)
	b = appendDate(b, d.Until)
	b = appendCode(b, groups, d.Group)
	b = appendCode(b, sexes, d.Sex)
	return appendMonth(b, d.BirthMonth)
}

// PackExited packs an exit.recorded.
func PackExited(b []byte, d *events.ExitRecorded) []byte {
	return appendCode(appendText(appendCode(appendDate(b, d.On), kinds, d.Kind), d.Code), estimates, d.Estimated)
}

// PackRenewed packs a hire.renewed.
func PackRenewed(b []byte, d *events.HireRenewed) []byte { return appendDate(b, d.Until) }

// PackGroupChanged packs a hire.changed.
func PackGroupChanged(b []byte, d *events.HireChanged) []byte {
	return appendCode(appendDate(b, d.On), groups, d.Group)
}

// PackSuspended packs a hire.suspended.
func PackSuspended(b []byte, d *events.HireSuspended) []byte {
	return appendDate(appendDate(b, d.From), d.Until)
}

// PackResumed packs a hire.resumed.
func PackResumed(b []byte, d *events.HireResumed) []byte { return appendDate(b, d.On) }

// PackIdentified packs a person.identified that gives the person another number.
func PackIdentified(b []byte, d *events.PersonIdentified) []byte {
	restates := byte(0)
	if d.Restates() {
		restates = 1
	}
	return appendMonth(appendCode(append(appendDate(b, d.On), restates), sexes, d.Sex), d.BirthMonth)
}

// PackTrained packs a training.completed.
func PackTrained(b []byte, d *events.TrainingCompleted) []byte {
	pre := byte(0)
	if d.PreService {
		pre = 1
	}
	return append(appendUint(appendDate(b, d.On), d.Hours), pre)
}

// PackMarks packs a line of a monthly attendance.reported, which by says.
func PackMarks(b []byte, by Authority, c *Calendar, marks string) []byte {
	return appendMarks(append(appendMonth(b, c.Month), byte(by)), c, marks)
}

// PackMark packs a line of a daily attendance.reported, which by says.
func PackMark(b []byte, by Authority, on civil.Date, mark string) []byte {
	r := byte(0)
	if mark != "" {
		r = ranks[mark[0]]
	}
	return append(appendDate(b, on), byte(by), r)
}

// PackInstructed packs a line of a payment.instructed; month is the month of
// the run, and on the day of the order.
func PackInstructed(b []byte, month civil.Month, on civil.Date, d *events.PayLine) []byte {
	if d.Month != 0 {
		month = d.Month
	}
	kind := d.Kind
	if kind == "" {
		kind = "allowance"
	}
	b = appendMonth(appendLine(b, d.Line), month)
	return appendDate(appendUint(appendCode(b, payKinds, kind), d.Amount), on)
}

// PackSettled packs a line of a payment.settled.
func PackSettled(b []byte, paidOn civil.Date, d *events.SettledLine) []byte {
	return appendUint(appendUint(appendDate(appendLine(b, d.Line), paidOn), Fingerprint(d.Account)), d.Amount)
}

// PackReturned packs a line of a payment.returned or payment.reversed.
func PackReturned(b []byte, d *events.ReturnedLine) []byte {
	return appendUint(appendDate(appendLine(b, d.Line), d.On), d.Amount)
}

// PackRejected packs a line of a payment.rejected.
func PackRejected(b []byte, on civil.Date, d *events.RejectedLine) []byte {
	return appendUint(appendDate(appendLine(b, d.Line), on), d.Amount)
}

// PackAccount packs an account.assigned.
func PackAccount(b []byte, d *events.AccountAssigned) []byte {
	return appendDate(appendText(b, d.Account), d.From)
}

// PackRegistry packs a line of a registry.reported.
func PackRegistry(b []byte, registry string, d *events.RegistryLine) []byte {
	return appendDate(appendDate(appendCode(b, registries, registry), d.From), d.Until)
}

// Fingerprint returns a number for an account token, and 0 for the empty token.
// Equal tokens have equal fingerprints. Fingerprints distinguish the few
// accounts of one person; equal fingerprints of two persons do not prove that
// the persons share an account.
func Fingerprint(token string) uint32 {
	if token == "" {
		return 0
	}
	h := uint32(2166136261) // FNV-1a
	for i := range len(token) {
		h = (h ^ uint32(token[i])) * 16777619
	}
	return max(h, 1)
}

// appendLine packs the name of a pay line. Most names are decimal numbers,
// which are packed as such.
func appendLine(b []byte, name string) []byte {
	if n, ok := number(name); ok {
		return appendUint(b, n<<1|1)
	}
	return append(appendUint(b, uint64(len(name))<<1), name...)
}

// number returns the number that name denotes. It reports false if name is not
// the decimal form, without leading zeros, of a number of at most 32 bits.
func number(name string) (n uint64, ok bool) {
	if name == "" || len(name) > 10 || name[0] == '0' && len(name) > 1 {
		return 0, false
	}
	for i := range len(name) {
		c := name[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = 10*n + uint64(c)
	}
	return n, n < 1<<32
}

func (r *reader) line() string {
	n := r.uint()
	if n&1 != 0 {
		return strconv.FormatUint(n>>1, 10)
	}
	return string(r.bytes(int(min(n>>1, 1<<20))))
}
