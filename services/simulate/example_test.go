package simulate_test

import (
	"fmt"
	"log"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/simulate"
)

func ExampleRun() {
	divisions, err := division.Shandong()
	if err != nil {
		log.Fatal(err)
	}
	pack, err := policy.Reference()
	if err != nil {
		log.Fatal(err)
	}
	province, err := simulate.Run(simulate.Config{Scale: 0.001, Seed: 3, Divisions: divisions, Policy: pack})
	if err != nil {
		log.Fatal(err)
	}
	planned := 0
	for s := range province {
		if s.Invalid {
			continue
		}
		if plan, ok := s.Event.Data.(*events.PlanSet); ok {
			planned += plan.Posts
		}
		if _, ok := s.Event.Data.(*events.HirePlaced); ok {
			break
		}
	}
	fmt.Println(planned, "seats planned before the first hire is reported")
	// Output: 400 seats planned before the first hire is reported
}
