// Package trail answers audit trails: the events that say something of a person, a post
// or an agency, and the events that hang together by corrections.
//
// The read model tells which events belong to a trail. The events themselves are read
// from the log, so that a trail shows what was appended.
package trail

import (
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/query/question"
)

// A Source is what the questions of the package are answered from.
type Source struct{ Log log.Log }

// Questions lists the questions of the package.
func (s *Source) Questions() []question.Question {
	return []question.Question{s.persons(), s.posts(), s.agencies(), s.events()}
}
