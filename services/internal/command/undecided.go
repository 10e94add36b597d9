package command

import "github.com/muster-works/muster/events"

// Undecided refuses an event that a service has no rule about. A decider calls it for
// each event that none of its cases took, so that a new type is not recorded before the
// service decides it. It returns nil for a withdrawal, which every service takes.
func Undecided(e *events.Event) events.Reasons {
	if e.Type == events.EventWithdrawnType {
		return nil
	}
	return events.Refusal(events.UnknownType, "type", events.Say(
		"is not decided by this version of the service %s; a newer version may take it",
		"此版本的%s服务不受理该类型；较新的版本也许受理", e.Family()))
}

// DecideWithdrawal is the decision of a decider that has no rule about withdrawals: it
// accepts a withdrawal, and refuses every other event as [Undecided].
func DecideWithdrawal(e *events.Event) (*events.Event, events.Reasons) {
	if refused := Undecided(e); refused != nil {
		return nil, refused
	}
	return e, nil
}
