package question

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
)

const (
	// maxWait is how long a request with at_least waits.
	maxWait = 5 * time.Second
	// pollEvery is how often it looks meanwhile.
	pollEvery = 10 * time.Millisecond
)

// A Server answers questions over HTTP. It is safe for concurrent use.
type Server struct {
	Model *readmodel.Dir
	Zone  *time.Location   // of business dates: Asia/Shanghai
	Now   func() time.Time // for as_of if it is left out
	// Stopped, if it is set, returns why the views stand still, where the read model does not say it.
	Stopped func() string
}

// Handler returns the handler of a question.
func (s *Server) Handler(q Question) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := s.read(r, &q)
		if err != nil {
			WriteError(w, r, err)
			return
		}
		answer, err := q.Ask(request)
		if err != nil {
			WriteError(w, r, err)
			return
		}
		*answer.origin() = request.Origin
		write(w, r, answer)
	})
}

// Latest returns a request of the latest commit, without parameters. It fails if there
// is no read model.
func (s *Server) Latest(ctx context.Context) (*Request, error) {
	r := &Request{ctx: ctx}
	return r, s.wait(r, log.Position{})
}

// wait takes the head of the read model as soon as it has reached a position.
func (s *Server) wait(r *Request, least log.Position) error {
	ctx, cancel := context.WithTimeout(r.ctx, maxWait)
	defer cancel()
	for {
		model, err := s.Model.Reader(ctx)
		if err == nil {
			r.Model = model
			r.Head, err = model.Meta(ctx)
		}
		switch {
		case err == nil && r.Head.Position.Compare(least) >= 0:
			return nil
		case err != nil && !errors.Is(err, readmodel.ErrNone) && ctx.Err() == nil:
			return err
		}
		select {
		case <-ctx.Done():
			return r.waitedTooLong(err, least)
		case <-time.After(pollEvery):
		}
	}
}

// waitedTooLong returns the error of a request whose time to wait is over; err is that
// of the last look.
func (r *Request) waitedTooLong(err error, least log.Position) error {
	switch {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case errors.Is(err, readmodel.ErrNone):
		return err
	}
	return newProblem(http.StatusGatewayTimeout, "Not yet visible", "not_yet_visible", events.Say(
		"at_least: the views have not reached %s within %v; an event with a receipt is safe, ask again",
		"at_least：视图在%[2]v内尚未更新到%[1]s；有回执的事件不会丢失，请稍后重新查询", least, maxWait))
}
