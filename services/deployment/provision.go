package deployment

import (
	"context"

	"github.com/muster-works/muster/events/log/eslog"
)

// ProvisionEventStore looks at the EventStoreDB that Log names, and says what it
// vouches for. With apply it takes retention off the log's streams, and with a user
// opens the log to that user alone.
func ProvisionEventStore(ctx context.Context, c Config, user string, apply bool) ([]eslog.Finding, error) {
	return eslog.Provision(ctx, c.Log, eslog.Setup{Boundaries: logBoundaries(), User: user, Apply: apply})
}
