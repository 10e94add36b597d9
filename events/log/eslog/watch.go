package eslog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-works/muster/events/log"
)

// passes is how often a Read subscribes before it says that the server keeps
// passing over commits.
const maxSubscriptions = 3

// errPassedOver says that a subscription went past a commit that is in the log.
var errPassedOver = fmt.Errorf("%w: EventStoreDB: a subscription passed over commits that are in the log; read on from the last commit", log.ErrUnavailable)

// A watch looks after a bounded reading, which would wait for ever if the commit
// that it is to end with did not come.
type endWatch struct {
	driver  *driver
	end     log.Position // where reading is to end; zero for a reading without end
	asked   bool         // whether the log was asked for the commit at end
	overdue <-chan time.Time
}

// doubt is called with a checkpoint, or when the subscription has caught up,
// before end was reached. Neither proves that the commit at end is gone: servers
// send checkpoints beyond what they have sent, and the same one over and over. So
// the log is asked, once. When the commit is there, it has a while to come; when it
// is not, the log was cut off since reading began, which is ErrCorrupt.
func (w *endWatch) check(ctx context.Context, i item) error {
	if w.end.IsZero() || i.kind == checkpoint && i.at.Compare(w.end) < 0 {
		return nil
	}
	if !w.asked {
		_, err := w.driver.lastEvent(ctx, w.end)
		if errors.Is(err, log.ErrForeign) {
			return fmt.Errorf("%w: the commit at %v was there when reading began, and is gone: %v", log.ErrCorrupt, w.end, err)
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
