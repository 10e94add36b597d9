// Package erasures reads back from the log who was erased. The log is what counts:
// an erasure is in the log before the vault deletes anything, so a vault that has
// missed one, or was restored from an older copy, can be brought up to date.
//
// A [Register] holds the certificates of all erasures that it has read. It reads on
// when the vault has lost a person whom it does not know of, which happens when
// another gateway of the same vault has erased somebody.
package erasures

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/vault"
)

// A History is the log as far as the gateway reads it back.
type History interface {
	Read(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error]
	Head(ctx context.Context, f log.Filter) (log.Position, log.Revision, error)
}

// A Certificate says that a person was erased: the event that is in the log,
// and what is gone from the vault because of it. It names nobody.
type Certificate struct {
	Person   events.Person `json:"person"`
	Reason   string        `json:"reason"`
	By       string        `json:"by"` // the agency that asked for it
	Position log.Position  `json:"position"`
	Recorded time.Time     `json:"recordedtime"` // by the log's clock
	Commit   string        `json:"commit"`
	// Destroyed is what this call destroyed: of somebody who was erased before,
	// nothing more.
	Destroyed vault.Destroyed `json:"destroyed"`
}

var (
	ownEvents = log.Filter{Boundary: events.Gateway.Boundary()}
	// erasedType stands in every record of a person.erased. The records of other
	// types are passed over without decoding them.
	erasedType = []byte(`"` + events.PersonErasedType + `"`)
)

// After yields the certificates of the erasures after a position, in log order.
// It ends with the first error.
func After(ctx context.Context, h History, from log.Position) iter.Seq2[Certificate, error] {
	return func(yield func(Certificate, error) bool) {
		var clock log.Clock
		for c, err := range h.Read(ctx, from, ownEvents) {
			if err != nil {
				yield(Certificate{}, err)
				return
			}
			recorded := clock.Recorded(c)
			for i, raw := range c.Events {
				if !bytes.Contains(raw, erasedType) {
					continue
				}
				e, err := events.Decode(raw)
				if err != nil {
					yield(Certificate{}, fmt.Errorf("event at %s: %w", c.Position.Event(i), err))
					return
				}
				d, ok := e.Data.(*events.PersonErased)
				if ok && !yield(Certificate{Person: d.Person, Reason: d.Reason, By: e.AuthID,
					Position: c.Position.Event(i), Recorded: recorded, Commit: c.ID}, nil) {
					return
				}
			}
		}
	}
}

// Head returns the position of the last commit of the gateway's own events.
func Head(ctx context.Context, h History) (log.Position, error) {
	head, _, err := h.Head(ctx, ownEvents)
	return head, err
}
