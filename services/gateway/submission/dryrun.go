package submission

import (
	"net/http"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/gateway/problem"
	"github.com/muster-works/muster/services/gateway/pseudonym"
)

// The bounds of a dry run. It is held in memory, and each service that it comes to
// decides all of it anew.
const (
	DryRunEvents = 10_000
	dryRunBytes  = 16 << 20
)

// A dryRun is what a submission that writes nothing has come to so far. Nothing of
// it outlives the request.
//
// The goroutine that prepares runs uses people, and the one that hands runs over
// uses everything else. So neither needs a lock.
type dryRun struct {
	people *pseudonym.Throwaway

	premises []*events.Event // that would be in the log by now
	events   int             // handed over so far
	bytes    int             // of their canonical form
}

func newDryRun(d pseudonym.Directory) *dryRun {
	return &dryRun{people: pseudonym.NewThrowaway(d)}
}

// countRun counts a run, and fails with a [problem.Problem] if the dry run becomes too
// large by it.
func (d *dryRun) countRun(r *run) error {
	d.events, d.bytes = d.events+len(r.events), d.bytes+r.bytes
	if d.events > DryRunEvents || d.bytes > dryRunBytes {
		return problem.New(http.StatusRequestEntityTooLarge, events.TooLarge, events.Say(
			"a dry run has at most %d events and %d MiB; try parts, of which each sees its own events alone",
			"试运行最多%d个事件、%d MiB；请分批试运行，每批只能看到本批的事件", DryRunEvents, dryRunBytes>>20))
	}
	return nil
}

// addPremises adds those of the first n events of a run that would be accepted. A
// hire has the seat that it would be given, so that the next hire gets another one.
func (d *dryRun) addPremises(r *run, n int, receipts []events.Receipt) {
	for i, e := range r.events[:n] {
		receipt := receipts[r.at[i]]
		if receipt.Status != events.Accepted {
			continue
		}
		if hire, ok := e.Data.(*events.HirePlaced); ok {
			c, data := *e, *hire
			data.Seat, c.Data = receipt.Seat, &data
			e = &c
		}
		d.premises = append(d.premises, e)
	}
}

// withholdPersons takes the pseudonyms out of receipts that were invented for the
// dry run: nobody will know them again.
func (d *dryRun) withholdPersons(receipts []events.Receipt) {
	for i := range receipts {
		if d.people.Invented(receipts[i].Person) {
			receipts[i].Person = events.Person{}
		}
	}
}
