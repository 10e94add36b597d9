package eslog

import (
	"context"
	"errors"
	"iter"
	"regexp"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/muster-works/muster/events/log"
)

const (
	// window is how many events the server looks through at a time for those
	// that the filter selects; after each it sends a checkpoint.
	checkpointWindow = 1024
	// ahead is how many commits are fetched before the caller asks.
	prefetchCommits = 8
	// pauseMin and pauseMax bound the pause before Follow connects again.
	pauseMin, pauseMax = 50 * time.Millisecond, 5 * time.Second
)

// A reading is one Read or Follow under way.
type readState struct {
	filter log.Filter
	yield  func(log.Commit, error) bool

	from   log.Position // the last commit yielded, or where to begin
	midway bool         // whether it began after the first commit of the log
	// seen holds the revision of each boundary's last commit yielded.
	seen map[string]log.Revision
}

func newReadState(from log.Position, f log.Filter, yield func(log.Commit, error) bool) *readState {
	return &readState{filter: f, yield: yield, from: from.Commit(), midway: !from.IsZero(), seen: map[string]log.Revision{}}
}

// Read yields the commits after from up to the present end, as package log
// describes it. A lost connection ends it with ErrUnavailable: go on from the
// last commit.
func (l *driver) Read(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		r := newReadState(from, f, yield)
		if err := l.readOn(ctx, r); err != nil {
			yield(log.Commit{}, err)
		}
	}
}

// readOn yields what lies between r.from and the present end.
func (l *driver) readOn(ctx context.Context, r *readState) error {
	if s, ok := l.streamRange(r); ok {
		err := l.deliver(ctx, r, log.Position{}, func(ctx context.Context, client *esdb.Client, a *assembler, items chan<- item) error {
			return s.pump(ctx, client, l, a, items)
		})
		if !errors.Is(err, log.ErrUnavailable) || errors.Is(err, errClosed) || r.from != s.from {
			return err
		}
		// It may have been a connection that broke while idle.
	}
	if _, err := l.lastEvent(ctx, r.from); err != nil {
		return err
	}
	// Up to an end that is damaged everything can be read.
	end, _, err := l.head(ctx, r.filter)
	if errors.Is(err, log.ErrCorrupt) && !end.IsZero() {
		err = nil
	}
	if err != nil || end.Compare(r.from) <= 0 {
		return err
	}
	for n := 1; ; n++ {
		if err = l.deliver(ctx, r, end, l.subscription(r)); !errors.Is(err, errPassedOver) || n == maxSubscriptions {
			return err
		}
	}
}

// Follow is Read that waits for more, as package log describes it. It takes up
// a lost connection by itself; it ends with an error that waiting cannot mend,
// or with the context.
func (l *driver) Follow(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		r := newReadState(from, f, yield)
		pause := pauseMin
		for {
			before := r.from
			_, err := l.lastEvent(ctx, r.from)
			if err == nil {
				err = l.deliver(ctx, r, log.Position{}, l.subscription(r))
			}
			if err == nil {
				return // the caller broke off
			}
			if !errors.Is(err, log.ErrUnavailable) || errors.Is(err, errClosed) {
				yield(log.Commit{}, err)
				return
			}
			if r.from != before {
				pause = pauseMin
			}
			select {
			case <-time.After(pause):
				pause = min(2*pause, pauseMax)
			case <-l.pool.base.Done(): // the next round says so
			case <-ctx.Done():
				yield(log.Commit{}, ctx.Err())
				return
			}
		}
	}
}

// A kind says what an item is.
type itemKind int

const (
	wholeCommit itemKind = iota
	checkpoint
	caughtUp
	ending
)

// An item is what a subscription brings. Its kind alone says what it is: a server
// sends checkpoints at position zero while its filter has selected nothing.
type item struct {
	kind   itemKind
	commit log.Commit   // of a wholeCommit
	at     log.Position // of a checkpoint
	err    error        // of an ending
}

// A source sends items through a client until it ends. What it returns becomes the
// item that is an ending.
type itemSource func(ctx context.Context, client *esdb.Client, a *assembler, items chan<- item) error

// subscription is a source of what lies behind r.from, which always ends with an
// error.
func (l *driver) subscription(r *readState) itemSource {
	from, filter := r.from, selection(l.prefix, r.filter)
	return func(ctx context.Context, client *esdb.Client, a *assembler, items chan<- item) error {
		return pump(ctx, client, from, filter, a, items)
	}
}

// deliver yields the commits of a source up to end, or as long as there are any when
// end is zero. It returns nil when it got to the end, of the source or as it was given,
// or the caller broke off.
func (l *driver) deliver(ctx context.Context, r *readState, end log.Position, from itemSource) error {
	ctx, cancel := l.pool.bind(ctx)
	defer cancel()
	s, err := l.pool.acquire(ctx)
	if err != nil {
		return err
	}
	items := make(chan item, prefetchCommits)
	a := newAssembler(l.prefix, r)
	go func() {
		err := from(ctx, s.client, a, items)
		l.pool.release(ctx, s, err)
		select {
		case items <- item{kind: ending, err: translate(ctx, err)}:
		case <-ctx.Done():
		}
	}()
	w := endWatch{driver: l, end: end}
	for {
		var i item
		select {
		case i = <-items:
		case <-w.overdue:
			return errPassedOver
		case <-ctx.Done():
			return ended(ctx)
		}
		switch i.kind {
		case ending:
			return i.err
		case wholeCommit:
			l.learn(i.commit.Boundary, i.commit.Revision, i.commit.Position)
			r.from, r.seen[i.commit.Boundary] = i.commit.Position, i.commit.Revision
			w.overdue = nil
			if !r.yield(i.commit, nil) || !end.IsZero() && r.from.Compare(end) >= 0 {
				return nil
			}
		case checkpoint, caughtUp:
			if err := w.check(ctx, i); err != nil {
				return err
			}
		}
	}
}

// selection is f as the server applies it.
func selection(prefix string, f log.Filter) *esdb.SubscriptionFilter {
	if f.Boundary == "" {
		return &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{prefix}}
	}
	return &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: "^" + regexp.QuoteMeta(prefix+f.Boundary) + "$"}
}

// pump turns a subscription into items until it ends, which it always does
// with an error.
func pump(ctx context.Context, client *esdb.Client, from log.Position, filter *esdb.SubscriptionFilter, a *assembler, items chan<- item) error {
	options := esdb.SubscribeToAllOptions{
		From:               esdb.Start{},
		MaxSearchWindow:    checkpointWindow,
		CheckpointInterval: 1,
		Filter:             filter,
	}
	if !from.IsZero() {
		options.From = serverPosition(from)
	}
	sub, err := client.SubscribeToAll(ctx, options)
	if err != nil {
		return err
	}
	defer sub.Close()
	for {
		var i item
		switch e := sub.Recv(); {
		case e.EventAppeared != nil:
			c, whole, err := a.add(e.EventAppeared.OriginalEvent())
			if err != nil {
				return err
			}
			if !whole {
				continue
			}
			i = item{kind: wholeCommit, commit: c}
		case e.CheckPointReached != nil && a.count == 0:
			i = item{kind: checkpoint, at: log.At(e.CheckPointReached.Commit, e.CheckPointReached.Prepare)}
		case e.CaughtUp != nil:
			i = item{kind: caughtUp}
		case e.SubscriptionDropped != nil:
			return e.SubscriptionDropped.Error
		default:
			continue // fallen behind
		}
		select {
		case items <- i:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
