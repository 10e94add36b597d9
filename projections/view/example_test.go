package view_test

import (
	"context"
	"fmt"
	"os"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// arrivals is a new view: how many people came on duty, by the day, in the cell
// in which their post was that day. A view is no more than this, and a place in the list of
// package projections.
func arrivals() view.View {
	return view.View{Name: "arrivals", Version: 1, Post: func(p *timeline.Post, emit view.Emit) {
		for _, placed := range p.Placements() {
			if a, ok := p.Periods().On(placed.From); ok {
				emit(view.CellOf(a), placed.From, 0, 1)
			}
		}
	}}
}

// Adding a view, and building a read model that has it.
func Example() {
	ctx := context.Background()
	post := &events.PostDeveloped{Post: "p-1", Category: "public_service", Area: "rural", Seats: 2, From: civil.MustDate("2022-05-01")}
	hire := &events.HirePlaced{Post: "p-1", Seat: 1, From: civil.MustDate("2022-05-10"), Group: "older", Sex: "F"}
	hire.Person = uuid.NewSHA1(uuid.NameSpaceOID, []byte("somebody"))
	c := log.Commit{ID: "c-1", Boundary: "placement"}
	for i, d := range []events.Data{post, hire} {
		raw, err := (&events.Event{ID: fmt.Sprint(i), Source: "/agency/a", Type: d.Type(), Division: "370211102231", Data: d}).Append(nil)
		if err != nil {
			panic(err)
		}
		c.Events = append(c.Events, raw)
	}
	l := memlog.New()
	if _, _, err := l.Append(ctx, c, 0); err != nil {
		panic(err)
	}

	path, err := os.MkdirTemp("", "arrivals")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(path)
	dir, err := sqlite.OpenDir(path)
	if err != nil {
		panic(err)
	}
	defer dir.Close()
	if _, err := runner.Build(ctx, l, dir, "gen-000001", []view.View{arrivals()}, log.Position{}, runner.Options{}); err != nil {
		panic(err)
	}
	if err := dir.Switch(ctx, "gen-000001"); err != nil {
		panic(err)
	}
	model, err := dir.Reader(ctx)
	if err != nil {
		panic(err)
	}
	err = model.Deltas(ctx, "arrivals", 0, func(ord uint64, rows []packing.Delta) {
		for _, d := range rows {
			fmt.Printf("%+d on %s, known since commit %d\n", d.N, d.Date, ord)
		}
	})
	if err != nil {
		panic(err)
	}
	// Output:
	// +1 on 2022-05-10, known since commit 1
}
