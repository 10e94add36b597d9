package runner

import (
	"context"
	"fmt"
	"iter"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
)

// A decoded is a commit with its events read and their keys hashed.
type decoded struct {
	log.Commit
	events []*events.Event
	keys   [][16]byte
	facts  int
	err    error
	done   chan struct{} // closed when the fields above are set
}

// decode reads the events of the commit. What cannot be read is an error that
// names its position.
func (d *decoded) decode() {
	defer close(d.done)
	d.events = make([]*events.Event, len(d.Events))
	d.keys = make([][16]byte, len(d.Events))
	for i, raw := range d.Events {
		e, err := events.Decode(raw)
		if err != nil {
			d.err = fmt.Errorf("%w at position %s: %w", ErrPoisoned, d.Position.Event(i), err)
			return
		}
		d.events[i], d.keys[i] = e, e.Key().Hash()
		d.facts += facts(e)
	}
}

// facts counts the lines of an event, at least one.
func facts(e *events.Event) int {
	switch d := e.Data.(type) {
	case *events.AttendanceReported:
		return len(d.Lines)
	case *events.PaymentInstructed:
		return len(d.Lines)
	case *events.PaymentSettled:
		return len(d.Lines)
	case *events.PaymentReturned:
		return len(d.Lines)
	case *events.PaymentReversed:
		return len(d.Lines)
	case *events.RegistryReported:
		return len(d.Lines)
	}
	return 1
}

// ahead is how many commits are decoded ahead of the fold.
const ahead = 16

// pipeline decodes commits beside the reader of the log and whoever folds
// them, in the order of the log. The channel is closed after an error, which
// comes last, and when the log ends or the context does.
func pipeline(ctx context.Context, commits iter.Seq2[log.Commit, error], workers int) <-chan *decoded {
	queue := make(chan *decoded, ahead) // in order
	work := make(chan *decoded, ahead)  // to whoever is free
	for range workers {
		go func() {
			for d := range work {
				d.decode()
			}
		}()
	}
	go func() {
		defer close(queue)
		defer close(work)
		for c, err := range commits {
			d := &decoded{Commit: c, err: err, done: make(chan struct{})}
			if err != nil {
				close(d.done)
			} else {
				select {
				case work <- d:
				case <-ctx.Done():
					return
				}
			}
			select {
			case queue <- d:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return queue
}
