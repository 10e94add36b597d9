package command

import (
	"context"
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
)

// checkOversight refuses e, which corrects the event with number n of another source, if
// the agency of e does not oversee the agency of that event: if the event happened outside
// of the divisions that the agency of e answers for, or if an agency that answers for more
// than these said it. An event that is an overseer's correction itself is corrected by that
// overseer, or by an agency that answers for more.
//
// The gateway has seen to it that the agency has the right to oversee. An event without
// authdivision comes from an operator: from the machine of the deployment, or by an import.
func (h *Handler) checkOversight(ctx context.Context, e *events.Event, n uint32) (events.Reasons, error) {
	original, _, err := h.own.event(ctx, n)
	if err != nil {
		return nil, err
	}
	mine, theirs := e.AuthDivision, original.AuthDivision
	switch {
	case !Covers(mine, string(original.Division)):
		return events.Refusal(NotEntitled, "replacessource", events.Say(
			"names an event of division %s, which lies outside the divisions this agency answers for",
			"所指事件属于行政区划%s，不在本单位管辖范围内", original.Division)), nil
	case theirs != "" && !Covers(mine, theirs):
		return events.Refusal(NotEntitled, "replacessource", events.Say(
			"names an event of an agency that answers for more divisions than this one; %s, or an agency above it, may correct it",
			"所指事件由管辖范围更大的单位报送；只有%s或其上级单位可以更正", original.Source)), nil
	case isOverseers(original) && original.Agency() != e.Agency() && mine != "" && theirs != "" && Covers(theirs, mine):
		return events.Refusal(NotEntitled, "replacessource", events.Say(
			"names a correction by an overseer; %s, or an agency above it, may correct it",
			"所指事件是监督单位作出的更正；只有%s或其上级单位可以更正", original.Source)), nil
	}
	return nil, nil
}

// isOverseers reports whether an event corrects what another source said.
func isOverseers(e *events.Event) bool {
	return e.ReplacesSource != "" && e.ReplacesSource != e.Source
}

// Covers reports whether an agency with this authdivision answers for all divisions with a
// prefix. An event without authdivision comes from an operator, who answers for all.
func Covers(authDivision, prefix string) bool {
	return authDivision == "" || authDivision == division.Everywhere || strings.HasPrefix(prefix, authDivision)
}
