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
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/simulate"
	"github.com/schollz/progressbar/v3"
)

// importGroup is the largest number of submissions that the gateway is given at once.
// Submissions of one instant are given together, up to that number.
const importGroup = 20000

// A provinceImport submits a synthetic province to the gateway, into an empty log. It
// submits as an operator imports: the instant of delivery becomes the recorded time.
type provinceImport struct {
	gateway *gateway.Gateway
	out     io.Writer

	facts, accepted, duplicate, rejected int
}

// run submits the province of config and prints what became of it. If a submission is
// refused that the simulator means to be accepted, or the reverse, run fails: the
// simulator and the services disagree about the rules.
func (l *provinceImport) run(ctx context.Context, config simulate.Config) error {
	start := time.Now()
	province, err := simulate.Run(config)
	if err != nil {
		return err
	}
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(l.out), progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine, which would read the state of the bar without a lock
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
		if len(group) > 0 && (!s.Delivered.Equal(group[0].Delivered) || len(group) == importGroup) {
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
		l.accepted, l.duplicate, l.rejected, l.facts, took.Seconds(), float64(l.facts)/took.Seconds())
	return nil
}

// submitUntilTaken calls submit until the services take the submissions. While the
// services are busy or the log does not answer, it calls again after a growing pause.
// What is in the log already is answered as duplicate.
func submitUntilTaken(ctx context.Context, submit func() ([]events.Receipt, error)) ([]events.Receipt, error) {
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

// submit submits the members of group, all of one instant, and returns the number of
// facts in them. If the services are busy or the log does not answer, submit tries
// again with growing pauses.
func (l *provinceImport) submit(ctx context.Context, group []simulate.Submission) (facts int, err error) {
	if len(group) == 0 {
		return 0, nil
	}
	items := make([]intake.Item, len(group))
	for i, s := range group {
		items[i].Event = s.Event
		if s.Event == nil || s.Invalid {
			// Invalid events are decoded like events from outside, so that the contract refuses them.
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
	receipts, err := submitUntilTaken(ctx, func() ([]events.Receipt, error) {
		return l.gateway.Submit(ctx, admission.Local(), items, group[0].Delivered)
	})
	if err != nil {
		return 0, err
	}
	l.facts += facts
	for i, r := range receipts {
		switch {
		case r.Status == events.Accepted && !group[i].Invalid:
			l.accepted++
		case r.Status == events.Duplicate, command.NoLongerStands(r): // the group was sent again
			l.duplicate++
		case r.Status == events.Rejected && group[i].Invalid:
			l.rejected++
		default:
			return 0, fmt.Errorf("simulate: %s of %s came back %s: %w", r.ID, r.Source, r.Status, r.Reasons)
		}
	}
	return facts, nil
}
