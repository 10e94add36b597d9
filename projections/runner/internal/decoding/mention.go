package decoding

import (
	"fmt"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/projections/timeline"
)

// WithoutTimeline lists the event types that belong to the timeline of no person, no
// post and no plan line, each with the reason. Events of these types stand in the trail
// of their agency alone. Every other type reaches a timeline, or stops the runner.
var WithoutTimeline = map[events.Type]string{
	events.FundAllocatedType:      "it is about the money of a fund; package fund reads it from the log",
	events.FundSurrenderedType:    "it is about the money of a fund; package fund reads it from the log",
	events.FindingReviewedType:    "it is about a finding, which no timeline holds",
	events.PolicyAdoptedType:      "it is about the rules; package rulebook reads it from the log",
	events.DivisionsAdoptedType:   "it is about the table of divisions; package editions reads it from the log",
	events.EventWithdrawnType:     "it is noted in the timelines of the event that it withdraws",
	events.SubmissionsTalliedType: "it is about an agency; package agency counts it as it comes",
}

// mention makes the event a mention of every person that its payload names. So an
// event of a type that has no facts of its own stands in their trails. It fails when
// the payload names nobody and WithoutTimeline does not say why.
func (c *Commit) mention(x *Event, data events.Data) error {
	if _, ok := WithoutTimeline[data.Type()]; ok {
		return nil
	}
	who, lines := data.About(), data.PersonLines()
	if who == nil && lines == nil {
		return fmt.Errorf("no timeline takes events of type %s: it takes a version of Muster that does", data.Type())
	}
	x.Tag = timeline.TagMentioned
	if who != nil {
		c.Lines = append(c.Lines, Line{Person: who.Person})
	}
	if lines != nil {
		for i := range lines.Len() {
			c.Lines = append(c.Lines, Line{Person: *lines.Person(i)})
		}
	}
	return nil
}

// mentionSecond makes the event a mention of the second person of its payload, unless a
// line that was added from number first on is about the same person.
func (c *Commit) mentionSecond(data events.Data, first int) {
	second := data.Second()
	if second == nil || *second.Person == (events.Person{}) {
		return
	}
	for i := range c.Lines[first:] {
		if c.Lines[first+i].Person == *second.Person {
			return
		}
	}
	c.Lines = append(c.Lines, Line{Person: *second.Person, Post: mentioned})
}
