package tally

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
)

// A Submitter records events of the gateway's own family, and answers with a
// receipt each, in order. When it fails it may return the receipts of the first
// events of the batch; what became of the others is unknown.
type Submitter interface {
	Submit(ctx context.Context, f events.Family, batch []*events.Event, imported time.Time) ([]events.Receipt, error)
}

// A Recorder writes a tally into the log, a submissions.tallied for each agency
// and interval.
//
// An event whose outcome is unknown is submitted again as it is. If it was
// recorded the first time it is a duplicate, so nothing counts twice. Until then
// nothing is taken from the tally, and the next interval becomes the longer.
type Recorder struct {
	tally  *Tally
	submit Submitter
	digest func([]byte) string
	log    *slog.Logger

	from    time.Time // beginning of the interval
	pending []*events.Event
}

// NewRecorder returns a recorder of a tally. digest is that of the vault.
func NewRecorder(t *Tally, s Submitter, digest func([]byte) string, log *slog.Logger) *Recorder {
	return &Recorder{tally: t, submit: s, digest: digest, log: log}
}

// Run records the tally at the end of each interval until the context ends, and
// then what is left. An interval that cannot be recorded is recorded at the end
// of the next one. Each gateway of a deployment records its own tally.
func (r *Recorder) Run(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	r.from = time.Now().UTC()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			if err := r.record(last, time.Now().UTC()); err != nil {
				r.log.Warn("tally is lost", "error", err)
			}
			return
		case now := <-tick.C:
			if err := r.record(ctx, now.UTC()); err != nil {
				r.log.Warn("tally is not recorded yet", "error", err)
			}
		}
	}
}

// record records the pending events, and then the counts up to a moment.
func (r *Recorder) record(ctx context.Context, until time.Time) error {
	if err := r.submitPending(ctx); err != nil {
		return err
	}
	list := r.tally.Take(r.from, until)
	r.from = until
	for _, sum := range list {
		e := &events.Event{
			ID: uuid.NewString(), Source: "/gateway", Type: sum.Type(), Subject: sum.Agency, Time: until,
			AuthType: "engine", AuthID: "gateway", Data: sum,
		}
		raw, err := e.Append(nil)
		if err != nil {
			return fmt.Errorf("tally of %s: %w", sum.Agency, err)
		}
		e.Digest = r.digest(raw)
		r.pending = append(r.pending, e)
	}
	return r.submitPending(ctx)
}

// submitPending submits the pending events. Those that have a receipt are in the
// log and no longer pending.
func (r *Recorder) submitPending(ctx context.Context) error {
	if len(r.pending) == 0 {
		return nil
	}
	receipts, err := r.submit.Submit(ctx, events.Gateway, r.pending, time.Time{})
	r.pending = r.pending[min(len(receipts), len(r.pending)):]
	return err
}
