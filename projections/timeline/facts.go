package timeline

import (
	"hash/fnv"
	"strconv"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// The facts of persons. Each Pack function appends to b what an event, or one
// line of it, says of one person.

// PackVoid packs that the event target, which is about the person, was replaced or
// withdrawn by the event by. It is added at the later of the two.
func PackVoid(b []byte, target, by Ref) []byte {
	b = append(b, tagVoid)
	return appendUint(appendUint(b, target), by)
}

// PackHired packs a hire.placed.
func PackHired(b []byte, post Number, d *events.HirePlaced) []byte {
	b = append(b, tagHired)
	return appendHire(appendUint(b, post), d)
}

// PackExited packs an exit.recorded.
func PackExited(b []byte, post Number, d *events.ExitRecorded) []byte {
	b = append(b, tagExited)
	return appendExit(appendUint(b, post), d)
}

// PackRenewed packs a hire.renewed.
func PackRenewed(b []byte, post Number, d *events.HireRenewed) []byte {
	b = append(b, tagRenewed)
	return appendDate(appendUint(b, post), d.Until)
}

// PackTrained packs a training.completed.
func PackTrained(b []byte, d *events.TrainingCompleted) []byte {
	b = append(b, tagTrained)
	pre := byte(0)
	if d.PreService {
		pre = 1
	}
	return append(appendUint(appendDate(b, d.On), d.Hours), pre)
}

// PackMarks packs a line of a monthly attendance.reported.
func PackMarks(b []byte, post Number, c Calendar, marks string) []byte {
	b = append(b, tagMarks)
	return appendMarks(appendMonth(appendUint(b, post), c.Month), c, marks)
}

// PackMark packs a line of a daily attendance.reported.
func PackMark(b []byte, post Number, on civil.Date, mark string) []byte {
	b = append(b, tagMark)
	r := byte(0)
	if mark != "" {
		r = rank(mark[0])
	}
	return append(appendDate(appendUint(b, post), on), r)
}

// PackInstructed packs a line of a payment.instructed; month is that of the run.
func PackInstructed(b []byte, run, post Number, month civil.Month, d *events.PayLine) []byte {
	b = append(b, tagInstructed)
	if d.Month != 0 {
		month = d.Month
	}
	kind := d.Kind
	if kind == "" {
		kind = "allowance"
	}
	b = appendLine(appendUint(b, run), d.Line)
	b = appendMonth(appendUint(b, post), month)
	return appendUint(appendCode(b, payKinds, kind), d.Amount)
}

// PackSettled packs a line of a payment.settled.
func PackSettled(b []byte, run Number, paidOn civil.Date, d *events.SettledLine) []byte {
	b = append(b, tagSettled)
	b = appendDate(appendLine(appendUint(b, run), d.Line), paidOn)
	return appendUint(b, Fingerprint(d.Account))
}

// PackReturned packs a line of a payment.returned.
func PackReturned(b []byte, run Number, d *events.ReturnedLine) []byte {
	b = append(b, tagReturned)
	return appendDate(appendLine(appendUint(b, run), d.Line), d.On)
}

// PackReversed packs a line of a payment.reversed.
func PackReversed(b []byte, run Number, d *events.ReturnedLine) []byte {
	b = append(b, tagReversed)
	return appendDate(appendLine(appendUint(b, run), d.Line), d.On)
}

// PackAccount packs an account.assigned.
func PackAccount(b []byte, d *events.AccountAssigned) []byte {
	b = append(b, tagAccount)
	return appendDate(appendText(b, d.Account), d.From)
}

// PackRegistry packs a line of a registry.reported.
func PackRegistry(b []byte, registry string, d *events.RegistryLine) []byte {
	b = append(b, tagRegistry)
	return appendDate(appendDate(appendCode(b, registries, registry), d.From), d.Until)
}

// PackMentioned packs an event that belongs to the person's trail and says nothing
// that is counted.
func PackMentioned(b []byte) []byte { return append(b, tagMentioned) }

// Fingerprint returns a number for an account token, 0 for none: equal tokens
// have equal ones. It tells apart the few accounts of one person, and proves
// nothing between persons.
func Fingerprint(token string) uint32 {
	if token == "" {
		return 0
	}
	h := fnv.New32a()
	h.Write([]byte(token))
	return max(h.Sum32(), 1)
}

// appendLine packs the name of a pay line, which is mostly a number.
func appendLine(b []byte, name string) []byte {
	if n, err := strconv.ParseUint(name, 10, 32); err == nil && strconv.FormatUint(n, 10) == name {
		return appendUint(b, n<<1|1)
	}
	return append(appendUint(b, uint64(len(name))<<1), name...)
}

func (r *reader) line() string {
	n := r.uint()
	if n&1 != 0 {
		return strconv.FormatUint(n>>1, 10)
	}
	return string(r.bytes(int(min(n>>1, 1<<20))))
}
