package gateway

import (
	"context"
	"errors"
	"net/http"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/problem"
	"github.com/muster-works/muster/services/gateway/spool"
	"github.com/muster-works/muster/services/gateway/submission"
	"github.com/muster-works/muster/services/internal/command"
)

// problemOf returns the problem that answers a failed request. What went wrong
// inside of the engine does not concern the agency, except for when to try again.
func problemOf(err error) *problem.Problem {
	switch {
	case errors.As(err, new(*problem.Problem)):
		return problem.FromError(err)
	case errors.Is(err, spool.ErrFull):
		return problem.New(http.StatusRequestEntityTooLarge, events.TooLarge, events.Say(
			"too many receipts wait; read them while sending, or send parts",
			"待读取的回执过多；请边发送边读取，或分批发送"))
	case errors.Is(err, command.ErrTooLarge):
		return problem.New(http.StatusRequestEntityTooLarge, events.TooLarge, events.Say(
			"a dry run of this deployment has at most 1 MiB; try parts, of which each sees its own events alone",
			"本系统的试运行最多1 MiB；请分批试运行，每批只能看到本批的事件"))
	case errors.Is(err, command.ErrBusy):
		return problem.New(http.StatusTooManyRequests, problem.Busy, events.Say(
			"the service is busy; send all of it again in a second, what was taken comes back as duplicate",
			"服务正忙；请一秒后全部重新发送，已收下的事件会答复为duplicate"))
	case errors.Is(err, log.ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return problem.New(http.StatusServiceUnavailable, problem.Unavailable, events.Say(
			"a service or the log does not answer; send all of it again, what was taken comes back as duplicate",
			"服务或日志没有应答；请全部重新发送，已收下的事件会答复为duplicate"))
	}
	return problem.FromError(err)
}

// problemFor returns the problem that answers a failed submission. It logs the error if
// the agency is not to blame for it and is still there.
func (g *Gateway) problemFor(s submission.Submission, err error) *problem.Problem {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) && !errors.Is(err, spool.ErrGone) {
		g.log.Error("submission failed", "agency", s.Agency, "correlation", s.Correlation, "status", p.Status, "error", err)
	}
	return p
}
