package timeline_test

import (
	"fmt"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/paying"
	"github.com/muster-works/muster/projections/timeline"
)

// paidAfterDeath is a rule on findings: money that was settled for a person after the
// day of death that a registry reported. It reads one timeline, and returns the events
// that are its evidence. It looks at no clock and at no other timeline, so it gives one
// verdict for one set of events, whenever it is asked.
func paidAfterDeath(p *timeline.Person) (evidence []timeline.Ref) {
	for _, death := range p.Registry() {
		if death.Registry != "death" {
			continue
		}
		for _, pay := range p.Pay() {
			for _, m := range pay.Movements {
				if m.Statement.Kind == paying.Settled && m.On > death.From {
					evidence = append(evidence, death.Ref, pay.Instructed, m.Ref)
				}
			}
		}
	}
	return evidence
}

// A rule on findings is a function of one timeline. Its evidence are references of
// events, by which a case worker opens the finding down to what was submitted.
func ExamplePerson_finding() {
	day := civil.MustDate
	var facts timeline.Leaf
	facts.Add(0, timeline.MakeRef(3, 0), timeline.Fact{Tag: timeline.TagRegistry,
		Rest: timeline.PackRegistry(nil, "death", &events.RegistryLine{From: day("2022-05-20")})})
	facts.Add(0, timeline.MakeRef(4, 0), timeline.Fact{Tag: timeline.TagInstructed, Run: 1, Post: 1,
		Rest: timeline.PackInstructed(nil, civil.MustMonth("2022-05"), day("2022-06-01"), &events.PayLine{Line: "1", Amount: 60000})})
	facts.Add(0, timeline.MakeRef(5, 0), timeline.Fact{Tag: timeline.TagSettled, Run: 1,
		Rest: timeline.PackSettled(nil, day("2022-06-10"), &events.SettledLine{Line: "1"})})
	person, err := timeline.ReadPerson([][]byte{facts.Bytes()}, 0, timeline.Head)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, ref := range paidAfterDeath(person) {
		fmt.Printf("commit %d, event %d\n", ref.Ord(), ref.Index())
	}
	// Output:
	// commit 3, event 0
	// commit 4, event 0
	// commit 5, event 0
}
