package events

import "github.com/muster-works/muster/events/log"

// A Status is what became of a submission.
type Status string

// The statuses.
const (
	Accepted  Status = "accepted"  // in the log, fsynced, at Position
	Duplicate Status = "duplicate" // an equal event is in the log already, at Position
	Rejected  Status = "rejected"  // not in the log; Reasons say why
)

// A Receipt answers one submitted event.
type Receipt struct {
	ID       string       `json:"id"`
	Source   string       `json:"source"`
	Status   Status       `json:"status"`
	Position log.Position `json:"position,omitzero"`
	Person   Person       `json:"person,omitzero"` // the pseudonym of the person the event is about
	Seat     int          `json:"seat,omitzero"`   // the seat given to a hire
	Reasons  Reasons      `json:"reasons,omitempty"`
}

// Reject answers e with reasons.
func Reject(e *Event, r Reasons) Receipt {
	return Receipt{ID: e.ID, Source: e.Source, Status: Rejected, Reasons: r}
}
