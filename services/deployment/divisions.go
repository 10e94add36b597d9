package deployment

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/division/editions"
	"github.com/muster-works/muster/services/gateway"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/policy"
)

// readEditions returns what the log says of divisions, on top of the table of the deployment.
func (c *Config) readEditions(ctx context.Context, l editions.History) (*editions.Register, error) {
	given, err := c.loadDivisions()
	if err != nil {
		return nil, err
	}
	r := editions.NewRegister(l, given)
	return r, r.CatchUp(ctx)
}

// divisionSource is the source of the events by which a deployment takes over the table of
// divisions that it is given.
const divisionSource = "/agency/local"

// adoptDivisions writes the table in the file that Divisions names into the log. If the log has no
// divisions yet, it gets the whole table, valid for all days. Otherwise it gets the differences, valid from
// today on: a code that the file no longer has ends today, and stays valid for the days before.
func (c *Config) adoptDivisions(ctx context.Context, gate *gateway.Gateway, r *editions.Register, recorded time.Time) error {
	if c.Divisions == "" {
		return nil
	}
	edition, err := c.loadDivisions()
	if err != nil {
		return err
	}
	if err := r.CatchUp(ctx); err != nil {
		return err
	}
	list := slices.Collect(edition.Statements(""))
	if !r.IsEmpty() {
		shanghai, err := businessZone()
		if err != nil {
			return err
		}
		list = division.Difference(r.Table(), edition, civil.DateIn(time.Now(), shanghai))
	}
	for _, e := range policy.Editions(divisionSource, filepath.Base(c.Divisions), "", list) {
		if err := adoptEdition(ctx, gate, e, recorded); err != nil {
			return fmt.Errorf("--divisions: %w", err)
		}
	}
	return r.CatchUp(ctx)
}

// adoptEdition submits a part of a table: as history as long as the log holds nothing else, so that
// more history can be imported after it, and otherwise as what happens now.
func adoptEdition(ctx context.Context, gate *gateway.Gateway, e *events.Event, recorded time.Time) error {
	for _, imported := range []time.Time{recorded, {}} {
		receipts, err := submitUntilTaken(ctx, func() ([]events.Receipt, error) {
			return gate.Submit(ctx, admission.Local(), []intake.Item{{Event: e}}, imported)
		})
		if err != nil {
			return err
		}
		if r := receipts[0]; r.Status != events.Rejected {
			return nil
		} else if imported.IsZero() || r.Reasons[0].Code != command.ImportClosed {
			return r.Reasons
		}
	}
	return nil
}
