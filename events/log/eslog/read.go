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
	// checkpointWindow is how many events the server searches between two
	// checkpoints.
	checkpointWindow = 1024
	// prefetchCommits is how many commits are read before the caller asks for them.
	prefetchCommits = 8
	// pauseMin and pauseMax limit the pause before Follow connects again.
	pauseMin, pauseMax = 50 * time.Millisecond, 5 * time.Second
)

// A readState is the state of one Read or Follow.
type readState struct {
	filter log.Filter
	yield  func(log.Commit, error) bool

	from   log.Position // the last commit yielded, or the beginning
	midway bool         // reading began after the first commit of the log
	// seen is the revision of the last commit of each boundary that was yielded.
	seen map[string]log.Revision
}

func newReadState(from log.Position, f log.Filter, yield func(log.Commit, error) bool) *readState {
	return &readState{filter: f, yield: yield, from: from.Commit(), midway: !from.IsZero(), seen: map[string]log.Revision{}}
}

// Read implements log.Driver. If the connection is lost, it ends with ErrUnavailable;
// resume after the last commit.
func (l *driver) Read(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		r := newReadState(from, f, yield)
		if err := l.readOn(ctx, r); err != nil {
			yield(log.Commit{}, err)
		}
	}
}

// readOn yields the commits between r.from and the present end.
func (l *driver) readOn(ctx context.Context, r *readState) error {
	if s, ok := l.streamRange(r); ok {
		err := l.deliver(ctx, r, log.Position{}, func(ctx context.Context, client *esdb.Client, a *assembler, items chan<- item) error {
			return s.pump(ctx, client, l, a, items)
		})
		if !errors.Is(err, log.ErrUnavailable) || errors.Is(err, errClosed) || r.from != s.from {
			return err
		}
		// The connection may have broken while it was idle.
	}
	if _, err := l.lastEvent(ctx, r.from); err != nil {
		return err
	}
	// If the end is damaged, everything before it can be read.
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

// Follow implements log.Driver. It reconnects by itself, and ends with its context or
// with an error that waiting cannot fix.
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
			case <-l.pool.base.Done(): // the next round returns the error
			case <-ctx.Done():
				yield(log.Commit{}, ctx.Err())
				return
			}
		}
	}
}

// An itemKind is the kind of an item.
type itemKind int

const (
	wholeCommit itemKind = iota
	checkpoint
	caughtUp
	ending
)

// An item is one message of a subscription. Code must look at its kind and not at the
// position, since servers send checkpoints at position zero as long as the filter has
// selected nothing.
type item struct {
	kind   itemKind
	commit log.Commit   // of kind wholeCommit
	at     log.Position // of kind checkpoint
	err    error        // of kind ending
}

// An itemSource sends items from a client until it ends. Its error becomes an item of
// kind ending.
type itemSource func(ctx context.Context, client *esdb.Client, a *assembler, items chan<- item) error

// subscription returns a source of the commits after r.from. It always ends with an
// error.
func (l *driver) subscription(r *readState) itemSource {
	from, filter := r.from, selection(l.prefix, r.filter)
	return func(ctx context.Context, client *esdb.Client, a *assembler, items chan<- item) error {
		return pump(ctx, client, from, filter, a, items)
	}
}

// deliver yields the commits of a source up to end, or all if end is zero. It returns
// nil at end, at the end of the source, or if the caller broke off.
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

// selection returns the filter for the server.
func selection(prefix string, f log.Filter) *esdb.SubscriptionFilter {
	if f.Boundary == "" {
		return &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{prefix}}
	}
	return &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: "^" + regexp.QuoteMeta(prefix+f.Boundary) + "$"}
}

// pump sends the items of a subscription until it ends, always with an error.
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
			continue // the subscription fell behind
		}
		select {
		case items <- i:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
