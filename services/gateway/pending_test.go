package gateway

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division/editions"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections/pgtest"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/muster-works/muster/services/gateway/vault"
)

// A dicey submitter accepts events into a log or refuses them, as the dice say. Now and then it
// fails: before or after the events are in the log.
type dicey struct {
	log  log.Log
	mu   *sync.Mutex
	dice *rand.Rand
}

var errCut = errors.New("the connection was cut")

func (d *dicey) Submit(ctx context.Context, _ events.Family, batch []*events.Event, _ time.Time) (receipts []events.Receipt, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fate := d.dice.IntN(10)
	if fate == 0 {
		return nil, fmt.Errorf("%w: %w", log.ErrUnavailable, errCut)
	}
	for _, e := range batch {
		r := events.Receipt{ID: e.ID, Source: e.Source, Status: events.Rejected, Reasons: events.Refusal("seat_taken", "data.seat", events.Say("no", "否"))}
		if d.dice.IntN(2) == 0 {
			raw, err := e.Append(nil)
			if err != nil {
				return nil, err
			}
			boundary := e.Family().Boundary()
			_, revision, err := d.log.Head(ctx, log.Filter{Boundary: boundary})
			if err != nil {
				return nil, err
			}
			p, _, err := d.log.Append(ctx, log.Commit{ID: e.ID, Boundary: boundary, Events: [][]byte{raw}, Recorded: time.Now()}, revision)
			if err != nil {
				return nil, err
			}
			r.Status, r.Reasons, r.Position, r.Person = events.Accepted, nil, p, e.Data.About().Person
		}
		receipts = append(receipts, r)
	}
	if fate == 1 {
		return nil, fmt.Errorf("%w: %w", log.ErrUnavailable, errCut)
	}
	return receipts, nil
}

func (d *dicey) Try(ctx context.Context, f events.Family, _, batch []*events.Event, at time.Time) ([]events.Receipt, error) {
	return nil, errors.New("nobody tries")
}

// personsIn returns the persons whom the events of a log are about.
func personsIn(t *testing.T, l log.Log) map[events.Person]bool {
	t.Helper()
	persons := map[events.Person]bool{}
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range c.Events {
			e, err := events.Decode(raw)
			if err != nil {
				t.Fatal(err)
			}
			persons[e.Data.About().Person] = true
		}
	}
	return persons
}

// Goal: nothing stays in the vault that no accepted event put there, and whoever is in the log is
// known, after any interleaving of two gateways on one vault and one log, and whatever they do not
// learn of their submissions. Method: submitters compete for few identity numbers through two
// gateways; some submissions are cut off before or after the decision. Then the deadlines pass,
// both gateways tidy the vault, and it is compared with the log.
func TestNothingStaysInTheVault(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	url, key := pgtest.Database(t), filepath.Join(t.TempDir(), "master.key")
	l := memlog.New()
	var decisions sync.Mutex
	var gateways []*Gateway
	for i := range 2 {
		v, err := vault.OpenPostgres(t.Context(), url, key)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { v.Close() })
		g, err := New(Options{Services: &dicey{l, &decisions, rand.New(rand.NewPCG(seed, uint64(i)))}, Vault: v, Divisions: editions.Fixed(table()), History: l})
		if err != nil {
			t.Fatal(err)
		}
		gateways = append(gateways, g)
	}
	const people = 30
	var submitters sync.WaitGroup
	for i := range 6 {
		submitters.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(10+i)))
			for n := range 40 {
				var items []intake.Item
				for k := range 1 + random.IntN(3) {
					e := hire(random.IntN(people))
					e.ID = fmt.Sprint("h-", i, "-", n, "-", k)
					items = append(items, intake.Item{Event: e})
				}
				_, err := gateways[random.IntN(2)].Submit(t.Context(), admission.Local(), items, time.Time{})
				if err != nil && !errors.Is(err, errCut) {
					t.Error(err)
				}
				if random.IntN(20) == 0 {
					if err := gateways[random.IntN(2)].tidyVault(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	submitters.Wait()
	for _, g := range gateways {
		g.now = func() time.Time { return time.Now().Add(time.Hour) }
		if err := g.tidyVault(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	inLog := personsIn(t, l)
	for i, g := range gateways {
		if pending, err := g.vault.Pending(t.Context()); err != nil || len(pending) != 0 || g.vault.Len() != len(inLog) {
			t.Errorf("gateway %d: %d are pending, %d known, %d in the log; %v", i, len(pending), g.vault.Len(), len(inLog), err)
		}
		for p := range inLog {
			if _, _, known := g.vault.Birth(p); !known {
				t.Errorf("gateway %d does not know %s, who is in the log", i, p)
			}
		}
	}
	if len(inLog) == 0 || len(inLog) > people {
		t.Errorf("%d persons in the log for %d identity numbers", len(inLog), people)
	}
}

// Goal: a refused hire changes nothing that is known of a person, and a later event of the same body
// about somebody whose hire was refused is about nobody. Method: a service that refuses everything.
func TestRefusedHireLeavesNothing(t *testing.T) {
	f := newFixture(t)
	f.submit(t, admission.Local(), hire(1))
	known := f.vault.Find(nil, hire(1).Data.About().Identity.IDNumber)[0]
	before, err := f.vault.Reveal(t.Context(), known)
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(Options{Services: refuser{}, Vault: f.vault, Divisions: editions.Fixed(table()), History: f.log})
	if err != nil {
		t.Fatal(err)
	}
	other := hire(1)
	other.ID, other.Data.About().Identity.Name, other.Data.About().Identity.Phone = "other", "李四", "13911111111"
	exit := *hire(2)
	who := *hire(2).Data.About()
	exit.ID, exit.Type = "x-2", events.ExitRecordedType
	exit.Data = &events.ExitRecorded{Who: events.Who{Identity: &events.Identity{IDNumber: who.Identity.IDNumber}}, Post: "p", On: other.Data.(*events.HirePlaced).From, Kind: "natural", Code: "N1"}
	receipts, err := g.Submit(t.Context(), admission.Local(), []intake.Item{{Event: other}, {Event: hire(2)}, {Event: &exit}}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []events.Code{"seat_taken", "seat_taken", "unknown_person"} {
		if receipts[i].Status != events.Rejected || receipts[i].Reasons[0].Code != want {
			t.Errorf("event %d: %+v, want %s", i, receipts[i], want)
		}
	}
	if after, err := f.vault.Reveal(t.Context(), known); err != nil || after != before {
		t.Errorf("%+v, %v, was %+v", after, err, before)
	}
	if err := g.tidyVault(t.Context()); err != nil || f.vault.Len() != 1 {
		t.Errorf("%d persons, %v", f.vault.Len(), err)
	}
}

// A refuser is a service that refuses everything.
type refuser struct{}

func (refuser) Submit(_ context.Context, _ events.Family, batch []*events.Event, _ time.Time) (receipts []events.Receipt, err error) {
	for _, e := range batch {
		receipts = append(receipts, events.Reject(e, events.Refusal("seat_taken", "data.seat", events.Say("no", "否"))))
	}
	return receipts, nil
}

func (r refuser) Try(ctx context.Context, f events.Family, _, batch []*events.Event, at time.Time) ([]events.Receipt, error) {
	return r.Submit(ctx, f, batch, at)
}
