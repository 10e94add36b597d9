// Package status answers how far the views have come, once or as a stream.
package status

import (
	"context"
	"sync"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/query/question"
)

// A Source is what the package answers from.
type Source struct {
	Log    log.Log
	Now    func() time.Time // for ages
	Server *question.Server

	mu     sync.Mutex // guards shown and looked, which all streams share
	shown  string
	looked time.Time
}

// Questions lists the questions of the package.
func (s *Source) Questions() []question.Question {
	return []question.Question{s.projections()}
}

// Standing says how far the views, which go together, have come; View and Version are
// not set. It fails if there is no read model, and as the log does.
func (s *Source) Standing(ctx context.Context) (ViewStatus, error) {
	r, err := s.Server.Latest(ctx)
	if err != nil {
		return ViewStatus{}, err
	}
	return s.standing(r)
}
