package deployment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/simulate"
	"github.com/schollz/progressbar/v3"
)

// loadGroup bounds the events handed to the gateway at once. Submissions of
// one instant go together up to that number.
const loadGroup = 20000

// A loader brings a synthetic province into an empty log through the gateway,
// as an operator's import: what was delivered at an instant is recorded at it.
type loader struct {
	gateway *gateway.Gateway
	out     io.Writer

	facts, taken, duplicate, refused int
}

// load submits the province of config and says what became of it. Anything
// refused that was not meant to be is an error: the simulator and the services
// disagree.
func (l *loader) load(ctx context.Context, config simulate.Config) error {
	start := time.Now()
	province, err := simulate.Run(config)
	if err != nil {
		return err
	}
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(l.out), progressbar.OptionSetSpinnerChangeInterval(0), // its goroutine reads without a lock
		progressbar.OptionSetDescription("simulate"),
		progressbar.OptionThrottle(500*time.Millisecond), progressbar.OptionShowIts(), progressbar.OptionSetItsString("facts"), progressbar.OptionClearOnFinish())
	var group []simulate.Submission
	flush := func() error {
		n, err := l.submit(ctx, group)
		_ = bar.Add(n)
		group = group[:0]
		return err
	}
	for s := range province {
		if len(group) > 0 && (!s.Delivered.Equal(group[0].Delivered) || len(group) == loadGroup) {
			if err := flush(); err != nil {
				return err
			}
		}
		group = append(group, s)
	}
	if err := flush(); err != nil {
		return err
	}
	_ = bar.Finish()
	took := time.Since(start)
	fmt.Fprintf(l.out, "simulated: %d events taken, %d duplicate, %d refused as they should be; %d facts in %.1f s, %.0f a second\n",
		l.taken, l.duplicate, l.refused, l.facts, took.Seconds(), float64(l.facts)/took.Seconds())
	return nil
}

// insist submits until the services have taken what is submitted: what is in the log
// already comes back as duplicate. A log that does not answer is waited for.
func insist(ctx context.Context, submit func() ([]events.Receipt, error)) ([]events.Receipt, error) {
	receipts, err := submit()
	for wait := 10 * time.Millisecond; errors.Is(err, command.ErrBusy) || errors.Is(err, log.ErrUnavailable); wait = min(2*wait, waitMax) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
			receipts, err = submit()
		}
	}
	return receipts, err
}

// submit hands over submissions of one instant and returns their facts.
func (l *loader) submit(ctx context.Context, group []simulate.Submission) (facts int, err error) {
	if len(group) == 0 {
		return 0, nil
	}
	items := make([]gateway.Item, len(group))
	for i, s := range group {
		items[i].Event = s.Event
		if s.Event == nil || s.Invalid {
			// Through the contract, like everything from outside.
			raw := s.Raw
			if raw == nil {
				if raw, err = s.Event.Append(nil); err != nil {
					return 0, err
				}
			}
			items[i].Event, items[i].Err = events.Submission(raw)
		}
		if s.Event != nil {
			facts += s.Event.Facts()
		}
	}
	receipts, err := insist(ctx, func() ([]events.Receipt, error) {
		return l.gateway.Submit(ctx, gateway.Local(), items, group[0].Delivered)
	})
	if err != nil {
		return 0, err
	}
	l.facts += facts
	for i, r := range receipts {
		switch {
		case r.Status == events.Accepted && !group[i].Invalid:
			l.taken++
		case r.Status == events.Duplicate:
			l.duplicate++
		case r.Status == events.Rejected && group[i].Invalid:
			l.refused++
		default:
			return 0, fmt.Errorf("simulate: %s of %s came back %s: %w", r.ID, r.Source, r.Status, r.Reasons)
		}
	}
	return facts, nil
}
