package eslog

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

const (
	// retryMin and retryMax limit the pause before the driver reads again what the
	// leader has accepted but does not return yet.
	retryMin, retryMax = time.Millisecond, 100 * time.Millisecond
	// hiddenTimeout is how long a stream may stay unreadable before the driver checks
	// whether its metadata hide it.
	hiddenTimeout = 2 * time.Second
)

// wasWritten reports whether events are in stream, beginning with event number first.
// If so, an earlier append of the events arrived, and its answer was lost or has not
// been sent yet.
//
// The leader refuses an append by what it has accepted, but reads return only what is
// replicated and indexed. wasWritten therefore reads until the stream can be read up
// to the revision that the refusal names. A caller who gets a conflict after that can
// read the commit that caused it.
func wasWritten(ctx context.Context, client *esdb.Client, stream string, first uint64, events []esdb.EventData, refusal error) (bool, error) {
	current, there := refusedAt(refusal)
	pause, begin := retryMin, time.Now()
	for {
		here, decided, err := match(ctx, client, stream, first, events)
		if err != nil || decided || !there {
			return here, err
		}
		last, err := tail(ctx, client, stream)
		if err != nil {
			return false, err
		}
		if last != nil && last.EventNumber >= current {
			// The events may have become readable after the call of match.
			here, _, err = match(ctx, client, stream, first, events)
			return here, err
		}
		if time.Since(begin) > hiddenTimeout {
			if err := verifyRetention(ctx, client, stream); err != nil {
				return false, err
			}
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, retryMax)
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// match compares events with those in stream from event number first on. The result
// decided is false if the stream cannot be read that far yet.
func match(ctx context.Context, client *esdb.Client, stream string, first uint64, events []esdb.EventData) (same, decided bool, err error) {
	found, err := client.ReadStream(ctx, stream, esdb.ReadStreamOptions{From: esdb.Revision(first)}, uint64(len(events)))
	if err != nil {
		return false, false, err
	}
	defer found.Close()
	for i := range events {
		e, err := found.Recv()
		if errors.Is(err, io.EOF) || isNotFound(err) {
			return false, false, nil
		}
		if err != nil {
			return false, false, err
		}
		if o := e.OriginalEvent(); o.EventID != events[i].EventID || o.EventNumber != first+uint64(i) {
			return false, true, nil
		}
	}
	return true, true, nil
}

// refusedAt returns the number of the stream's last event that a refusal names, or
// false if it names none. The client returns it only in the text of the error:
//
//	wrong expected version: expecting '3' but got '7'
func refusedAt(refusal error) (number uint64, there bool) {
	_, got, found := strings.Cut(refusal.Error(), "but got '")
	if !found {
		return 0, false
	}
	text, _, _ := strings.Cut(got, "'")
	number, err := strconv.ParseUint(text, 10, 64)
	return number, err == nil
}
