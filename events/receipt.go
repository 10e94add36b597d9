package events

import "github.com/muster-works/muster/events/log"

// A Status is the outcome of a submission.
type Status string

// The statuses.
const (
	Accepted  Status = "accepted"  // the event is in the log at Position, and durable
	Duplicate Status = "duplicate" // an equal event is in the log already, at Position
	Rejected  Status = "rejected"  // the event is not in the log; Reasons say why
)

// A Receipt answers one submitted event.
type Receipt struct {
	ID       string       `json:"id"`
	Source   string       `json:"source"`
	Status   Status       `json:"status"`
	Position log.Position `json:"position,omitzero"`
	Person   Person       `json:"person,omitzero"` // pseudonym of the person that the event is about
	Seat     int          `json:"seat,omitzero"`   // seat of a hire
	Reasons  Reasons      `json:"reasons,omitempty"`
}

// Reject returns the receipt that rejects e for the given reasons.
func Reject(e *Event, r Reasons) Receipt {
	return Receipt{ID: e.ID, Source: e.Source, Status: Rejected, Reasons: r}
}
