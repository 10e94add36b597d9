package gateway

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/muster-works/muster/services/gateway/problem"
	"github.com/muster-works/muster/services/gateway/submission"
)

// An idleBody is the body of a request that must not stand still: a Read fails with
// [os.ErrDeadlineExceeded] when nothing has come for the idle time.
type idleBody struct {
	io.ReadCloser
	controller *http.ResponseController
	idle       atomic.Int64 // a time.Duration
}

func newIdleBody(w http.ResponseWriter, body io.ReadCloser, idle time.Duration) *idleBody {
	b := &idleBody{ReadCloser: body, controller: http.NewResponseController(w)}
	b.idle.Store(int64(idle))
	return b
}

// shorten sets another idle time, for a Read under way as well.
func (b *idleBody) shorten(idle time.Duration) {
	b.idle.Store(int64(idle))
	_ = b.controller.SetReadDeadline(time.Now().Add(idle))
}

// Read reads from the body. A writer without deadlines, as tests have it, has no idle
// time. The deadline is cleared after each Read: the server reads on behind the end of a
// body to learn whether the client is gone, and a deadline would look to it like that.
func (b *idleBody) Read(p []byte) (int, error) {
	_ = b.controller.SetReadDeadline(time.Now().Add(time.Duration(b.idle.Load())))
	n, err := b.ReadCloser.Read(p)
	if err == nil || errors.Is(err, io.EOF) {
		_ = b.controller.SetReadDeadline(time.Time{})
	}
	return n, err
}

// brokenOff returns the problem of a body that could not be read to its end.
func brokenOff(err error, idle time.Duration) *problem.Problem {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return problem.New(http.StatusBadRequest, events.Malformed, events.Say(
			"nothing of the body came for %v; send it again without a pause", "请求体在%v内没有传来任何内容；请不间断地重新发送", idle))
	}
	return problem.New(http.StatusBadRequest, events.Malformed, events.Say("the body broke off", "请求体中途断开"))
}

// admit charges the agency of a submission for a body, and takes a place for it.
func (g *Gateway) admit(s submission.Submission, groups []*intake.Group, size int) error {
	count := 0
	for _, group := range groups {
		count += len(group.Items)
	}
	if err := g.door.Take(s.Caller); err != nil {
		return err
	}
	err := g.door.Admit(s.Caller, count, size)
	if err != nil {
		g.door.Free(s.Caller)
	}
	return err
}
