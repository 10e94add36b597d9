package submission

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/internal/command"
)

// handOver hands a run to its service and fills in the receipts. It returns how
// many events of the run were decided.
func (p *Pipeline) handOver(ctx context.Context, s Submission, r *run, imported time.Time, receipts []events.Receipt) (decided int, err error) {
	ask := func(batch []*events.Event) ([]events.Receipt, error) {
		return p.Services.Submit(ctx, r.family, batch, imported)
	}
	if d := s.dryRun; d != nil {
		if err := d.countRun(r); err != nil {
			return 0, err
		}
		ask = func(batch []*events.Event) ([]events.Receipt, error) {
			return p.Services.Try(ctx, r.family, d.premises, batch, imported)
		}
		defer func() { d.addPremises(r, decided, receipts) }()
	}
	begun, pause := time.Now(), 20*time.Millisecond
	for {
		rest := r.events[decided:]
		got, err := ask(rest)
		if len(got) > len(rest) || err == nil && len(got) < len(rest) {
			return decided, fmt.Errorf("%w: service %s answered %d events with %d receipts", log.ErrUnavailable, r.family, len(rest), len(got))
		}
		for _, receipt := range got {
			receipts[r.at[decided]] = receipt
			decided++
		}
		if !errors.Is(err, command.ErrBusy) || time.Since(begun)+pause > s.patience {
			return decided, err
		}
		select {
		case <-ctx.Done():
			return decided, ctx.Err()
		case <-time.After(pause):
			pause = min(2*pause, time.Second)
		}
	}
}
