package policy

import (
	"slices"

	"github.com/muster-works/muster/events/division"
)

// Rank returns the rank of an attendance report: the larger one counts. The rank depends on
// the capacity in which the report was made, which is [Inspection] or empty, and on the
// prefix of the divisions for which the reporting agency answered. An empty prefix is that
// of a record from before the prefix was recorded, and ranks as the unit itself, which is a
// village. A rank that the pack does not list is 0, below all that it lists.
func (a *Attendance) Rank(capacity, prefix string) int {
	ranks := a.Ranks
	if len(ranks) == 0 {
		ranks = defaultRanks
	}
	i := slices.Index(ranks, rankName(capacity, prefix))
	if i < 0 {
		return 0
	}
	return len(ranks) - i
}

// rankName returns the name of a rank as packs list it.
func rankName(capacity, prefix string) string {
	switch {
	case capacity == Inspection:
		return Inspection
	case prefix == "":
		return division.Village.String()
	}
	return division.LevelOfPrefix(prefix).String()
}
