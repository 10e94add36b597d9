package deployment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/attendance"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
)

// A countingLog counts the appends, and the appends that failed because the boundary
// had moved.
type countingLog struct {
	log.Log
	appends, conflicts atomic.Int64
}

func (l *countingLog) Append(ctx context.Context, c log.Commit, expected log.Revision) (log.Position, log.Revision, error) {
	at, revision, err := l.Log.Append(ctx, c, expected)
	if l.appends.Add(1); errors.Is(err, log.ErrConflict) {
		l.conflicts.Add(1)
	}
	return at, revision, err
}

// Goal: measure what it costs that posts, hires and exits share a consistency boundary.
// Method: 64 submitters of single events, of which four parts are hires, four exits,
// and one changes the seats of a post. They submit to the three services in one
// process, each in a process of its own, and two of each; a random choice stands for
// the queue group of NATS.
func BenchmarkConflicts(b *testing.B) {
	families := []events.Family{events.Post, events.Hire, events.Exit}
	for _, c := range []struct {
		name string
		sets [][]events.Family
	}{
		{"one-process", [][]events.Family{families}},
		{"two-processes", [][]events.Family{families, families}},
		{"one-of-each", [][]events.Family{{events.Post}, {events.Hire}, {events.Exit}}},
		{"two-of-each", [][]events.Family{{events.Post}, {events.Hire}, {events.Exit}, {events.Post}, {events.Hire}, {events.Exit}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				benchmarkConflicts(b, c.sets)
			}
		})
	}
}

func benchmarkConflicts(b *testing.B, sets [][]events.Family) {
	c := Config{Data: b.TempDir(), NATS: "127.0.0.1:0", Out: io.Discard}
	ctx, stop := context.WithCancel(b.Context())
	infra, err := c.startEmbedded(ctx)
	if err != nil {
		b.Fatal(err)
	}
	l := &countingLog{Log: infra.log}
	handlers := map[events.Family][]*command.Handler{}
	ended := make(chan error, len(sets)+1)
	hire := func(families ...events.Family) {
		s, err := newServiceSet(l, families...)
		if err != nil {
			b.Fatal(err)
		}
		ready := make(chan struct{})
		go func() { ended <- s.run(ctx, nil, func() { close(ready) }) }()
		<-ready
		for f, d := range s.handlers {
			handlers[f] = append(handlers[f], d)
		}
	}
	defer func() {
		stop()
		for range len(sets) + 1 {
			<-ended
		}
		infra.close()
	}()
	hire(events.Policy)
	for _, families := range sets {
		hire(families...)
	}
	pack, err := policy.Reference()
	if err != nil {
		b.Fatal(err)
	}
	var busy, done atomic.Int64
	submit := func(e *events.Event) {
		e.Digest = fmt.Sprintf("%032x", len(e.ID))
		for {
			among := handlers[e.Family()]
			r, err := among[rand.IntN(len(among))].Submit(ctx, []*events.Event{e}, time.Time{})
			if errors.Is(err, command.ErrBusy) {
				busy.Add(1)
				time.Sleep(time.Millisecond)
				continue
			}
			if err != nil || r[0].Status != events.Accepted && r[0].Status != events.Duplicate {
				b.Error(r, err)
			}
			done.Add(1)
			return
		}
	}
	const clients = 64
	submit(events.Adoption(pack))
	each := make([]int, clients)
	for i := range each {
		each[i] = i
		submit(developedPost(i))
	}
	before, conflicts := l.appends.Load(), l.conflicts.Load()
	done.Store(0)
	took := inParallel(each, func(c int) {
		for round := range 4 {
			from := onDuty + civil.Date(100*round)
			for i := range benchSeats {
				id := fmt.Sprintf("%d-%d-%d", c, round, i)
				who := events.Who{Person: seeded(uint64(c*benchSeats + i))}
				e := hired("h-"+id, who, c, from)
				e.Data.(*events.HirePlaced).BirthMonth, e.Data.(*events.HirePlaced).Sex = civil.MustMonth("1965-01"), "F"
				submit(e)
				submit(benchEvent("x-"+id, &events.ExitRecorded{Who: who, Post: benchPostID(c), On: from + 50, Kind: "natural", Code: "N5"}))
				if i%4 == 3 {
					submit(benchEvent("r-"+id, &events.PostResized{Post: benchPostID(c), Seats: benchSeats + round*benchSeats + i, From: from + 1 + civil.Date(i)}))
				}
			}
		}
	})
	appends := float64(l.appends.Load() - before)
	b.ReportMetric(float64(done.Load())/took.Seconds(), "events/s")
	b.ReportMetric(float64(l.conflicts.Load()-conflicts)/appends, "conflicts/append")
	b.ReportMetric(float64(done.Load())/(appends-float64(l.conflicts.Load()-conflicts)), "events/commit")
	b.ReportMetric(float64(busy.Load()), "busy")
}

// Goal: measure what it costs that a family is one boundary for all counties, where
// nothing connects the counties. Method: 64 submitters of the sheets of two counties,
// with two handlers of attendance on one boundary, where either handler decides; with
// one boundary and one handler for each county, which never conflict; and with one
// handler alone.
func BenchmarkBoundaries(b *testing.B) {
	for _, c := range []struct {
		name       string
		boundaries [2]string
	}{
		{"one-replica", [2]string{"attendance"}},
		{"family", [2]string{"attendance", "attendance"}},
		{"county", [2]string{"attendance.370211", "attendance.370212"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				benchmarkBoundaries(b, c.boundaries)
			}
		})
	}
}

func benchmarkBoundaries(b *testing.B, boundaries [2]string) {
	c := Config{Data: b.TempDir(), NATS: "127.0.0.1:0", Out: io.Discard}
	infra, err := c.startEmbedded(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer infra.close()
	l := &countingLog{Log: infra.log}
	placed := placement.New()
	command.Apply(placed, developedPost(0))
	who := events.Person(seeded(1))
	command.Apply(placed, hired("h", events.Who{Person: who}, 0, onDuty))
	ctx, stop := context.WithCancel(b.Context())
	var handlers [2]*command.Handler
	ended := make(chan error, 2)
	for i, boundary := range boundaries {
		if boundary == "" {
			handlers[i] = handlers[0]
			ended <- nil
			continue
		}
		handlers[i] = command.NewHandler(events.Attendance, attendance.New(placed), command.NewFold(l, boundary, &command.Stateless{}))
		go func() { ended <- handlers[i].Run(ctx, func() {}) }()
	}
	defer func() { stop(); <-ended; <-ended }()
	const clients, sheets = 64, 150
	each := make([]int, clients)
	for i := range each {
		each[i] = i
	}
	took := inParallel(each, func(c int) {
		for i := range sheets {
			d := handlers[c%2]
			if boundaries[0] == boundaries[1] { // any member of the queue group may take it
				d = handlers[rand.IntN(2)]
			}
			e := benchEvent(fmt.Sprintf("a-%d-%d", c, i), &events.AttendanceReported{
				Post: benchPostID(0), Date: onDuty + civil.Date(i), Lines: []events.AttendanceLine{{Person: who, Mark: "P"}},
			})
			e.Digest = fmt.Sprintf("%032x", i)
			for {
				r, err := d.Submit(ctx, []*events.Event{e}, time.Time{})
				if errors.Is(err, command.ErrBusy) {
					continue
				}
				if err != nil || r[0].Status != events.Accepted {
					b.Error(r, err)
				}
				break
			}
		}
	})
	appends, conflicts := float64(l.appends.Load()), float64(l.conflicts.Load())
	b.ReportMetric(clients*sheets/took.Seconds(), "events/s")
	b.ReportMetric(conflicts/appends, "conflicts/append")
	b.ReportMetric(clients*sheets/(appends-conflicts), "events/commit")
}
