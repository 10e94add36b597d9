package deployment

import (
	"context"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log/eslog"
)

// ProvisionEventStore examines the EventStoreDB that Log names and returns what it
// found. If apply is set, it removes retention from the streams of the log. If user is
// not empty as well, it opens the streams of the log to that user alone.
func ProvisionEventStore(ctx context.Context, c Config, user string, apply bool) ([]eslog.Finding, error) {
	return eslog.Provision(ctx, c.Log, eslog.Setup{Boundaries: events.Boundaries(), User: user, Apply: apply})
}
