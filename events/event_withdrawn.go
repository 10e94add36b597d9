package events

import (
	"github.com/muster-works/muster/events/division"
)

// EventWithdrawnType is the type of [EventWithdrawn].
const EventWithdrawnType Type = "event.withdrawn"

// EventWithdrawn takes back an own event of the same source.
type EventWithdrawn struct {
	Of     Type   `json:"type"` // type of the event withdrawn
	ID     string `json:"id"`   // id of the event withdrawn
	Reason string `json:"reason"`
}

// Type implements [Data].
func (*EventWithdrawn) Type() Type { return EventWithdrawnType }

// BusinessDate implements [Data].
func (*EventWithdrawn) BusinessDate() string { return "" }

// Days implements [Data].
func (*EventWithdrawn) Days(Horizon) {}

// Clone implements [Data].
func (d *EventWithdrawn) Clone() Data { return new(*d) }

// About implements [Data].
func (*EventWithdrawn) About() *Who { return nil }

// PersonLines implements [Data].
func (*EventWithdrawn) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*EventWithdrawn) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*EventWithdrawn) Place() *division.Code { return nil }

func (*EventWithdrawn) private() *string { return nil }

func (d *EventWithdrawn) check(c *checker) {
	c.oneOf("type", string(d.Of), withdrawable()...)
	c.name("id", d.ID)
	c.freeWords("reason", &d.Reason, Person{})
}

// withdrawable returns the names of the event types that can be withdrawn: every type
// that agencies submit, except event.withdrawn.
func withdrawable() (names []string) {
	for _, t := range Types() {
		if f := t.Family(); f != "" && f != Gateway {
			names = append(names, string(t))
		}
	}
	return names
}
