package timeline

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
)

// An Authority says who reported attendance: the level of the divisions for which the agency
// answered, in the low three bits, and whether the report comes of an inspection, in the
// fourth. The level is 0 in records of before the agency's divisions were recorded. An
// Authority is packed as one byte.
//
// Which of two authorities counts is for the policy pack of the day to say, and not for a
// timeline, see [policy.Attendance.Rank].
type Authority uint8

const inspection Authority = 1 << 3

// AuthorityOf returns the authority of a sheet: of the capacity in which it was reported and
// the prefix of the agency's divisions.
func AuthorityOf(e *events.Event, d *events.AttendanceReported) Authority {
	var a Authority
	if e.AuthDivision != "" {
		a = Authority(division.LevelOfPrefix(e.AuthDivision))
	}
	if d.Capacity == policy.Inspection {
		a |= inspection
	}
	return a
}

// Inspection reports whether the report comes of an inspection.
func (a Authority) Inspection() bool { return a&inspection != 0 }

// Level returns the level of the agency's divisions, and 0 if it is unknown.
func (a Authority) Level() division.Level { return division.Level(a &^ inspection) }
