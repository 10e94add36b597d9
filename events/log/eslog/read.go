package eslog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/muster-works/muster/events/log"
)

const (
	// window is how many events the server looks through at a time for those
	// that the filter selects; after each it sends a checkpoint.
	window = 1024
	// ahead is how many commits are fetched before the caller asks.
	ahead = 8
	// pauseMin and pauseMax bound the pause before Follow connects again.
	pauseMin, pauseMax = 50 * time.Millisecond, 5 * time.Second
)

// Read yields the commits after from up to the present end, as package log
// describes it. A lost connection ends it with ErrUnavailable: go on from the
// last commit.
func (l *Log) Read(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		from := from.Commit()
		if _, err := l.lastEvent(ctx, from); err != nil {
			yield(log.Commit{}, err)
			return
		}
		end, _, err := l.Head(ctx, f)
		if err != nil {
			yield(log.Commit{}, err)
			return
		}
		if end.Compare(from) <= 0 {
			return
		}
		if _, err := l.deliver(ctx, from, end, f, map[string]log.Revision{}, yield); err != nil {
			yield(log.Commit{}, err)
		}
	}
}

// Follow is Read that waits for more, as package log describes it. It takes up
// a lost connection by itself; it ends with an error that waiting cannot mend,
// or with the context.
func (l *Log) Follow(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		from := from.Commit()
		seen := map[string]log.Revision{}
		pause := pauseMin
		for {
			_, err := l.lastEvent(ctx, from)
			if err == nil {
				var last log.Position
				last, err = l.deliver(ctx, from, log.Position{}, f, seen, yield)
				if err == nil {
					return // the caller broke off
				}
				if !last.IsZero() {
					from, pause = last, pauseMin
				}
			}
			if !errors.Is(err, log.ErrUnavailable) || errors.Is(err, errClosed) {
				yield(log.Commit{}, err)
				return
			}
			select {
			case <-time.After(pause):
				pause = min(2*pause, pauseMax)
			case <-ctx.Done():
				yield(log.Commit{}, ctx.Err())
				return
			}
		}
	}
}

// An item is what a subscription brings: a commit, a checkpoint (every commit
// up to there has been brought), or the error that ended it.
type item struct {
	commit     log.Commit
	checkpoint log.Position
	err        error
}

// deliver subscribes after from and yields commits up to end, or for ever when
// end is zero. It returns nil when it got to the end or the caller broke off,
// and the position of the last commit that it yielded. seen holds the revision
// of each boundary's last commit yielded since reading began, and is kept up to
// date.
func (l *Log) deliver(ctx context.Context, from, end log.Position, f log.Filter, seen map[string]log.Revision, yield func(log.Commit, error) bool) (last log.Position, err error) {
	ctx, cancel := l.link.bind(ctx)
	defer cancel()
	s, err := l.link.acquire(ctx)
	if err != nil {
		return last, err
	}
	items := make(chan item, ahead)
	a := newAssembler(l.prefix, seen, !from.IsZero())
	go func() {
		err := pump(ctx, s.client, from, selection(l.prefix, f), a, items)
		if broken(err) {
			l.link.retire(s)
		}
		l.link.release(s)
		select {
		case items <- item{err: err}:
		case <-ctx.Done():
		}
	}()
	for {
		var i item
		select {
		case i = <-items:
		case <-ctx.Done():
			return last, ended(ctx)
		}
		switch {
		case i.err != nil:
			return last, i.err
		case i.checkpoint.IsZero():
			l.learn(i.commit.Boundary, i.commit.Revision, i.commit.Position)
			last, seen[i.commit.Boundary] = i.commit.Position, i.commit.Revision
			if !yield(i.commit, nil) {
				return last, nil
			}
			if !end.IsZero() && last.Compare(end) >= 0 {
				return last, nil
			}
		case !end.IsZero() && i.checkpoint.Compare(end) >= 0:
			return last, fmt.Errorf("%w: the commit at %v was there when reading began, and is gone", log.ErrCorrupt, end)
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
		MaxSearchWindow:    window,
		CheckpointInterval: 1,
		Filter:             filter,
	}
	if !from.IsZero() {
		options.From = serverPosition(from)
	}
	sub, err := client.SubscribeToAll(ctx, options)
	if err != nil {
		return translate(ctx, err)
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
			i.commit = c
		case e.CheckPointReached != nil && a.count == 0:
			i.checkpoint = log.At(e.CheckPointReached.Commit, e.CheckPointReached.Prepare)
		case e.SubscriptionDropped != nil:
			return translate(ctx, e.SubscriptionDropped.Error)
		default:
			continue // caught up, fallen behind
		}
		select {
		case items <- i:
		case <-ctx.Done():
			return ended(ctx)
		}
	}
}
