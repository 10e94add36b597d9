package deployment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division/editions"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/query"
	"github.com/muster-works/muster/projections/query/status"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner"
)

// A readSide keeps the views up to date and answers questions from them. Whatever happens to the
// views, submissions are taken: the readSide says why the views stand still, and tries again until
// they go on. It ends the deployment only if the log is another one than the views know, or is
// damaged. It is safe for concurrent use.
type readSide struct {
	c         *Config
	log       log.Log
	divisions *editions.Register
	setAside  []log.Position

	mu        sync.Mutex
	model     *readmodel.Dir // nil until it could be opened
	api       *query.API
	handler   http.Handler // of api
	projector *runner.Runner
	fault     error // why the views stand still; nil while they do not
	since     time.Time
}

// Pauses between attempts of a readSide.
const (
	firstPause = time.Second
	mostPause  = time.Minute
)

// run keeps the views up to date until ctx ends.
func (r *readSide) run(ctx context.Context) error {
	defer r.close()
	pause := firstPause
	for ctx.Err() == nil {
		began := time.Now()
		err := r.project(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, log.ErrForeign), errors.Is(err, log.ErrCorrupt):
			return err
		case errors.Is(err, runner.ErrPoisoned):
			// The views stay as they are until an operator has looked at the log.
			fmt.Fprintln(r.c.Out, explainPoisoned(err))
			r.stand(err)
			<-ctx.Done()
			return nil
		}
		r.stand(err)
		if time.Since(began) > mostPause {
			pause = firstPause
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, mostPause)
	}
	return nil
}

// project opens the views, if they are not open yet, and projects until something fails.
func (r *readSide) project(ctx context.Context) error {
	if err := r.open(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	// Two projectors would take over from each other for ever.
	options := runner.Options{SetAside: r.setAside, Standby: errors.Is(r.fault, readmodel.ErrFenced)}
	r.projector = runner.New(r.log, r.model, projections.Views(), options)
	projector, api := r.projector, r.api
	r.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer cancel()
	beside.Go(func() { api.Keep(ctx) })
	beside.Go(func() {
		if head, _, err := r.log.Head(ctx, log.Filter{}); err == nil && projector.Wait(ctx, head) == nil {
			r.goOn()
		}
	})
	return projector.Run(ctx)
}

// open opens the views. Only run calls it.
func (r *readSide) open(ctx context.Context) error {
	if r.dir() != nil {
		return nil
	}
	// Opening may take long. Questions are answered meanwhile, so the lock is not held.
	model, err := r.c.openReadModel(ctx)
	if err != nil {
		return err
	}
	api, err := r.c.newQueryAPI(r.log, r.divisions, model, r.why)
	if err != nil {
		return errors.Join(err, model.Close())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.model, r.api, r.handler = model, api, api.Handler()
	return nil
}

func (r *readSide) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.model != nil {
		_ = r.model.Close() // nothing is written any more
	}
}

// stand notes why the views stand still.
func (r *readSide) stand(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fault == nil {
		r.since = time.Now()
	}
	if r.fault == nil || r.fault.Error() != err.Error() {
		r.c.Logger.Error("the views stand still", "error", err)
	}
	r.fault = err
}

// goOn notes that the views have reached the head of the log again.
func (r *readSide) goOn() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fault != nil {
		r.c.Logger.Info("the views go on", "stood", time.Since(r.since).Round(time.Second).String())
	}
	r.fault = nil
}

// standing returns since when the views stand still, and why; nil while they do not.
func (r *readSide) standing() (since time.Time, fault error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.since, r.fault
}

// why is what answers say of the views that stand still, empty while they do not. Whoever asks is
// not told of files and addresses.
func (r *readSide) why() string {
	since, fault := r.standing()
	if fault == nil {
		return ""
	}
	return fmt.Sprintf("since %s: %s", since.UTC().Format(time.RFC3339), causeOf(fault).EN)
}

// causeOf says why the views stand still, without what only an operator needs to know.
func causeOf(err error) events.Sentence {
	text := err.Error()
	switch {
	case errors.Is(err, runner.ErrPoisoned):
		return events.Say("%s", "%s", err.Error())
	case errors.Is(err, readmodel.ErrFenced):
		return events.Say("another projector has taken over", "另一个投影进程已接管视图")
	case strings.Contains(text, "disk is full") || strings.Contains(text, "no space left"):
		return events.Say("the disk of the views is full", "视图所在的磁盘已满")
	case strings.Contains(text, "locked"):
		return events.Say("the file of the views is locked", "视图文件被锁定")
	case strings.Contains(text, "too many open files"):
		return events.Say("the process has too many open files", "进程打开的文件过多")
	case strings.Contains(text, "read-only"):
		return events.Say("the store of the views is read-only", "视图数据库为只读")
	case errors.Is(err, readmodel.ErrUnavailable):
		return events.Say("the store of the views does not answer", "视图数据库没有应答")
	}
	return events.Say("the views cannot be written", "视图无法写入")
}

// await returns when the views have reached a position, or stand still, or ctx ends.
func (r *readSide) await(ctx context.Context, head log.Position) {
	for ctx.Err() == nil {
		r.mu.Lock()
		projector, fault := r.projector, r.fault
		r.mu.Unlock()
		if fault != nil {
			return
		}
		if projector != nil {
			waiting, cancel := context.WithTimeout(ctx, awaitInterval)
			err := projector.Wait(waiting, head)
			cancel()
			if err == nil {
				return
			}
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(awaitInterval):
		}
	}
}

// awaitInterval is how often await looks whether the views stand still.
const awaitInterval = 20 * time.Millisecond

// ServeHTTP answers questions, and 503 until the views could be opened.
func (r *readSide) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	handler := r.handler
	r.mu.Unlock()
	if handler == nil {
		r.unavailable(w, request)
		return
	}
	handler.ServeHTTP(w, request)
}

// ready answers whether the views are up to date as far as this process can have them so: 200, or
// 503 and why they stand still.
func (r *readSide) ready(w http.ResponseWriter, request *http.Request) {
	if _, fault := r.standing(); fault != nil {
		r.unavailable(w, request)
		return
	}
	fmt.Fprintln(w, "ready")
}

func (r *readSide) unavailable(w http.ResponseWriter, request *http.Request) {
	w.Header().Set("Retry-After", "5")
	cause, at := events.Say("they are being opened", "正在打开"), ""
	if since, fault := r.standing(); fault != nil {
		cause, at = causeOf(fault), since.UTC().Format(time.RFC3339)
	}
	answerProblem(w, request, http.StatusServiceUnavailable, events.Say(
		"the views do not answer (%s %s); submissions are taken all the same", "视图暂不可查询（%s%s）；报送不受影响", cause, at))
}

// progress returns how far the views have come, for metrics.
func (r *readSide) progress(ctx context.Context) (status.ViewStatus, error) {
	r.mu.Lock()
	api := r.api
	r.mu.Unlock()
	if api == nil {
		return status.ViewStatus{}, readmodel.ErrNone
	}
	return api.Standing(ctx)
}

// dir returns the directory of the views, nil while it could not be opened.
func (r *readSide) dir() *readmodel.Dir {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.model
}
