package eslog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-works/muster/events/log"
)

// maxSubscriptions is how often a Read subscribes before it reports that the server
// skips commits.
const maxSubscriptions = 3

// errPassedOver is returned if a subscription skipped a commit that is in the log.
var errPassedOver = fmt.Errorf("%w: EventStoreDB: a subscription passed over commits that are in the log; read on from the last commit", log.ErrUnavailable)

// An endWatch watches over a Read, which would wait for ever if the commit at its end
// did not arrive.
type endWatch struct {
	driver  *driver
	end     log.Position // where reading ends; zero for Follow
	asked   bool         // the log was asked for the commit at end
	overdue <-chan time.Time
}

// check is called with a checkpoint, or when the subscription has caught up, before
// end was reached. Neither proves that the commit at end is missing: servers send
// checkpoints beyond the events they have sent, and repeat them. The log is therefore
// asked once. If the commit exists, it has some time to arrive. If it does not, the
// log was truncated since reading began, which is ErrCorrupt.
func (w *endWatch) check(ctx context.Context, i item) error {
	if w.end.IsZero() || i.kind == checkpoint && i.at.Compare(w.end) < 0 {
		return nil
	}
	if !w.asked {
		_, err := w.driver.lastEvent(ctx, w.end)
		if errors.Is(err, log.ErrForeign) {
			return fmt.Errorf("%w: the commit at %v was there when reading began, and is gone: %w", log.ErrCorrupt, w.end, err)
		}
		if err != nil {
			return err
		}
		w.asked = true
	}
	if w.overdue == nil {
		w.overdue = time.After(beyondEndTimeout)
	}
	return nil
}
