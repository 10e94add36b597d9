package policy

import (
	"slices"

	"github.com/muster-works/muster/events/division"
)

// Rank returns the rank of an attendance report: the larger one counts. The rank depends on
// whether the report comes of an inspection, and on the level of the divisions for which the
// reporting agency answered. The level 0 is that of a record from before the agency's
// divisions were recorded. It ranks as the unit itself, which is a village. A report whose
// rank the pack does not list has the rank 0, below all that it lists.
func (a *Attendance) Rank(inspection bool, level division.Level) int {
	ranks := a.Ranks
	if len(ranks) == 0 {
		ranks = defaultRanks
	}
	name := level.String()
	switch {
	case inspection:
		name = Inspection
	case level == 0:
		name = division.Village.String()
	}
	i := slices.Index(ranks, name)
	if i < 0 {
		return 0
	}
	return len(ranks) - i
}
