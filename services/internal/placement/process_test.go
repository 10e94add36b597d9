package placement_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/services/exit"
	"github.com/muster-works/muster/services/hire"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
	"github.com/muster-works/muster/services/internal/rules"
	"github.com/muster-works/muster/services/policy"
	"github.com/muster-works/muster/services/post"
	"pgregory.net/rapid"
)

// A process is one process of a deployment: the handlers of policy, post, hire and exit over
// folds of its own.
type process struct {
	command.Local
	state *placement.State
	fold  *command.Fold
}

// open runs a process until stop is called.
func open(tb testing.TB, l log.Log) (p *process, stop func()) {
	tb.Helper()
	packs, state := rules.New(), placement.New()
	rulesFold, fold := command.NewFold(l, "policy", packs), command.NewFold(l, "placement", state)
	p = &process{command.Local{
		events.Policy: command.NewHandler(events.Policy, policy.New(packs), rulesFold),
		events.Post:   command.NewHandler(events.Post, post.New(state), fold),
		events.Hire:   command.NewHandler(events.Hire, hire.New(state, packs), fold, rulesFold),
		events.Exit:   command.NewHandler(events.Exit, exit.New(state, packs), fold, rulesFold),
	}, state, fold}
	ctx, cancel := context.WithCancel(context.Background())
	var running, starting sync.WaitGroup
	for _, d := range p.Local {
		starting.Add(1)
		running.Go(func() {
			if err := d.Run(ctx, starting.Done); err != nil {
				tb.Errorf("handler %s: %v", d.Family(), err)
			}
		})
	}
	starting.Wait()
	return p, func() {
		cancel()
		running.Wait()
	}
}

// opened returns a log that holds the reference pack, and n processes over it.
func opened(tb testing.TB, n int) (l log.Log, processes []*process, stop func()) {
	tb.Helper()
	l = memlog.New()
	var stops []func()
	for range n {
		p, stop := open(tb, l)
		processes, stops = append(processes, p), append(stops, stop)
	}
	if r, err := processes[0].submit(Stamp(Adopted(tb))); err != nil || r.Status != events.Accepted {
		tb.Fatal(r, err)
	}
	return l, processes, func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// submit submits one event, and tries again while the handler is busy.
func (p *process) submit(e *events.Event) (events.Receipt, error) {
	for {
		r, err := p.Local.Submit(context.Background(), e.Family(), []*events.Event{e}, time.Time{})
		if errors.Is(err, command.ErrBusy) {
			continue
		}
		if err != nil {
			return events.Receipt{}, err
		}
		return r[0], nil
	}
}

// settled lists the differences between the states of the processes, a state folded from the
// log, and the oracle.
func (b book) settled(processes []*process) (wrong []string) {
	want := fold(b)
	for i, p := range processes {
		if err := p.fold.CatchUp(context.Background()); err != nil {
			return []string{err.Error()}
		}
		p.fold.Read(func() {
			if got := p.state.Dump(); got != want.Dump() {
				wrong = append(wrong, fmt.Sprintf("process %d:\n%s\nfolded from the log:\n%s", i, got, want.Dump()))
			}
			wrong = append(wrong, b.differ(p.state)...)
		})
	}
	return wrong
}

// Goal: whatever is submitted, corrections and withdrawals included, and to whichever of two
// processes, the log is never contradictory. At every position no person is on two posts, no
// seat has two people, nobody is placed on a seat that does not exist, and every exit ends a
// placement. Method: rapid draws the events and the processes; an oracle that shares no code
// with the state checks the log.
func TestNothingContradictory(t *testing.T) {
	answers := receiptCounts{}
	rapid.Check(t, func(r *rapid.T) {
		l, processes, stop := opened(t, 2)
		defer stop()
		who := &eventGenerator{name: "e", pick: evenly(r)}
		for range rapid.IntRange(10, 80).Draw(r, "events") {
			e := Stamp(who.next())
			receipt, err := processes[rapid.IntRange(0, 1).Draw(r, "process")].submit(e)
			if err != nil {
				r.Fatal(err)
			}
			if answers.count(receipt); receipt.Status == events.Accepted {
				who.accepted(e)
			}
		}
		b := read(t, l)
		if wrong := append(b.check(), b.settled(processes)...); wrong != nil {
			r.Fatal(strings.Join(wrong, "\n"))
		}
	})
	answers.log(t)
}

// Goal: the same with concurrent submitters, and with contradictions in the log. Method:
// submitters compete for few seats at two processes. If some of their events are in record
// mode, the log may be contradictory, and only the states are compared: those of the
// processes, one folded from the log, and the oracle.
func TestSubmittersFight(t *testing.T) {
	for name, record := range map[string]int{"decided": 0, "recorded": 10} {
		t.Run(name, func(t *testing.T) {
			const submitters, each = 8, 200
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			l, processes, stop := opened(t, 2)
			defer stop()
			var mu sync.Mutex
			answers := receiptCounts{}
			var wg sync.WaitGroup
			for i := range submitters {
				wg.Go(func() {
					random := rand.New(rand.NewPCG(seed, uint64(i)))
					who := &eventGenerator{name: fmt.Sprint("e", i, "-"), pick: random.IntN, record: record}
					for range each {
						e := Stamp(who.next())
						receipt, err := processes[random.IntN(len(processes))].submit(e)
						if err != nil {
							t.Error(err)
							return
						}
						if receipt.Status == events.Accepted {
							who.accepted(e)
						}
						mu.Lock()
						answers.count(receipt)
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			answers.log(t)
			b := read(t, l)
			wrong := b.settled(processes)
			if record == 0 {
				wrong = append(wrong, b.check()...)
			}
			if wrong != nil {
				t.Error(strings.Join(wrong, "\n"))
			}
		})
	}
}

// A tally counts receipts by status and code.
type receiptCounts map[string]int

func (n receiptCounts) count(r events.Receipt) {
	n[string(r.Status)]++
	for _, reason := range r.Reasons {
		n[string(reason.Code)]++
	}
}

func (n receiptCounts) log(t *testing.T) { t.Log(n) }
