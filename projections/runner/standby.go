package runner

import (
	"context"
	"errors"
	"time"

	"github.com/muster-works/muster/projections/readmodel"
)

// beat is the time from one sign of life of a runner that writes to the next.
const beat = time.Second

// beating gives signs of life for a writer until stop is called. The context
// that it returns ends, with ErrFenced as its cause, when another one took over.
func beating(ctx context.Context, w *readmodel.Writer) (beaten context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for pause(ctx, beat) == nil {
			// Any other error is met by the next transaction.
			if err := w.Beat(ctx); errors.Is(err, readmodel.ErrFenced) {
				cancel(err)
			}
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-done
	}
}

// standBy returns when no runner keeps the generation in use up to date any more, and
// at once when there is no generation that could be kept up to date.
func (r *Runner) standBy(ctx context.Context) error {
	r.opts.StandingBy(true)
	defer r.opts.StandingBy(false)
	var last readmodel.Pulse
	since := time.Now()
	for {
		p, err := r.pulse(ctx)
		switch {
		case errors.Is(err, readmodel.ErrUnavailable):
			since = time.Now() // nobody writes, and nothing is known
		case mendable(err):
			return nil
		case err != nil:
			return err
		case p.Beat == 0:
			return nil
		case p != last:
			last, since = p, time.Now()
		case time.Since(since) >= r.opts.Patience:
			return nil
		}
		if err := pause(ctx, min(beat, r.opts.Patience/4)); err != nil {
			return err
		}
	}
}

func (r *Runner) pulse(ctx context.Context) (readmodel.Pulse, error) {
	m, err := r.dir.Reader(ctx)
	if err != nil {
		return readmodel.Pulse{}, err
	}
	return m.Pulse(ctx)
}
