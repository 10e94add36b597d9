package simulate

import (
	"fmt"
	"time"

	"github.com/muster-works/muster/events/civil"
)

// A world is the province as it truly is, and when the agencies hear of each thing. It
// does not change once it is built.
type world struct {
	cfg    Config
	start  time.Time // time of instant 0
	months []calendarMonth

	counties []county
	villages []village
	posts    []post // sorted by county and village
	seats    []seat // sorted by post
	mergers  []merger

	people     []person
	ids        string // identity numbers of people, joined, 18 characters each
	placements []placement

	filler *seatFiller // nil once people are placed

	groups [2][]share[personGroup] // groups of people by area: rural, urban
	codes  []share[string]         // exit codes that the pack defines, with their frequency

	arrears   [][]sheetRef     // by county and run: sheets that were delivered after the run of their month
	facts     []registryFact   // facts of other authorities, sorted by batch
	batches   []registryBatch  // batches of facts, as they are delivered
	scheduled []scheduledEvent // what is submitted, in order of delivery
}

// build makes a world. Each step needs those before it.
func build(cfg Config) (*world, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	w := &world{cfg: cfg, start: cfg.From.Start(zone).Add(12 * time.Hour)}
	w.buildMonths()
	if err := w.buildRules(); err != nil {
		return nil, err
	}
	if err := w.buildCounties(); err != nil {
		return nil, err
	}
	w.buildPosts()
	w.fillSeats()
	if err := w.matchCensuses(); err != nil {
		return nil, err
	}
	w.arrangePlacements()
	w.injectCases()
	w.planChanges()
	w.identify()
	w.planReports()
	w.schedule()
	return w, nil
}

// buildRules selects the groups and exit codes that both the policy pack and the
// figures of the programme have.
func (w *world) buildRules() error {
	p := w.cfg.Policy
	for area, shares := range [2][]share[string]{ruralGroups, urbanGroups} {
		for _, s := range shares {
			if g, ok := p.Group(areas[area], s.of); ok {
				w.groups[area] = append(w.groups[area], share[personGroup]{personGroup{code: g.Code, spans: [2]ageSpan{
					{g.Male.From, g.Male.Until}, {g.Female.From, g.Female.Until},
				}}, s.part})
			}
		}
		if len(normalizeShares(w.groups[area])) == 0 {
			return fmt.Errorf("%w: the policy pack %s has no %s group that the programme knows", ErrConfig, p.Version, areas[area])
		}
	}
	for _, s := range exitCodes {
		if _, ok := p.ExitCode(s.of); ok {
			w.codes = append(w.codes, s)
		}
	}
	if _, ok := p.ExitCode(codeRetired); !ok || len(normalizeShares(w.codes)) == 0 {
		return fmt.Errorf("%w: the policy pack %s has no exit code %s", ErrConfig, p.Version, codeRetired)
	}
	return nil
}

var areas = [2]string{"rural", "urban"}

// A personGroup is a group of people in an area, with its span of ages for each sex.
type personGroup struct {
	code  string
	spans [2]ageSpan
}

// An ageSpan is a span of ages: from the birthday of from until the birthday of until.
type ageSpan struct{ from, until int }

// inPeriod reports whether d is a day of the simulated period.
func (w *world) inPeriod(d civil.Date) bool { return d >= w.cfg.From && d < w.cfg.Until }
